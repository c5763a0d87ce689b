"""Where a decoder goes on: source frame and what is thrown away line up exactly, at any rates and positions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from host.playback.resume import WARM_UP_FRAMES, Resumption, periods_of, resume
from host.playback.sizes import on_grid

RATES = st.one_of(st.sampled_from([8000, 22050, 32000, 44100, 48000, 88200, 96000, 192000]), st.integers(1000, 768_000))
FRAMES = st.integers(0, 1 << 40)


@given(FRAMES, FRAMES, RATES)
def test_without_conversion_frames_are_frames(first: int, done: int, rate: int) -> None:
    assert resume(first, -1, done, rate, rate) == Resumption(first + done, -1, 0)


@given(FRAMES, FRAMES, RATES, RATES)
def test_the_first_frame_given_is_the_next_one_wanted(first: int, done: int, source_rate: int, rate: int) -> None:
    """In time: what is read begins where what is thrown away begins."""
    found = resume(first, -1, done, source_rate, rate)
    assert found.source_frame >= first
    assert (found.source_frame - first) * rate == (done - found.drop_frames) * source_rate
    assert 0 <= found.drop_frames <= done


@given(FRAMES, FRAMES, RATES, RATES)
def test_a_converter_has_its_past_or_all_there_is(first: int, done: int, source_rate: int, rate: int) -> None:
    found = resume(first, -1, done, source_rate, rate)
    if source_rate != rate:
        _, period = periods_of(source_rate, rate)
        warm_up = -(-WARM_UP_FRAMES * rate // min(source_rate, rate))
        assert min(done, warm_up) <= found.drop_frames < warm_up + period


@given(FRAMES, FRAMES, FRAMES, RATES, RATES)
def test_no_more_is_taken_than_was_wanted(first: int, take: int, done: int, source_rate: int, rate: int) -> None:
    found = resume(first, take, done, source_rate, rate)
    assert found.take_frames == max(0, first + take - found.source_frame)


@given(FRAMES, FRAMES, st.integers(0, 1 << 20), RATES, RATES)
def test_nothing_is_read_twice_that_may_not_be(first: int, silent: int, more: int, source_rate: int, rate: int) -> None:
    source_period, period = periods_of(source_rate, rate)
    not_before = on_grid(silent, period)
    found = resume(first, -1, not_before + more, source_rate, rate, not_before)
    assert found.source_frame >= first + not_before // period * source_period
    assert (found.source_frame - first) * rate == (not_before + more - found.drop_frames) * source_rate


@given(RATES, RATES)
def test_a_period_lasts_equally_long_at_both_rates(source_rate: int, rate: int) -> None:
    source_period, period = periods_of(source_rate, rate)
    assert source_period * rate == period * source_rate
    assert source_period <= source_rate and period <= rate
