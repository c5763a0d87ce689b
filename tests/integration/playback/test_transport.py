"""Seeks, pauses, changes of track: what the output was given is exactly what was asked for, and nothing else."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from host.errors import NotFound, NotRunning, Usage
from host.playback import Modes, PlayState, Repeat
from tests.integration.playback.edited_chain import effect
from tests.integration.playback.playing_queue import RATE_HZ, Music, Run, music
from tests.support.capture import load_capture

SEED = 20261128
LONG = 60 * RATE_HZ
SHORT = RATE_HZ
SEEKS = 60
#: A seek is told in seconds: half a frame more is within the frame.
HALF_A_FRAME_S = 0.5 / RATE_HZ
#: So long a playback may take to end.
SOON_S = 20.0


async def seek_to(made: Music, frame: int) -> None:
    await made.transport.seek(frame / RATE_HZ + HALF_A_FRAME_S)


def opened_ahead(made: Music) -> bool:
    """Whether the next track is open already."""
    player = made.transport.player
    return player is not None and player.running is not None and player.running.relay.preload.index is not None


def plays_out(made: Music) -> bool:
    """Whether all is decoded, and nothing more will come."""
    player = made.transport.player
    return player is not None and player.running is not None and player.running.pipeline.decode.finishing


def starts(runs: list[Run]) -> list[int]:
    return [run.start for run in runs]


def test_seeks_land_on_the_very_frame(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    goals = [dice.randrange(LONG - RATE_HZ) for _ in range(SEEKS)]

    async def body() -> None:
        async with music(tmp_path, [LONG], effect("same"), effect("late", late_frames=300)) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 100)
            for goal in goals:
                await seek_to(made, goal)
                await made.until_heard(entry, goal + 1)
        # an effect that delays begins with its silence after each seek: frame 0 says "nothing", many times
        runs = [run for run in made.runs() if run.end - run.start > 1]
        assert starts(runs)[-SEEKS:] == goals

    asyncio.run(body())


def test_workers_die_between_seeks_and_nobody_can_tell(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    goals = [dice.randrange(LONG - RATE_HZ) for _ in range(SEEKS // 2)]
    killed = 0

    async def body() -> None:
        nonlocal killed
        async with music(tmp_path, [LONG], effect("same")) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 100)
            for goal in goals:
                now = made.transport.now()
                victims = (
                    [] if now is None else [now.track.use.pid, *(use.pid for use in now.stages if use.name != "output")]
                )
                with suppress(ProcessLookupError):  # one that was killed, and nobody has taken its place yet
                    if victims:
                        os.kill(dice.choice(victims), signal.SIGKILL)
                        killed += 1
                await seek_to(made, goal)
                await made.until_heard(entry, goal + 1)
        assert starts([run for run in made.runs() if run.start != 0])[-len(goals) :] == goals

    asyncio.run(body())
    assert killed > len(goals) // 2


def test_a_pause_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG], effect("same")) as made:
            await made.transport.play()
            (entry,) = made.entries
            for step in range(1, 9):
                await made.until_heard(entry, step * 2000)
                await made.transport.pause()
                assert made.transport.state is PlayState.PAUSED
                now = made.transport.now()
                assert now is not None
                for _ in range(5):
                    await asyncio.sleep(0)
                again = made.transport.now()
                assert again is not None and again.position == now.position
                await made.transport.resume()
            await made.until_heard(entry, 20_000)
        (run,) = made.runs()
        assert run.start == 0 and run.end >= 20_000

    asyncio.run(body())


def test_a_seek_while_paused_is_where_it_goes_on(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG]) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 5000)
            await made.transport.pause()
            for goal in (1_000_000, 50, 777_777):
                await seek_to(made, goal)
                now = made.transport.now()
                assert now is not None and now.place.source_frame == goal
            await made.transport.resume()
            await made.until_heard(entry, 777_778)
        first, second = made.runs()
        assert (first.start, second.start) == (0, 777_777)

    asyncio.run(body())


def test_next_previous_and_goto(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG + 1, LONG + 2, LONG + 3]) as made:
            transport, entries = made.transport, made.entries
            await transport.play()
            await made.until_heard(entries[0], 3000)
            await transport.next()
            await made.until_heard(entries[1], 3000)
            await transport.goto(entries[3].id)
            await made.until_heard(entries[3], 3000)
            await transport.previous()
            await made.until_heard(entries[2], 5 * RATE_HZ)
            await transport.previous()  # far into it: to its begin
            await made.until(lambda: transport.position_s < 1)
            await made.until_heard(entries[2], 3000)
            await transport.previous()
            await made.until_heard(entries[1], 3000)
        assert starts(made.runs()) == [0] * 6

    asyncio.run(body())


def test_a_burst_of_wishes_is_one_change(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG] * 30) as made:
            transport = made.transport
            await transport.play()
            await made.until_heard(made.entries[0], 3000)
            await asyncio.gather(*(transport.next() for _ in range(20)))
            await made.until_heard(made.entries[20], 3000)
            await asyncio.gather(*(transport.seek_by(1.0) for _ in range(10)))
            assert 10 <= transport.position_s < 20
        assert len(made.runs()) <= 6, "a burst is coalesced"

    asyncio.run(body())


def test_tracks_follow_without_a_gap_and_the_queue_ends(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [SHORT, SHORT + 17, 5]) as made:
            await made.transport.play()
            await made.transport.ended()
            assert made.transport.state is PlayState.STOPPED
            assert made.app.queue.current is None
            assert made.played == [(entry.id, "") for entry in made.entries]
        assert [(run.start, run.end) for run in made.runs()] == [(0, SHORT), (0, SHORT + 17), (0, 5)]

    asyncio.run(body())


def test_what_follows_is_what_the_queue_says_now(tmp_path: Path) -> None:
    """The next track is open already when the queue is changed: another one follows then."""

    async def body() -> None:
        async with music(tmp_path, [2 * RATE_HZ, SHORT, SHORT + 1, SHORT + 2]) as made:
            _, second, third, fourth = made.entries
            await made.transport.play()
            await made.until(lambda: opened_ahead(made))
            made.app.queue.move([fourth.id], second.id)
            made.app.queue.remove([third.id])
            await made.transport.ended()
        assert [run.end for run in made.runs()] == [2 * RATE_HZ, SHORT + 2, SHORT]

    asyncio.run(body())


def test_what_is_broken_is_marked_and_the_next_one_plays(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [SHORT, SHORT, SHORT]) as made:
            (tmp_path / "1.frames").write_text("nothing")
            await made.transport.play()
            await made.transport.ended()
            assert [bool(entry.trouble) for entry in made.app.queue.entries] == [False, True, False]
        assert len(made.runs()) == 2

    asyncio.run(body())


def test_a_queue_of_nothing_but_garbage_ends(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [SHORT, SHORT]) as made:
            for each in made.entries:
                Path(str(each.where)).write_text("nothing")
            made.app.queue.set_modes(Modes(Repeat.ALL))
            await made.transport.play()
            await made.transport.ended()
            assert all(entry.trouble for entry in made.app.queue.entries)

    asyncio.run(body())


@pytest.mark.parametrize(("modes", "heard"), [(Modes(Repeat.ONE), [0, 0, 0]), (Modes(Repeat.ALL), [0, 1, 0])])
def test_repeat(tmp_path: Path, modes: Modes, heard: list[int]) -> None:
    async def body() -> None:
        lengths = [SHORT, SHORT + 1]
        async with music(tmp_path, lengths) as made:
            made.app.queue.set_modes(modes)
            await made.transport.play()
            await made.until(lambda: len(made.played) > 3)
            await made.transport.stop()
        assert [run.end for run in made.runs()][:3] == [lengths[index] for index in heard]

    asyncio.run(body())


def test_consume_empties_the_queue(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [SHORT, SHORT, SHORT]) as made:
            made.app.queue.set_modes(Modes(consume=True))
            await made.transport.play()
            await made.transport.ended()
            assert not len(made.app.queue)
        assert len(made.runs()) == 3

    asyncio.run(body())


def test_what_cannot_be_says_why(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG]) as made:
            with pytest.raises(NotRunning):
                await made.transport.seek(1.0)
            await made.transport.play()
            await made.until_heard(made.entries[0], 100)
            with pytest.raises(Usage, match="ends after 60"):
                await made.transport.seek(61.0)
            with pytest.raises(NotFound):
                await made.transport.goto(10_000)
            await made.transport.stop()
            made.app.queue.clear()
            with pytest.raises(NotFound, match="empty"):
                await made.transport.play()

    asyncio.run(body())


def test_stop_and_play_begin_the_track_anew(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG, LONG]) as made:
            await made.transport.play()
            await made.transport.next()
            await made.until_heard(made.entries[1], 3000)
            await made.transport.stop()
            assert made.transport.state is PlayState.STOPPED
            assert made.app.queue.current == made.entries[1]
            await made.transport.play()
            await made.until_heard(made.entries[1], 100)
            await made.transport.stop()

    asyncio.run(body())


def test_a_seek_from_the_end_of_a_track(tmp_path: Path) -> None:
    """All of it is decoded, and the end is played out: it goes on from where somebody wishes, to the end once more."""

    async def body() -> None:
        async with music(tmp_path, [3 * RATE_HZ], effect("same")) as made:
            await made.transport.play()
            (entry,) = made.entries

            async def seeks() -> None:
                for _ in range(3):
                    await made.until_heard(entry, 2 * RATE_HZ)
                    await made.until(lambda: plays_out(made))
                    await seek_to(made, 1000)
                await made.transport.ended()

            whole = asyncio.ensure_future(seeks())
            await asyncio.wait([whole], timeout=SOON_S)
            assert whole.done(), "it never comes to its end"
            whole.result()
        runs = made.runs()
        assert starts(runs) == [0, 1000, 1000, 1000]
        assert runs[-1].end == 3 * RATE_HZ

    asyncio.run(body())


def test_a_file_that_was_sought_in_has_no_hole(tmp_path: Path) -> None:
    """Who is opened after a seek goes on where its target ends, whatever the clock skipped."""

    async def body() -> None:
        async with music(tmp_path, [LONG], effect("same")) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 5000)
            await seek_to(made, 1_000_000)
            await made.until_heard(entry, 1_005_000)
            now = made.transport.now()
            assert now is not None
            os.kill(now.stages[-1].pid, signal.SIGKILL)
            await made.until_heard(entry, 1_100_000)
        capture = load_capture(made.heard_path, zeros_are_programme=True)
        assert (len(capture.restarts), capture.lost) == (1, ())
        assert starts([run for run in made.runs() if run.end - run.start > 1])[:2] == [0, 1_000_000]

    asyncio.run(body())
