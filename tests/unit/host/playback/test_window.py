"""What of a source is played, and the sizes of rings: plain arithmetic."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abi.kinds import DecoderFlag
from abi.wire import DecoderOpened
from host.ids import Generation, PluginId, TypeId
from host.media.files import Media
from host.playback.sizes import Pacing, PipelineFormat, RingPlan, end_of_programme
from host.playback.stage_use import StageUse
from host.playback.tracks import WHOLE, Excerpt, OpenTrack, Window, window
from host.settings import PipelineSizes

if TYPE_CHECKING:
    from host.capabilities import Decoder


def source(total: int = 0, delay: int = 0, padding: int = 0) -> DecoderOpened:
    flags = int(DecoderFlag.HAS_FRAMES) if total else 0
    return DecoderOpened(44100, 2, 0, total, delay, padding, 16, flags, True, True)


@pytest.mark.parametrize(
    ("info", "excerpt", "expected"),
    [
        (source(), Excerpt(), Window(0, -1)),
        (source(1000), Excerpt(), Window(0, -1)),
        (source(1000, 10, 20), Excerpt(), Window(10, 970)),
        (source(0, 10, 20), Excerpt(), Window(10, -1)),
        (source(88200), Excerpt(Fraction(1)), Window(44100, -1)),
        (source(88200), Excerpt(Fraction(1), Fraction(1, 2)), Window(44100, 22050)),
        (source(88200, 0, 100), Excerpt(Fraction(1), Fraction(5)), Window(44100, 44000)),
        (source(88200), Excerpt(Fraction(2)), None),
        (source(88200), Excerpt(Fraction(3)), None),
        (source(), Excerpt(Fraction(3)), Window(132300, -1)),
    ],
)
def test_windows(info: DecoderOpened, excerpt: Excerpt, expected: Window | None) -> None:
    assert window(info, excerpt) == expected


@given(rate=st.integers(1, 768_000), cuts=st.lists(st.fractions(0, 10**5, max_denominator=75), min_size=2, max_size=5))
def test_parts_that_follow_each_other_lose_no_frame(rate: int, cuts: list[Fraction]) -> None:
    info = DecoderOpened(rate, 2, 0, 0, 7, 0, 16, 0, True, True)
    frame = 7 + int(min(cuts) * rate)
    for start, end in pairwise(sorted(cuts)):
        assert window(info, Excerpt(start, end - start)) == Window(frame, int(end * rate) + 7 - frame)
        frame = int(end * rate) + 7


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (WHOLE, WHOLE, WHOLE),
        (WHOLE, Excerpt(Fraction(5), Fraction(3)), Excerpt(Fraction(5), Fraction(3))),
        (Excerpt(Fraction(1), Fraction(1)), WHOLE, Excerpt(Fraction(1), Fraction(1))),
        (Excerpt(Fraction(1), Fraction(9)), Excerpt(Fraction(5), Fraction(3)), Excerpt(Fraction(6), Fraction(2))),
        (Excerpt(Fraction(1), Fraction(1)), Excerpt(Fraction(5)), Excerpt(Fraction(6), Fraction(1))),
        (Excerpt(Fraction(4)), Excerpt(Fraction(5), Fraction(3)), Excerpt(Fraction(9), Fraction(0))),
    ],
)
def test_a_part_of_a_part_is_never_more_than_that(part: Excerpt, whole: Excerpt, expected: Excerpt) -> None:
    assert part.of(whole) == expected


@given(st.integers(0, 1 << 40), st.integers(0, 44100), st.sampled_from([32, 512, 8192]))
def test_the_end_is_padded_to_the_grid(position: int, latency: int, block: int) -> None:
    end, padded = end_of_programme(position, latency, block)
    assert end == position + latency
    assert padded % block == 0
    assert 0 <= padded - end < block


@given(st.integers(1, 768_000), st.integers(1, 8), st.integers(20, 60_000), st.booleans())
def test_rings_hold_whole_blocks_and_wakes_fit_in_them(rate: int, channels: int, ahead_ms: int, batched: bool) -> None:
    sizes = PipelineSizes()
    pacing = Pacing.unpaced(sizes) if batched else Pacing.paced(sizes)
    plan = RingPlan.of(PipelineFormat(rate, channels), pacing, ahead_ms)
    assert plan.format.ahead_frames % sizes.block_frames == 0
    assert plan.format.ahead_frames >= rate * ahead_ms / 1000
    assert sizes.block_frames <= plan.wake_frames < plan.format.ahead_frames
    assert plan.format.history_frames >= rate * pacing.history_ms / 1000


@pytest.mark.parametrize(
    ("info", "excerpt", "seconds"),
    [
        (source(88200), Excerpt(), 2.0),
        (source(88200), Excerpt(Fraction(1), Fraction(1, 2)), 0.5),
        (source(88200), Excerpt(Fraction(1), Fraction(1000)), 1.0),
        (source(), Excerpt(Fraction(0), Fraction(3)), 3.0),
        (source(), Excerpt(), None),
    ],
)
def test_a_track_lasts_no_longer_than_its_source(info: DecoderOpened, excerpt: Excerpt, seconds: float | None) -> None:
    wanted = window(info, excerpt)
    assert wanted is not None
    decoder = cast("Decoder", None)  # not asked for this
    use = StageUse("decoder", PluginId("a"), TypeId("a"), Generation(1), 1)
    assert OpenTrack(0, Media(Path("a"), -1, 0, Path("a")), decoder, info, use, wanted, 0).duration_s == seconds
