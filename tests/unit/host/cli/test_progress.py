"""The line that shows what is playing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from abi.kinds import DecoderFlag
from abi.wire import DecoderOpened
from host.cli.clock import clock
from host.cli.progress import line
from host.ids import Generation, PluginId, TypeId
from host.media import Media
from host.playback import Now, OpenTrack, Place, StageUse
from host.playback.tracks import Window

if TYPE_CHECKING:
    from host.capabilities import Decoder

RATE = 44_100


def now(done_s: float, total_s: float) -> Now:
    info = DecoderOpened(RATE, 2, 0, int(total_s * RATE), 0, 0, 16, int(DecoderFlag.HAS_FRAMES), True, True)
    use = StageUse("decoder", PluginId("a.flac"), TypeId("flac"), Generation(1), 1)
    decoder = cast("Decoder", None)  # not asked for this
    track = OpenTrack(0, Media(Path("a.flac"), -1, 0, Path("a.flac")), decoder, info, use, Window(0, -1), 0)
    return Now(track, Place(0, int(done_s * RATE), RATE), 0, 0, 0, (use,))


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [(1.0, 5.0, "> 00:01.0/00:05.0 [===="), (5.0, 5.0, "> 00:05.0/00:05.0"), (10.3, 5.0, "> 00:05.0/00:05.0")],
)
def test_no_more_is_done_than_there_is(done: float, total: float, shown: str) -> None:
    assert line(now(done, total)).startswith(shown)


def test_the_clock() -> None:
    assert [clock(seconds) for seconds in (None, 0, 72.45, 3723)] == ["--:--.-", "00:00.0", "01:12.4", "1:02:03.0"]
