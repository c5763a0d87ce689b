"""The format of a chain: wishes by setting, what an output is asked, and no rebuild that leads nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from abi.wire import DecoderOpened, Resampler
from host.playback.format_policy import (
    Agreement,
    FormatPolicy,
    candidates,
    format_for,
    needs_rebuild,
    wished_format,
)
from host.playback.sizes import PipelineFormat
from host.settings import OutputSettings

TRACK, BEST = FormatPolicy(), FormatPolicy(seeks_best=True)
FIXED = FormatPolicy(rate_hz=96_000)


def track(rate_hz: int, channels: int = 2) -> DecoderOpened:
    return DecoderOpened(rate_hz, channels, 0, 0, 0, 0, 16, 0, seeks_frames=True, seeks_ms=False)


def agreed(wished: PipelineFormat, policy: FormatPolicy, takes: Callable[[int], bool], own: int) -> Agreement:
    """With an output that takes some rates, and answers its own to all others."""
    asked = candidates(wished, policy)
    answers = {each: each if takes(each.sample_rate_hz) else PipelineFormat(own, each.channels) for each in asked}
    return Agreement(wished, format_for(wished, answers, policy))


def test_what_is_set_is_what_is_wished() -> None:
    assert FormatPolicy.of(OutputSettings()) == TRACK
    assert FormatPolicy.of(OutputSettings(rate="best")) == BEST
    assert FormatPolicy.of(OutputSettings(rate="fixed", rate_hz=96_000)) == FIXED
    assert FormatPolicy.of(OutputSettings(rate_hz=96_000)).rate_hz is None, "only where it is to be fixed"
    assert [FormatPolicy.of(OutputSettings(channels=each)).channels for each in ("track", "stereo", 6)] == [None, 2, 6]
    assert FormatPolicy.of(OutputSettings(lfe="mix")).mix_lfe
    words = ("quick", "low", "medium", "high", "very_high")
    assert [FormatPolicy.of(OutputSettings(resampler=each)).resampler for each in words] == [*Resampler]


@pytest.mark.parametrize(
    ("policy", "rate_hz", "channels", "expected"),
    [
        (TRACK, 44_100, 6, (44_100, 6)),
        (BEST, 44_100, 1, (44_100, 1)),
        (FIXED, 44_100, 1, (96_000, 1)),
        (FormatPolicy(channels=2), 8_000, 8, (8_000, 2)),
    ],
)
def test_the_wish_for_a_track(policy: FormatPolicy, rate_hz: int, channels: int, expected: tuple[int, int]) -> None:
    assert wished_format(track(rate_hz, channels), policy) == PipelineFormat(*expected)


@pytest.mark.parametrize(
    ("rate_hz", "takes", "own", "expected"),
    [
        (44_100, {44_100, 48_000}, 48_000, 44_100),
        (44_100, {48_000, 96_000, 88_200}, 48_000, 88_200),
        (44_100, {48_000, 96_000}, 96_000, 48_000),
        (11_025, {44_100, 48_000}, 48_000, 44_100),
        (8_000, {44_100, 48_000}, 44_100, 48_000),
        (96_000, {44_100, 48_000}, 48_000, 48_000),
        (96_000, {44_100, 192_000}, 44_100, 192_000),
        (50_000, {48_000, 88_200, 96_000}, 48_000, 88_200),
    ],
    ids=[
        "the track's own",
        "its double",
        "the next above",
        "four times",
        "six times",
        "nothing above: the output's own",
        "its double above",
        "of no family",
    ],
)
def test_the_best_that_the_output_takes(rate_hz: int, takes: set[int], own: int, expected: int) -> None:
    wished = wished_format(track(rate_hz), BEST)
    assert candidates(wished, BEST)[0] == wished
    assert agreed(wished, BEST, takes.__contains__, own).format == PipelineFormat(expected, 2)


def test_matched_or_fixed_asks_once_and_takes_the_answer() -> None:
    for policy, wish in ((TRACK, 44_100), (FIXED, 96_000)):
        wished = wished_format(track(44_100), policy)
        assert candidates(wished, policy) == (PipelineFormat(wish, 2),)
        assert agreed(wished, policy, {88_200}.__contains__, 48_000).format == PipelineFormat(48_000, 2)


@pytest.mark.parametrize("policy", [TRACK, BEST])
def test_a_track_of_another_rate_asks_for_another_chain(policy: FormatPolicy) -> None:
    both = agreed(wished_format(track(44_100), policy), policy, {44_100, 48_000}.__contains__, 48_000)
    assert not needs_rebuild(both, track(44_100), policy)
    assert needs_rebuild(both, track(48_000), policy)
    assert not needs_rebuild(both, track(44_100, 1), policy), "one channel loses nothing in two"
    assert needs_rebuild(both, track(44_100, 6), policy)


def test_a_wish_that_led_here_leads_here_again() -> None:
    """An output that takes 48 kHz only: no track of 44.1 kHz makes it begin anew, and none of 48 kHz."""
    only = agreed(wished_format(track(44_100, 6), TRACK), TRACK, {48_000}.__contains__, 48_000)
    only = Agreement(only.wished, PipelineFormat(48_000, 2))  # and two channels
    for each in (track(44_100), track(48_000), track(44_100, 6), track(48_000, 5)):
        assert not needs_rebuild(only, each, TRACK)
    assert needs_rebuild(only, track(96_000), TRACK)


def test_what_is_fixed_stays() -> None:
    fixed = FormatPolicy(rate_hz=48_000, channels=2)
    current = agreed(wished_format(track(44_100), fixed), fixed, {48_000}.__contains__, 48_000)
    assert not any(needs_rebuild(current, track(*each), fixed) for each in ((44_100, 1), (96_000, 8), (8_000, 2)))
