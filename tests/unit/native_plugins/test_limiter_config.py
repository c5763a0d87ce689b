"""The limiter's configuration while it runs: what it takes in place, what not, and that nothing jumps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.unit.native_plugins.limiter_definition import (
    ceiling_of,
    delayed,
    ramp_frames_of,
    released_share,
)

RATE_HZ = 48_000
AHEAD = 240
RAMP = ramp_frames_of(RATE_HZ)
WRONG: dict[str, object] = {
    "ceiling_db": 0.1,
    "lookahead_ms": 0.05,
    "release_ms": 2001,
    "input_gain_db": -25,
}


def level(value: float, frames: int, channels: int = 1) -> Frames:
    return np.full((frames, channels), value, np.float32)


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("value", ["wrong", "loud", None, [1], 1e300, -1e300])
def test_what_is_out_of_range_is_rejected_with_its_name(name: str, value: object) -> None:
    config = {name: WRONG[name] if value == "wrong" else value}
    with DirectDsp("limiter", {}) as limiter:
        mode, _, reason = limiter.plan(**config)
        assert mode is ConfigUpdateMode.REJECT
        assert reason.startswith(f"limiter: {name} is ")
        with pytest.raises(Refused, match=f"^limiter: {name} is "):
            limiter.apply(**config)
    with pytest.raises(Refused, match=f"^limiter: {name} is "):
        DirectDsp("limiter", config)


@pytest.mark.parametrize("lookahead_ms", [5, 5.01, 4.99])
def test_the_same_frames_of_look_ahead_are_taken_in_place(lookahead_ms: float) -> None:
    with DirectDsp("limiter", {}) as limiter:
        config = {"lookahead_ms": lookahead_ms, "ceiling_db": -6}
        assert limiter.plan(**config) == (ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW, "")
        limiter.apply(**config)
        assert limiter.latency_frames == AHEAD


def test_another_look_ahead_needs_a_new_instance() -> None:
    with DirectDsp("limiter", {}) as limiter:
        mode, cost, reason = limiter.plan(lookahead_ms=10)
        assert (mode, cost) == (ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM)
        assert reason == "limiter: a look-ahead of 10 ms delays by 480 frames, not by 240: this needs a new instance"
        with pytest.raises(Refused, match="needs a new instance"):
            limiter.apply(lookahead_ms=10)
        assert limiter.latency_frames == AHEAD


def test_planning_and_refusing_change_nothing() -> None:
    signal = np.random.default_rng(3).uniform(-3, 3, (4000, 2)).astype(np.float32)
    with DirectDsp("limiter", {}) as asked, DirectDsp("limiter", {}) as left:
        before = asked.run(signal[:1000])
        asked.plan(ceiling_db=-30)
        asked.plan(lookahead_ms=1)
        asked.plan(release_ms=0)
        for config in ({"ceiling_db": 1}, {"lookahead_ms": 1, "ceiling_db": -30}):
            with pytest.raises(Refused):
                asked.apply(**config)
        asked.apply(ceiling_db=-1.0, input_gain_db=0)
        out = np.concatenate([before, asked.run(signal[1000:])])
        assert out.tobytes() == left.run(signal).tobytes()


def test_the_input_gain_is_a_straight_line_of_10_ms() -> None:
    signal = level(0.5, 3000)
    with DirectDsp("limiter", {"input_gain_db": -20}, channels=1) as limiter:
        before = limiter.run(signal[:1000])
        limiter.apply(input_gain_db=0)
        out = np.concatenate([before, limiter.run(signal[1000:])])[AHEAD:, 0]
    start = float(np.float32(0.1))
    line = start + (1 - start) * np.arange(1, RAMP + 1) / RAMP
    assert np.all(out[:1000] == np.float32(0.5) * np.float32(0.1))
    assert np.allclose(out[1000 : 1000 + RAMP], 0.5 * line, rtol=1e-6, atol=0)
    assert np.all(out[1000 + RAMP :] == 0.5)


@pytest.mark.parametrize(("old_db", "new_db"), [(-1.0, -20.0), (-20.0, -1.0), (0.0, -60.0), (-60.0, 0.0)])
def test_a_new_ceiling_is_reached_without_a_step(old_db: float, new_db: float) -> None:
    signal = level(2.0, 12_000)
    with DirectDsp("limiter", {"ceiling_db": old_db, "release_ms": 20}, channels=1) as limiter:
        before = limiter.run(signal[:3000])
        limiter.apply(ceiling_db=new_db, release_ms=20)
        out = np.concatenate([before, limiter.run(signal[3000:])])[:, 0]
    old, new = ceiling_of(old_db), ceiling_of(new_db)
    assert out[2999] == pytest.approx(old, rel=1e-4)
    assert out.max() <= max(old, new)
    assert out[3000 + AHEAD + RAMP :].max() <= new
    assert out[-1] == pytest.approx(new, rel=1e-3)
    ramp_step = abs(old - new) / RAMP
    release_step = abs(old - new) * released_share(20, RATE_HZ) / 2**32
    assert np.abs(np.diff(out[AHEAD:])).max() <= 1.01 * max(ramp_step, release_step)


def test_a_change_within_a_change_begins_where_it_stands() -> None:
    signal = level(0.5, 3000)
    with DirectDsp("limiter", {}, channels=1) as limiter:
        parts = []
        for gain_db in (-6, 3, -24, 0):
            limiter.apply(input_gain_db=gain_db)
            parts.append(limiter.run(signal[:200]))
        parts.append(limiter.run(signal))
    out = np.concatenate(parts)[AHEAD:, 0]
    assert np.abs(np.diff(out)).max() <= 0.5 * 1.5 / RAMP
    assert out[-1] == 0.5


def test_a_new_release_changes_no_gain_that_stands() -> None:
    signal = np.random.default_rng(4).uniform(-0.7, 0.7, (4000, 2)).astype(np.float32)
    with DirectDsp("limiter", {}) as limiter:
        before = limiter.run(signal[:1000])
        limiter.apply(release_ms=1)
        out = np.concatenate([before, limiter.run(signal[1000:])])
    assert out.tobytes() == delayed(signal, AHEAD).tobytes()


configs = st.fixed_dictionaries(
    {"ceiling_db": st.floats(-60, 0), "release_ms": st.floats(1, 2000), "input_gain_db": st.floats(-24, 24)}
)


@given(
    changes=st.lists(st.tuples(st.integers(1, 900), configs), min_size=1, max_size=6), block_frames=st.integers(1, 300)
)
@settings(max_examples=60)
def test_any_changes_keep_below_the_highest_ceiling_and_show_no_blocks(
    changes: list[tuple[int, dict[str, float]]], block_frames: int
) -> None:
    signal = np.random.default_rng(5).uniform(-8, 8, (900, 2)).astype(np.float32)
    outs = []
    for block in (900, block_frames):
        with DirectDsp("limiter", {}) as limiter:
            parts = [limiter.run(signal, block)]
            for frames, config in changes:
                limiter.apply(**config)
                parts.append(limiter.run(signal[:frames], block))
        outs.append(np.concatenate(parts))
    assert outs[0].tobytes() == outs[1].tobytes()
    assert np.abs(outs[0]).max() <= max(ceiling_of(-1), *(ceiling_of(each["ceiling_db"]) for _, each in changes))
