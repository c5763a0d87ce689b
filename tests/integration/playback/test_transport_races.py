"""Commands that arrive while another one is under way, or while somebody dies: what was asked for last is so."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from host.playback import Entry, Modes, PlayState, Repeat
from host.playback.running import Running
from host.playback.seat import RingsBroken
from tests.integration.playback.edited_chain import effect
from tests.integration.playback.playing_queue import RATE_HZ, Music, music

LONG = 60 * RATE_HZ
SHORT = RATE_HZ
SOON_S = 20.0


def state(made: Music) -> PlayState:
    return made.transport.state


def running(made: Music) -> Running:
    player = made.transport.player
    assert player is not None and player.running is not None
    return player.running


def living(made: Music) -> int:
    """Instances that are anybody's."""
    return sum(each.live_instances for each in made.app.runtime.list())


async def nobody_lives(made: Music) -> None:
    """At once, or soon: who was being made as nobody wanted him any more is destroyed when that is done."""
    async with asyncio.timeout(SOON_S):
        await made.until(lambda: living(made) == 0)


def break_rings(made: Music, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next jump finds that the rings hold what cannot be."""

    def impossible() -> int:
        raise RingsBroken("as a worker would have done it")

    monkeypatch.setattr(running(made).pipeline, "set_clock", impossible)


def test_told_to_stop_again_and_again_it_cleans_up_all_the_same(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG], effect("same"), fades=True) as made:
            for _ in range(4):
                await made.transport.play()
                await made.until_heard(made.entries[0], 100)
                stops = [asyncio.create_task(made.transport.stop())]
                while not stops[0].done():
                    stops.append(asyncio.create_task(made.transport.stop()))
                    await asyncio.sleep(0.0005)
                await asyncio.gather(*stops)
                assert len(stops) > 2
                assert (made.transport.state, living(made)) == (PlayState.STOPPED, 0)

    asyncio.run(body())


def test_play_and_stop_in_one_breath(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG]) as made:
            transport = made.transport
            await asyncio.gather(transport.play(), transport.stop())
            assert state(made) is PlayState.STOPPED and await transport.ended() is None
            await transport.play()
            await made.until_heard(made.entries[0], 100)
            await asyncio.gather(transport.stop(), transport.play())
            assert state(made) is PlayState.PLAYING
            await made.until_heard(made.entries[0], 100)
            await asyncio.gather(transport.stop(), transport.toggle())
            assert state(made) is PlayState.PLAYING

    asyncio.run(body())


def test_an_entry_that_is_chosen_while_it_stops_is_played(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG, LONG], fades=True) as made:
            await made.transport.play()
            await made.until_heard(made.entries[0], 3000)
            await asyncio.gather(made.transport.stop(), made.transport.goto(made.entries[2].id))
            await made.until_heard(made.entries[2], 100)
            assert made.transport.state is PlayState.PLAYING

    asyncio.run(body())


def test_stopped_at_any_moment_nothing_is_left(tmp_path: Path) -> None:
    """While it is staged, opened, built, begun; and while it goes elsewhere."""

    async def body() -> None:
        async with music(tmp_path, [LONG] * 3, effect("same")) as made:
            transport = made.transport
            for moment_ms in range(0, 60, 3):
                await transport.play()
                await asyncio.sleep(moment_ms / 1000)
                await transport.stop()
                assert transport.state is PlayState.STOPPED
                await nobody_lives(made)
            before = len(os.listdir("/proc/self/fd"))
            for moment_ms in range(0, 30, 2):
                await transport.play()
                await made.until_heard(made.entries[0], 1)
                going = asyncio.create_task(transport.goto(made.entries[1].id))
                await asyncio.sleep(moment_ms / 1000)
                await transport.stop()
                await going
                await transport.stop()
                await nobody_lives(made)
                made.app.queue.goto(made.entries[0].id)
            assert len(os.listdir("/proc/self/fd")) <= before

    asyncio.run(body())


def test_an_output_that_dies_as_it_is_paused_stays_paused(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG], fades=True) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 5000)
            now = made.transport.now()
            assert now is not None
            os.kill(now.stages[-1].pid, signal.SIGKILL)
            await made.transport.pause()
            await made.until(lambda: running(made).pipeline.sink.instance.pid != now.stages[-1].pid)
            assert made.transport.state is PlayState.PAUSED and running(made).pipeline.sink.paused
            await made.transport.resume()
            await made.until_heard(entry, 50_000)

    asyncio.run(body())


def test_skipping_through_a_short_queue_while_paused_does_not_end_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG]) as made:
            made.app.queue.set_modes(Modes(Repeat.ALL))
            await made.transport.play()
            await made.until_heard(made.entries[0], 100)
            await made.transport.pause()
            for _ in range(7):
                await made.transport.next()
            assert made.transport.state is PlayState.PAUSED
            await made.transport.resume()
            await made.until_heard(made.entries[1], 100)

    asyncio.run(body())


def test_the_place_of_the_last_session_is_one_in_its_own_entry(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG, LONG]) as made:
            transport, (first, second, third) = made.transport, made.entries

            async def began(entry: Entry) -> int:
                await made.until_heard(entry, 1)
                (segment,) = running(made).record.timeline.segments
                await transport.stop()
                return segment.source_frame

            made.app.queue.goto(first.id)
            transport.begin_at(30.0)
            assert transport.position_s == 30.0
            await transport.goto(second.id)
            assert await began(second) == 0
            made.app.queue.goto(first.id)
            transport.begin_at(30.0)
            Path(str(first.where)).unlink()
            await transport.play()
            assert await began(second) == 0, "the file is gone, and its place with it"
            made.app.queue.goto(third.id)
            transport.begin_at(30.0)
            await transport.play()
            assert await began(third) == 30 * RATE_HZ

    asyncio.run(body())


@pytest.mark.parametrize("paused", [False, True])
def test_rings_that_break_on_the_way_to_a_place_are_followed_by_others_that_go_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG, LONG], effect("same")) as made:
            transport, (first, second, _) = made.transport, made.entries
            await transport.play()
            await made.until_heard(first, 3000)
            if paused:
                await transport.pause()
            break_rings(made, monkeypatch)
            await transport.seek(40.0)
            async with asyncio.timeout(SOON_S):
                await made.until(lambda: transport.position_s >= 40.0)
                await transport.resume()
                await made.until_heard(first, 40 * RATE_HZ + 1)
            break_rings(made, monkeypatch)
            await transport.next()
            async with asyncio.timeout(SOON_S):
                await made.until_heard(second, 3000)
            assert made.app.queue.current == second, "none is left out"
            assert state(made) is PlayState.PLAYING

    asyncio.run(body())


def test_seeks_back_from_a_track_that_is_not_heard_yet_double_nothing(tmp_path: Path) -> None:
    """Tracks so short that the next one decodes already before anything is heard, as it stands still."""

    async def body() -> None:
        lengths = [SHORT // 4, SHORT // 4 + 1, SHORT // 4 + 2]
        async with music(tmp_path, lengths, effect("same")) as made:
            transport, (first, *_) = made.transport, made.entries
            await transport.play(paused=True)
            for _ in range(5):
                await made.until(lambda: transport.now() is not None and made.app.queue.current != first)
                assert transport.heard() == first
                await asyncio.gather(transport.seek(0.0), transport.seek(0.0))
            await transport.resume()
            await transport.ended()
            assert [entry for entry, _ in made.played][-3:] == [entry.id for entry in made.entries]
        assert [run.end for run in made.runs() if run.end - run.start > 1] == lengths

    asyncio.run(body())
