"""The equalizer takes configurations while it runs: no step, no trace of block sizes or of what means the same."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.unit.native_plugins.equalizer_bounds import (
    GAINED,
    GRID_FRAMES,
    PASSES,
    RATE_HZ,
    STEPS,
    Band,
    Equalizer,
    largest_step,
    sine,
    step_bound,
)

GLIDE = STEPS * GRID_FRAMES
FLAT = Band("peaking", 1000, 0, 1)


def equalizer(config: Equalizer, channels: int = 1, rate_hz: int = RATE_HZ) -> DirectDsp:
    return DirectDsp("equalizer", config.config, rate_hz, channels)


def noise(frames: int, channels: int = 2, seed: int = 1) -> Frames:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


def static(config: Equalizer, audio: Frames) -> Frames:
    with equalizer(config, audio.shape[1]) as alone:
        return alone.run(audio)


def changed(configs: list[Equalizer], audio: Frames, each_frames: int, block_frames: int = 512) -> Frames:
    """The first configuration, and every next one after so many frames."""
    with equalizer(configs[0], audio.shape[1]) as moving:
        parts = []
        for number, config in enumerate(configs):
            if number > 0:
                moving.apply(**config.config)
            parts.append(moving.run(audio[number * each_frames : (number + 1) * each_frames], block_frames))
        return np.concatenate(parts)


@pytest.mark.parametrize("kinds", [GAINED, GAINED + PASSES], ids=["gains", "all"])
@pytest.mark.parametrize("seed", range(3))
def test_no_step_through_random_changes(kinds: tuple[str, ...], seed: int) -> None:
    draw = random.Random(f"equalizer {seed}")
    swaps_heard = 0
    for _ in range(40):
        types = [draw.choice(kinds) for _ in range(draw.randint(1, 4))]
        configs = [Equalizer.drawn(draw, types) for _ in range(6)]
        each = draw.randint(200, 5000)
        audio = sine(draw.choice([50, 440, 1000, 5000]), 6 * each)
        bound = step_bound(audio, configs)
        assert largest_step(changed(configs, audio, each)) < bound
        swapped = [static(config, audio)[n * each : (n + 1) * each] for n, config in enumerate(configs)]
        swaps_heard += largest_step(np.concatenate(swapped)) > bound
    assert swaps_heard >= 5, "the bound would not have noticed coefficients that change at once"


def test_the_preamplifier_goes_down_and_up_in_a_line() -> None:
    audio = np.ones((4 * GLIDE, 1), np.float32)
    out = changed([Equalizer(-20), Equalizer(0)], audio, 2 * GLIDE)
    ways = np.diff(out[:, 0].astype(np.float64))
    assert np.all(ways >= 0)
    assert np.count_nonzero(ways) == GLIDE
    assert np.all(out[: 2 * GLIDE] == np.float32(0.1))
    assert np.all(out[3 * GLIDE :] == 1)
    nodes = 20 * np.log10(out[2 * GLIDE + GRID_FRAMES - 1 : 3 * GLIDE : GRID_FRAMES, 0])
    assert np.allclose(nodes, np.arange(1, STEPS + 1) * 20 / STEPS - 20, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_block_sizes_leave_no_trace_in_a_glide(channels: int) -> None:
    draw = random.Random(f"blocks {channels}")
    types = (*GAINED, *PASSES)
    configs = [Equalizer.drawn(draw, types) for _ in range(12)]
    each = 5 * GRID_FRAMES + 7
    audio = noise(12 * each, channels)
    once = changed(configs, audio, each, len(audio))
    for block_frames in (1, 7, 64, 100, 333):
        assert changed(configs, audio, each, block_frames).tobytes() == once.tobytes()
    assert not np.array_equal(once, changed(configs[:1], audio, len(audio)))


def test_texts_that_mean_the_same_change_no_sample() -> None:
    told: list[dict[str, object]] = [
        {"bands": [{"q": 1, "freq_hz": 300, "gain_db": 4.5, "type": "peaking"}, {"type": "low_shelf", "freq_hz": 90}]},
        {"preamp_db": 0.0, "bands": [vars(Band("peaking", 300.0, 4.5, 1.0)), vars(Band("low_shelf", 9000, 0, 5))]},
        {"preamp_db": -0.0, "bands": [vars(Band("peaking", 3e2, 4.5, 1)), vars(Band("low_shelf", 20, -0.0, 0.1))]},
        {"bands": [vars(Band("peaking", 300, 4.5, 1)), vars(Band("low_shelf", 300_000))]},
    ]
    audio = noise(20_000)
    with DirectDsp("equalizer", told[0]) as undisturbed, DirectDsp("equalizer", told[0]) as disturbed:
        out = undisturbed.run(audio)
        applied = 0
        for at in range(0, len(audio), 250):
            disturbed.apply(**told[applied % len(told)])
            assert disturbed.run(audio[at : at + 250]).tobytes() == out[at : at + 250].tobytes()
            applied += 1
    assert applied == 80
    assert not np.array_equal(out, audio)


def test_the_same_meaning_in_the_midst_of_a_glide() -> None:
    start = Equalizer(-3, [Band("peaking", 200, 0), Band("high_shelf", 3000, 6)])
    goal = Equalizer(2, [Band("peaking", 200, 0), Band("high_shelf", 1000, -6)])
    audio = noise(4 * GLIDE)
    out = changed([start, goal, goal, goal], audio, GLIDE)
    with equalizer(start, 2) as disturbed:
        disturbed.run(audio[:GLIDE])
        for at in range(GLIDE, 3 * GLIDE, 32):
            disturbed.apply(**replace(goal, bands=[Band("peaking", 100 + at, 0, 2), goal.bands[1]]).config)
            part = disturbed.run(audio[at : at + 32])
            assert part.tobytes() == out[at : at + 32].tobytes()


def test_a_band_that_rings_on_at_no_gain_is_moved_unheard() -> None:
    loud = Equalizer(0, [Band("peaking", 100, 12, 20)])
    out_config = Equalizer(0, [Band("peaking", 100, 0, 20)])
    audio = noise(40_000, 1)
    out = changed([loud, out_config], audio, 10_000, 64)
    with equalizer(loud) as moved:
        moved.run(audio[:10_000], 64)
        moved.apply(**out_config.config)
        for at in range(10_000, 20_000, 500):
            part = moved.run(audio[at : at + 500])
            assert part.tobytes() == out[at : at + 500].tobytes()
            moved.apply(**Equalizer(0, [Band("peaking", 50 + at / 10, 0, 1)]).config)
    assert not np.array_equal(out[12_000:13_000], audio[12_000:13_000]), "it rang on"


def test_what_has_gone_to_no_gain_and_died_away_is_the_identity_again() -> None:
    config = Equalizer(0, [Band(kind, 2000, 9) for kind in GAINED])
    flat = Equalizer(0, [replace(band, gain_db=0) for band in config.bands])
    audio = noise(30_000)
    assert changed([config, flat, flat], audio, 10_000)[20_000:].tobytes() == audio[20_000:].tobytes()


def test_bands_without_gain_pass_every_bit() -> None:
    audio = noise(1000, 1)
    audio[:6, 0] = [-0.0, np.inf, -np.inf, np.nan, 1e-45, 3e38]
    flat = Equalizer(0, [Band(kind, 500) for kind in GAINED])
    assert changed([flat, Equalizer(0, [Band(kind, 50, 0, 9) for kind in GAINED])], audio, 3).tobytes()[:24] == (
        audio[:6].tobytes()
    )
    assert static(flat, audio).tobytes() == audio.tobytes()


def test_the_end_of_a_glide_is_a_fresh_instance() -> None:
    draw = random.Random("the end")
    compared = 0
    for _ in range(10):
        types = [draw.choice(GAINED + PASSES) for _ in range(6)]
        configs = [Equalizer.drawn(draw, types) for _ in range(2)]
        for config in configs:
            config.bands = [replace(band, freq_hz=max(band.freq_hz, 500), q=min(band.q, 2)) for band in config.bands]
        silence = np.zeros((64 * 400, 2), np.float32)
        audio = noise(64 * 40, seed=compared)
        with equalizer(configs[0], 2) as moving:
            moving.run(audio)
            moving.apply(**configs[1].config)
            moving.run(silence)
            assert moving.run(audio).tobytes() == static(configs[1], audio).tobytes()
        compared += 1
    assert compared == 10


def test_a_band_beyond_what_the_rate_holds_leaves_and_returns() -> None:
    inside, beyond = (Equalizer(0, [Band("low_pass", freq), Band("peaking", freq, 12)]) for freq in (2000, 30_000))
    audio = sine(1500, 24_000)
    configs = [inside, beyond, inside]
    out = changed(configs, audio, 8000)
    assert largest_step(out) < step_bound(audio, configs)
    assert out[12_000:16_000].tobytes() == audio[12_000:16_000].tobytes()
    assert np.allclose(out[20_000:], static(inside, audio)[20_000:], atol=1e-6)


def test_a_reset_ends_a_glide() -> None:
    start, goal = (Equalizer(db, [Band("peaking", 500, db), Band("high_pass", 100 - db)]) for db in (-6, 6))
    audio = noise(2000)
    with equalizer(start, 2) as moving:
        moving.run(audio[:1000])
        moving.apply(**goal.config)
        moving.run(audio[:100])
        moving.reset()
        assert moving.run(audio).tobytes() == static(goal, audio).tobytes()


def test_how_it_would_take_a_configuration() -> None:
    own = Equalizer(0, [FLAT, Band("notch", 50)])
    with equalizer(own) as taken:
        assert taken.plan(**Equalizer(3, [replace(FLAT, gain_db=3), Band("notch", 60)]).config)[:2] == (
            ConfigUpdateMode.HOT_APPLY,
            ConfigUpdateCost.LOW,
        )
        for other in ([FLAT], [Band("notch", 50), FLAT], [*own.bands, FLAT]):
            assert taken.plan(**Equalizer(0, other).config)[0] is ConfigUpdateMode.RECREATE
            with pytest.raises(Refused, match="other band types need a new instance"):
                taken.apply(**Equalizer(0, other).config)
        mode, _, reason = taken.plan(preamp_db=61)
        assert (mode, reason) == (ConfigUpdateMode.REJECT, "equalizer: preamp_db is 61, choose -60 to 60")
        with pytest.raises(Refused, match="preamp_db is 61"):
            taken.apply(preamp_db=61)
        audio = noise(500, 1)
        assert taken.run(audio).tobytes() == static(own, audio).tobytes()


@pytest.mark.parametrize("rate_hz", [1, 50, 8000, 768_000])
def test_any_rate(rate_hz: int) -> None:
    configs = [Equalizer(db, [Band(kind, 12 + db, db) for kind in GAINED + PASSES]) for db in (-6, 6)]
    audio = noise(20_000, 1)
    with equalizer(configs[0], 1, rate_hz) as moving:
        moving.run(audio)
        moving.apply(**configs[1].config)
        assert np.all(np.isfinite(moving.run(audio)))
