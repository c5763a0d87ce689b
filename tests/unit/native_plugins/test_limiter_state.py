"""The limiter's state: whoever takes it over goes on bit for bit, and what is no state is refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.unit.native_plugins.limiter_definition import ONE, ceiling_of

RATE_HZ = 8000
AHEAD = 40
HEADER_BYTES = 64
SIGNAL: Frames = (
    np.random.default_rng(1).uniform(-4, 4, (3000, 2)) * (np.arange(3000)[:, None] // 500 % 2 + 0.05)
).astype(np.float32)
#: Where which number of the state stands.
VERSION, SIZE, RATE, CHANNELS, LOOKAHEAD, AT, RAMP_FRAMES, RAMP_DONE, FROM, TARGET = (
    8,
    12,
    16,
    20,
    24,
    28,
    32,
    36,
    40,
    52,
)
NEEDED, RELEASED, HELD = HEADER_BYTES, HEADER_BYTES + 4 * AHEAD, HEADER_BYTES + 8 * AHEAD
NAN, INFINITE = 0x7FC00000, 0x7F800000
ONE_F, ABOVE_ONE_F, BELOW_ZERO_F = 0x3F800000, 0x3F800001, 0x80000001


def limiter(**config: object) -> DirectDsp:
    return DirectDsp("limiter", config, RATE_HZ)


def with_word(state: bytes, offset: int, value: int) -> bytes:
    return state[:offset] + struct.pack("<I", value) + state[offset + 4 :]


@pytest.fixture
def state() -> bytes:
    """Of one that limits and is on its way to another configuration."""
    with limiter() as used:
        used.run(SIGNAL[:1500])
        used.apply(ceiling_db=-3)
        used.run(SIGNAL[1500:1537])
        return used.export_state()


@given(place=st.integers(0, len(SIGNAL)), changed=st.integers(0, len(SIGNAL)))
@settings(max_examples=100)
def test_an_importer_goes_on_bit_for_bit(place: int, changed: int) -> None:
    """Wherever it takes over, also on the way from one configuration to the next."""
    new = {"ceiling_db": -7, "release_ms": 9, "input_gain_db": 3}
    with limiter() as undisturbed, limiter() as first:
        expected = [undisturbed.run(SIGNAL[:changed])]
        undisturbed.apply(**new)
        expected.append(undisturbed.run(SIGNAL[changed:]))
        heard = [first.run(SIGNAL[: min(place, changed)])]
        if place > changed:
            first.apply(**new)
            heard.append(first.run(SIGNAL[changed:place]))
        state = first.export_state()
    with limiter(**(new if place > changed else {})) as second:
        second.import_state(state)
        assert second.export_state() == state
        heard.append(second.run(SIGNAL[place : max(place, changed)]))
        second.apply(**new)
        heard.append(second.run(SIGNAL[max(place, changed) :]))
    assert np.concatenate(heard).tobytes() == np.concatenate(expected).tobytes()


def test_a_state_of_another_ceiling_is_left_in_a_line(state: bytes) -> None:
    with limiter(ceiling_db=-20) as second:
        second.import_state(state)
        out = second.run(SIGNAL)
    assert np.abs(out[:AHEAD]).max() > ceiling_of(-20)
    assert np.abs(out[AHEAD + RATE_HZ // 100 + 1 :]).max() <= ceiling_of(-20)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "config", "words"),
    [
        (16_000, 2, {"lookahead_ms": 2.5}, "another rate or channel count"),
        (8000, 1, {}, "another rate or channel count"),
        (8000, 2, {"lookahead_ms": 5.2}, "a look-ahead of 40 frames, not of 42"),
        (8000, 2, {"lookahead_ms": 4}, "a look-ahead of 40 frames, not of 32"),
    ],
)
def test_a_state_for_something_else_is_refused(
    state: bytes, rate_hz: int, channels: int, config: dict[str, object], words: str
) -> None:
    with DirectDsp("limiter", config, rate_hz, channels) as other, pytest.raises(Refused, match=words):
        other.import_state(state)


LIES: dict[str, tuple[int, int]] = {
    "another version": (VERSION, 2),
    "another size": (SIZE, 4),
    "a place behind the rings": (AT, AHEAD),
    "a place far away": (AT, 0xFFFFFFFF),
    "a longer line": (RAMP_FRAMES, 480),
    "no line": (RAMP_FRAMES, 0),
    "beyond the line": (RAMP_DONE, 0xFFFFFFFF),
    "no look-ahead": (LOOKAHEAD, 0),
    "no channels": (CHANNELS, 0),
    "no rate": (RATE, 0),
    "a ceiling above 0 dB": (TARGET, ABOVE_ONE_F),
    "a ceiling that is no number": (FROM, NAN),
    "a ceiling below zero": (TARGET, BELOW_ZERO_F),
    "a ceiling of zero": (TARGET, 0),
    "a gain without end": (TARGET + 4, INFINITE),
    "a gain that is no number": (FROM + 4, NAN),
    "no release": (TARGET + 8, 0),
    "a need above one": (NEEDED + 4 * 7, ONE + 1),
    "a gain above one": (RELEASED + 4 * 7, ONE + 1),
    "more gain than is needed": (RELEASED + 4 * 7, ONE),
    "a sample that is no number": (HELD + 4 * 13, NAN),
    "a sample without end": (HELD + 4 * 13, INFINITE),
    "a sample louder than its gain allows": (HELD + 4 * 13, 0x7F7FFFFF),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_state_with_a_lie_is_refused_and_changes_nothing(state: bytes, lie: tuple[int, int]) -> None:
    with limiter() as fresh, limiter() as second:
        with pytest.raises(Refused, match=r"^limiter: the state "):
            second.import_state(with_word(state, *lie))
        assert second.run(SIGNAL).tobytes() == fresh.run(SIGNAL).tobytes()


def test_no_other_length_is_taken(state: bytes) -> None:
    with limiter() as second:
        for length in (*range(len(state)), len(state) + 1, 2 * len(state)):
            with pytest.raises(Refused):
                second.import_state((state + state)[:length])
        second.import_state(state)


@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, HEADER_BYTES // 4 + 4 * AHEAD - 1),
            st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, ONE, ONE_F, 0x7F7FFFFF, 0xFFFFFFFF]),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=300)
def test_no_bytes_make_it_louder_than_0_db(changes: list[tuple[int, int]]) -> None:
    """Some lies cannot be seen; what they lead to is a wrong gain, never an overload."""
    with limiter() as used, limiter() as second:
        used.run(SIGNAL[:1500])
        state = used.export_state()
        for word, value in changes:
            state = with_word(state, 4 * word, value)
        try:
            second.import_state(state)
        except Refused:
            return
        out = second.run(SIGNAL[:500])
        assert np.abs(out).max() <= 1


def test_the_longest_state_is_whole() -> None:
    """20 ms of 64 channels at the highest rate."""
    signal = np.random.default_rng(2).uniform(-2, 2, (16_000, 64)).astype(np.float32)
    with DirectDsp("limiter", {"lookahead_ms": 20}, 768_000, 64) as first:
        first.run(signal)
        state = first.export_state()
        assert len(state) == HEADER_BYTES + 15_360 * (8 + 4 * 64)
        with DirectDsp("limiter", {"lookahead_ms": 20}, 768_000, 64) as second:
            second.import_state(state)
            assert second.run(signal).tobytes() == first.run(signal).tobytes()
