"""Tracks whose bytes a source serves: played as files are, whoever dies, waits, hangs or gives up."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
from pathlib import Path

import pytest

from host.events import PluginFault, StageMended
from host.ids import PluginId
from host.playback import PlayState
from tests.integration.playback.playing_queue import RATE_HZ, Music, Run, music, served
from tests.support.frames import numbered_audio

SERVED = PluginId("test.source.served")
FRAMES = RATE_HZ * 20
SHORT = RATE_HZ * 2
#: Reads of the source are this small, so that it is always in the midst of something.
CHUNK = 10_007


def numbered(path: Path, frames: int) -> Path:
    """A WAV of floats that say which frame they are of."""
    data = numbered_audio(0, frames, 2).astype("<f4").tobytes()
    head = struct.pack("<HHIIHH", 3, 2, RATE_HZ, RATE_HZ * 8, 8, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


async def kill(made: Music, stage: str, killed: set[int]) -> None:
    """Whoever works there, once it is nobody that was killed already."""
    await made.until(lambda: pid_of(made, stage) not in killed)
    killed.add(pid_of(made, stage))
    os.kill(pid_of(made, stage), signal.SIGKILL)


def pid_of(made: Music, stage: str) -> int:
    now = made.transport.now()
    assert now is not None
    uses = {use.name: use for use in (*now.track.served_by, now.track.use)}
    return uses[stage].pid


async def ended(made: Music) -> None:
    await made.transport.ended()


def test_kills_of_source_and_decoder_are_not_heard(tmp_path: Path) -> None:
    async def body() -> None:
        stream = served(numbered(tmp_path / "a.wav", FRAMES), chunk=CHUNK)
        async with music(tmp_path, [stream, SHORT]) as made:
            (entry, _) = made.entries
            with made.app.bus.subscribe(StageMended, capacity=100) as mended:
                await made.transport.play()
                killed: set[int] = set()
                for frame in range(FRAMES // 12, FRAMES * 9 // 10, FRAMES // 12):
                    await made.until_heard(entry, frame)
                    await kill(made, "decoder" if len(killed) % 3 == 2 else "source", killed)
                await ended(made)
                told = list(iter(mended.poll, None))
            assert len(killed) == 10
            assert [fact.name for fact in told].count("source") >= 7
            assert {fact.grade for fact in told} == {"A"} and {fact.name for fact in told} == {"source", "decoder"}
        assert made.runs() == [Run(0, FRAMES), Run(0, SHORT)]
        assert [failure for _, failure in made.played] == ["", ""]

    asyncio.run(body())


def test_a_stream_that_cannot_seek_is_read_again_where_it_is_known_to_be_the_same(tmp_path: Path) -> None:
    """By its size, here."""

    async def body() -> None:
        stream = served(numbered(tmp_path / "a.wav", FRAMES), chunk=CHUNK, seeks=0)
        async with music(tmp_path, [stream, SHORT]) as made:
            (entry, _) = made.entries
            with made.app.bus.subscribe(StageMended, capacity=100) as mended:
                await made.transport.play()
                killed: set[int] = set()
                for frame in range(FRAMES // 8, FRAMES, FRAMES // 4):
                    await made.until_heard(entry, frame)
                    await kill(made, "source", killed)
                await ended(made)
                told = [(fact.name, fact.grade) for fact in iter(mended.poll, None)]
            assert told == [("source", "A")] * len(killed) and len(killed) == 4
        assert made.runs() == [Run(0, FRAMES), Run(0, SHORT)]
        assert [failure for _, failure in made.played] == ["", ""]

    asyncio.run(body())


def test_a_stream_of_which_nothing_is_known_ends_with_its_source(tmp_path: Path) -> None:
    async def body() -> None:
        stream = served(numbered(tmp_path / "a.wav", FRAMES), chunk=CHUNK, seeks=0, sized=0)
        async with music(tmp_path, [stream, SHORT]) as made:
            (entry, _) = made.entries
            await made.transport.play()
            await made.until_heard(entry, SHORT)
            player = made.transport.player
            assert player is not None
            outcome = await player.update("source", {"path": str(tmp_path / "a.wav"), "chunk": 999, "seeks": 0})
            assert "from its middle on" in outcome.reason
            await kill(made, "source", set())
            await ended(made)
        (_, failure), (_, fine) = made.played
        assert "nobody can read this stream from its middle on" in failure and fine == ""
        runs = made.runs()
        assert (runs[0].start, runs[1:]) == (0, [Run(0, SHORT)]) and SHORT <= runs[0].end < FRAMES

    asyncio.run(body())


def test_files_and_streams_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    async def body() -> None:
        stream = served(numbered(tmp_path / "a.wav", SHORT))
        straight = served(numbered(tmp_path / "b.wav", SHORT), seeks=0, sized=0, chunk=CHUNK)
        async with music(tmp_path, [SHORT, stream, SHORT, straight, SHORT]) as made:
            await made.transport.play()
            await ended(made)
        assert made.runs() == [Run(0, SHORT)] * 5

    asyncio.run(body())


def test_seeks_in_a_stream_are_exact(tmp_path: Path) -> None:
    async def body() -> None:
        stream = served(numbered(tmp_path / "a.wav", FRAMES), chunk=CHUNK)
        async with music(tmp_path, [stream]) as made:
            (entry,) = made.entries
            await made.transport.play()
            places = [FRAMES // 2, FRAMES // 4, FRAMES - SHORT]
            for place in places:
                await made.until_heard(entry, 1000)
                await made.transport.seek(place / RATE_HZ)
                await made.until_heard(entry, place + 1000)
            await ended(made)
        assert [run.start for run in made.runs()] == [0, *places]
        assert made.runs()[-1].end == FRAMES

    asyncio.run(body())


@pytest.mark.parametrize("device", [False, True])
def test_a_source_that_stalls_holds_up_nobody_else(tmp_path: Path, device: bool) -> None:
    """The track before it plays, the wish to be elsewhere is carried out, and no worker is blamed."""

    async def body() -> None:
        frames = numbered(tmp_path / "a.wav", FRAMES)
        at_once, midway = served(frames, hang_at=0), served(frames, hang_at=frames.stat().st_size // 2)
        async with music(tmp_path, [SHORT, at_once, midway, SHORT], fades=device) as made:
            first, second, third, last = made.entries
            with made.app.bus.subscribe(PluginFault) as faults:
                await made.transport.play()
                await made.until_heard(first, SHORT // 2)
                await made.transport.next()
                assert made.transport.heard() == second
                await made.transport.next()
                await made.until_heard(third, 1)

                def buffers() -> bool:
                    now = made.transport.now()
                    return now is not None and now.buffering

                await made.until(buffers)
                await made.transport.pause()
                await made.transport.resume()
                await made.transport.seek(1.0)
                await made.until_heard(third, RATE_HZ + 5000)
                await made.until(buffers)
                await made.transport.next()
                await made.until_heard(last, 1)
                await ended(made)
                assert faults.poll() is None
        if not device:  # one that fades is heard in parts
            assert [run.start for run in made.runs()] == [0, 0, RATE_HZ, 0]

    asyncio.run(body())


def test_that_the_next_track_is_awaited_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [SHORT, served(numbered(tmp_path / "a.wav", FRAMES), hang_at=0)]) as made:
            await made.transport.play()

            def told() -> bool:
                now = made.transport.now()
                return now is not None and now.buffering and now.done_s > 1

            await made.until(told)
            await made.transport.stop()

    asyncio.run(body())


def test_wishes_while_a_decoder_finds_its_place_cost_no_worker(tmp_path: Path) -> None:
    """Between one wish and the next it has left its ring, is in a call, waits for bytes, or was destroyed already."""

    async def body() -> None:
        stream = served(numbered(tmp_path / "a.wav", FRAMES), chunk=CHUNK, pause_us=10_000)
        async with music(tmp_path, [stream]) as made:
            (entry,) = made.entries
            with made.app.bus.subscribe(StageMended) as mended, made.app.bus.subscribe(PluginFault) as faults:
                await made.transport.play()
                await made.until_heard(entry, 1000)
                for turn in range(20):
                    await made.transport.seek(2.0 + turn % 7)
                    for _ in range(turn):  # it gets ever further before the next wish comes
                        await asyncio.sleep(0.001)
                await made.transport.seek(FRAMES / RATE_HZ - 1)
                await ended(made)
                assert list(iter(mended.poll, None)) == [] and faults.poll() is None
            assert made.runs()[-1] == Run(FRAMES - RATE_HZ, FRAMES)
            assert [failure for _, failure in made.played] == [""]

    asyncio.run(body())


def test_the_first_track_may_stall(tmp_path: Path) -> None:
    async def body() -> None:
        stalled = served(numbered(tmp_path / "a.wav", FRAMES), hang_at=0)
        async with music(tmp_path, [stalled, SHORT]) as made:
            _, second = made.entries
            await made.transport.play()
            await made.until(lambda: any(each.plugin_id == SERVED for each in made.app.runtime.instances()))
            await made.transport.next()
            await made.until_heard(second, 1)
            await made.transport.previous()
            await made.until(lambda: made.transport.heard() != second)
            await made.transport.stop()
            assert made.transport.state is PlayState.STOPPED

    asyncio.run(body())


def test_a_source_that_gives_up_ends_its_track_with_what_it_said(tmp_path: Path) -> None:
    async def body() -> None:
        frames = numbered(tmp_path / "a.wav", FRAMES)
        async with music(tmp_path, [served(frames, fail_at=frames.stat().st_size // 2), SHORT]) as made:
            await made.transport.play()
            await ended(made)
        (_, failure), (_, fine) = made.played
        assert "nothing behind byte" in failure and fine == ""
        runs = made.runs()
        assert runs[0].start == 0 and abs(runs[0].end - FRAMES // 2) < 8192 and runs[1:] == [Run(0, SHORT)]

    asyncio.run(body())


def test_a_source_that_failed_ahead_is_asked_again(tmp_path: Path) -> None:
    """Its bytes end in the midst of the file, which it meets reading ahead; who seeks back hears nothing of that."""

    async def body() -> None:
        frames = numbered(tmp_path / "a.wav", FRAMES)
        async with music(tmp_path, [served(frames, fail_at=frames.stat().st_size // 2)]) as made:
            (entry,) = made.entries
            with made.app.bus.subscribe(StageMended) as mended:
                await made.transport.play()
                await made.until_heard(entry, FRAMES * 2 // 5)
                await made.transport.seek(1.0)
                await made.until_heard(entry, RATE_HZ + 1000)
                await kill(made, "source", set())
                await ended(made)
                assert [fact.name for fact in iter(mended.poll, None)] == ["source"]
        runs = made.runs()
        assert [run.start for run in runs] == [0, RATE_HZ] and abs(runs[1].end - FRAMES // 2) < 8192
        ((_, failure),) = made.played
        assert "nothing behind byte" in failure

    asyncio.run(body())


def test_what_cannot_be_opened_is_told_and_the_next_plays(tmp_path: Path) -> None:
    async def body() -> None:
        gone = served(tmp_path / "gone.wav")
        async with music(tmp_path, [gone, SHORT]) as made:
            await made.transport.play()
            await ended(made)
        (_, failure), (_, fine) = made.played
        assert failure.startswith("source://served/gone.wav: ") and "no such file" in failure and fine == ""
        assert made.runs() == [Run(0, SHORT)]

    asyncio.run(body())


def test_a_file_that_is_another_one_by_now_is_never_spliced(tmp_path: Path) -> None:
    async def body() -> None:
        path = numbered(tmp_path / "a.wav", FRAMES)
        async with music(tmp_path, [served(path, chunk=CHUNK), SHORT]) as made:
            await made.transport.play()
            await made.until_heard(made.entries[0], 1)
            with path.open("ab") as file:
                file.write(bytes(8))
            await kill(made, "source", set())
            await ended(made)
        (_, failure), (_, fine) = made.played
        assert "it has changed while it was played" in failure and fine == ""
        runs = made.runs()
        assert runs[0].start == 0 and 0 < runs[0].end < FRAMES and runs[1:] == [Run(0, SHORT)]

    asyncio.run(body())


def test_a_source_is_renewed_and_configured_while_its_stream_plays(tmp_path: Path) -> None:
    async def body() -> None:
        frames = numbered(tmp_path / "a.wav", FRAMES)
        async with music(tmp_path, [served(frames, chunk=CHUNK)]) as made:
            (entry,) = made.entries
            await made.transport.play()
            await made.until_heard(entry, SHORT)
            before = pid_of(made, "source")
            await made.app.runtime.renew(SERVED)
            player = made.transport.player
            assert player is not None
            (swapped,) = await player.swap(SERVED)
            assert (swapped.name, swapped.old_pid) == ("source", before)
            outcome = await player.update("source", {"path": str(frames), "chunk": 5003})
            assert (outcome.kind.value, outcome.config_gen) == ("recreated", 2), outcome
            assert next(spec.config["chunk"] for spec in player.specs() if spec.name == "source") == 5003
            bad = await player.update("source", {"path": str(tmp_path / "none")})
            assert bad.kind.value == "failed" and bad.config["chunk"] == 5003
            await ended(made)
        assert made.runs() == [Run(0, FRAMES)]

    asyncio.run(body())
