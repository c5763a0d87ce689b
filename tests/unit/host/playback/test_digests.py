"""Where digests are cut: one per track, none where tracks are too short to be told apart."""

from __future__ import annotations

import asyncio
import hashlib
from typing import cast

from host.events import EventBus, StageMended
from host.ids import Generation, PluginId, TypeId
from host.playback.digests import EMPTY, TrackDigests
from host.playback.sink_seat import SinkSeat
from host.playback.stage_watch import StageWatch

BLOCK = 512


class Recorder:
    """Stands in for sink and watch: remembers cuts and waits, and answers with the span itself."""

    def __init__(self) -> None:
        self.cuts: list[int] = []
        self.waits: list[tuple[int, int]] = []

    async def cut_digest(self, position: int) -> None:
        self.cuts.append(position)

    async def digest(self, start: int, end: int, stages: object, lost: object) -> str:
        del stages, lost
        self.waits.append((start, end))
        return f"{start}-{end}"


def collect(joins: list[tuple[int, int]], end: int, latency: int = 0) -> tuple[dict[int, str], Recorder]:
    recorder = Recorder()
    digests = TrackDigests(
        cast("SinkSeat", recorder), cast("StageWatch", recorder), (), latency=lambda: latency, block_frames=BLOCK
    )

    async def main() -> dict[int, str]:
        for track, position in joins:
            await digests.begin(track, position)
        return await digests.collect(end)

    return asyncio.run(main()), recorder


def test_one_track_needs_no_cut() -> None:
    found, recorder = collect([(0, 0)], 1000)
    assert found == {0: "0-1000"}
    assert recorder.cuts == []


def test_each_track_ends_where_the_next_begins_behind_the_latency() -> None:
    found, recorder = collect([(0, 0), (1, 50_001), (2, 100_003)], 150_064, latency=64)
    assert found == {0: "0-50065", 1: "50065-100067", 2: "100067-150064"}
    assert recorder.cuts == [50_065, 100_067]


def test_a_cut_is_reached_before_the_next_is_sent() -> None:
    _, recorder = collect([(0, 0), (1, 50_000), (2, 100_000)], 150_000)
    assert recorder.waits[0] == (0, 50_000)


def test_empty_tracks_have_the_digest_of_nothing() -> None:
    found, recorder = collect([(0, 0), (1, 0), (2, 50_000), (3, 50_000)], 90_000)
    assert found == {0: EMPTY, 1: "0-50000", 2: EMPTY, 3: "50000-90000"}
    assert recorder.cuts == [50_000]
    assert hashlib.sha256(b"").hexdigest() == EMPTY


def test_tracks_too_short_to_be_told_apart_go_without() -> None:
    found, recorder = collect([(0, 0), (1, 50_000), (2, 50_100), (3, 120_000)], 150_000)
    assert found == {0: "0-50000", 3: "120000-150000"}
    assert recorder.cuts == [50_000, 120_000]


def test_a_digest_that_an_output_took_along_is_not_waited_for() -> None:
    """The output died behind the end of a track; its successor begins later, and nobody will tell that digest."""

    async def main() -> str:
        bus = EventBus()
        with bus.subscribe(*StageWatch.FACTS) as facts:
            watch = StageWatch(facts)
            reopened_at = 0
            waiting = asyncio.create_task(watch.digest(0, 1000, (), lambda: reopened_at > 1000))
            bus.publish(mended(1000))
            await asyncio.sleep(0)
            assert not waiting.done()  # at the very end its successor tells it, of no frames
            reopened_at = 1512
            bus.publish(mended(1512))
            return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(main()) == ""


def mended(position: int) -> StageMended:
    plugin, kind = PluginId("a.sink"), TypeId("file")
    first, second = Generation(1), Generation(2)
    return StageMended("output", plugin, kind, first, second, position, "A", "killed", None, None, 0, False)
