"""The state of dsp_loudness: whoever takes it over goes on bit for bit, and what is no state is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.unit.native_plugins.loudness_state import (
    HEADER_BYTES,
    HOP_BYTES,
    MEMORY_BYTES,
    MOST_HOPS,
    OFFSETS,
    double,
    word,
)

RATE_HZ = 8000
SIGNAL: Frames = (
    np.random.default_rng(1).uniform(-0.1, 0.1, (4 * RATE_HZ, 2)) * (np.arange(4 * RATE_HZ)[:, None] // 6000 + 1)
).astype(np.float32)
STATE_BYTES = HEADER_BYTES + MOST_HOPS * HOP_BYTES + 2 * MEMORY_BYTES
KEPT = HEADER_BYTES
MEMORY = HEADER_BYTES + MOST_HOPS * HOP_BYTES


def loudness(**config: object) -> DirectDsp:
    return DirectDsp("loudness", config, RATE_HZ)


@pytest.fixture
def state() -> bytes:
    """Of one whose gain is on its way."""
    with loudness() as used:
        used.run(SIGNAL[:7777])
        return used.export_state()


@given(place=st.integers(0, len(SIGNAL)), changed=st.integers(0, len(SIGNAL)))
@settings(max_examples=50)
def test_an_importer_goes_on_bit_for_bit(place: int, changed: int) -> None:
    """Wherever it takes over, before or after another configuration."""
    new = {"target_lufs": -30, "window_s": 3, "speed_db_s": 5}
    with loudness() as undisturbed, loudness() as first:
        expected = [undisturbed.run(SIGNAL[:changed])]
        undisturbed.apply(**new)
        expected.append(undisturbed.run(SIGNAL[changed:]))
        heard = [first.run(SIGNAL[: min(place, changed)])]
        if place > changed:
            first.apply(**new)
            heard.append(first.run(SIGNAL[changed:place]))
        state = first.export_state()
    with loudness(**(new if place > changed else {})) as second:
        second.import_state(state)
        assert second.export_state() == state
        heard.append(second.run(SIGNAL[place : max(place, changed)]))
        second.apply(**new)
        heard.append(second.run(SIGNAL[max(place, changed) :]))
    assert np.concatenate(heard).tobytes() == np.concatenate(expected).tobytes()


def test_other_settings_go_on_from_where_the_gain_stood(state: bytes) -> None:
    with loudness() as first, loudness(target_lufs=-40, max_boost_db=0) as second:
        first.import_state(state)
        second.import_state(state)
        left = RATE_HZ // 10 - 7777 % (RATE_HZ // 10)
        assert second.run(SIGNAL[7777 : 7777 + left]).tobytes() == first.run(SIGNAL[7777 : 7777 + left]).tobytes()


def test_how_long_it_is(state: bytes) -> None:
    """Far below what the host keeps by default, whatever the rate and the layout."""
    assert len(state) == STATE_BYTES
    with DirectDsp("loudness", {"window_s": 120}, 768_000, 64) as largest:
        assert len(largest.export_state()) == STATE_BYTES + 62 * MEMORY_BYTES < 256 << 10


LIES = {
    "another version": lambda state: word(state, OFFSETS["version"], 2),
    "another size": lambda state: word(state, OFFSETS["size"], 4),
    "another rate": lambda state: word(state, OFFSETS["rate"], 48_000),
    "no channels": lambda state: word(state, OFFSETS["channels"], 0),
    "another level than its gain": lambda state: double(state, OFFSETS["level_db"], -6.0),
    "a level that is no number": lambda state: double(state, OFFSETS["level_db"], math.nan),
    "a gain without end": lambda state: double(state, OFFSETS["gain_from"], math.inf),
    "a gain of nothing": lambda state: double(state, OFFSETS["gain_from"], 0.0),
    "an energy below nothing": lambda state: double(state, OFFSETS["now_energy"], -1.0),
    "a hop that is over": lambda state: word(state, OFFSETS["now_frames"], RATE_HZ // 10),
    "more hops than there are": lambda state: word(state, OFFSETS["hops"], MOST_HOPS + 1),
    "a hop behind the ring": lambda state: word(state, OFFSETS["newest"], MOST_HOPS),
    "measured more than once": lambda state: word(state, OFFSETS["measured"], 2),
    "a loudness that is no number": lambda state: double(state, OFFSETS["lufs"], math.nan),
    "a peak without end": lambda state: double(state, OFFSETS["peak"], math.inf),
    "a kept energy without end": lambda state: double(state, KEPT + 7 * HOP_BYTES, math.inf),
    "a kept peak that is no number": lambda state: word(state, KEPT + 9 * HOP_BYTES + 8, 0x7FC00000),
    "a filter that is no number": lambda state: double(state, MEMORY + MEMORY_BYTES + 24, math.nan),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_state_with_a_lie_is_refused_and_changes_nothing(state: bytes, lie: Callable[[bytes], bytes]) -> None:
    with loudness() as fresh, loudness() as second:
        with pytest.raises(Refused, match=r"^loudness: the state "):
            second.import_state(lie(state))
        assert second.run(SIGNAL).tobytes() == fresh.run(SIGNAL).tobytes()


def test_no_other_length_is_taken(state: bytes) -> None:
    with loudness() as second:
        for length in (0, 1, HEADER_BYTES, len(state) - 1, len(state) + 1, 2 * len(state)):
            with pytest.raises(Refused):
                second.import_state((state + state)[:length])
        second.import_state(state)


#: Of a fraction's upper half: 100, infinity, no number, below zero.
HIGH_WORDS = [0x40590000, 0x7FF00000, 0x7FF80000, 0x80000000]


@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, HEADER_BYTES // 4 - 1) | st.integers(0, STATE_BYTES // 4 - 1),
            st.integers(0, 2**32 - 1) | st.sampled_from(HIGH_WORDS),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=300)
def test_no_bytes_make_it_louder_than_any_settings(changes: list[tuple[int, int]]) -> None:
    """Some lies cannot be seen; what they lead to is a wrong gain within the limits."""
    with loudness() as used, loudness() as second:
        used.run(SIGNAL[:7777])
        state = used.export_state()
        for at, value in changes:
            state = word(state, 4 * at, value)
        try:
            second.import_state(state)
        except Refused:
            return
        out = second.run(SIGNAL[:RATE_HZ])
        assert (np.abs(out) <= np.abs(SIGNAL).max() * 10 ** (30 / 20) * 1.0001).all()
