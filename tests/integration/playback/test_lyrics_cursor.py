"""The cursor of the words, against a device that keeps time: every line within 50 ms of its time, by the frame heard.

The machine may be busy: by how much the loop itself was late is measured beside, and taken off.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from host.app import PlaybackSetup
from host.cli.chain_options import DspOption, OutputOption
from host.cli.wiring import stages, wire_output
from host.events import LyricsChanged, LyricsCursor
from host.jsontext import JsonObject
from host.lyrics.follower import LONG_LEAP_MS
from host.playback import Entry, FormatPolicy, Input
from tests.faults.hosted import Hosted, hosted
from tests.support.faulty import Order
from tests.support.frames import make_frames

pytestmark = pytest.mark.paced

RATE_HZ = 44_100
#: Of the chain: all is converted.
CHAIN_HZ = 48_000
LATE_MS = 50.0
LOOK_S = 0.005
STEP_MS = 100
PACED: JsonObject = {"paced": True}


@dataclass
class Heard:
    """A host that plays words, and what its cursor told. ``stall_ms``: the most that the loop was late."""

    host: Hosted
    entries: tuple[Entry, ...]
    told: list[LyricsCursor] = field(default_factory=list)
    changes: list[LyricsChanged] = field(default_factory=list)
    stall_ms: float = 0.0

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            assert self.host.app.transport.failure is None, self.host.app.transport.failure
            await asyncio.sleep(LOOK_S)

    async def lines(self, count: int) -> None:
        """Until so many more have been told."""
        wanted = len(self.told) + count
        await self.until(lambda: len(self.told) >= wanted)

    def pid_of(self, name: str) -> int:
        playback = self.host.app.status()["playback"]
        assert isinstance(playback, dict) and isinstance(playback["chain"], list)
        return next(int(str(use["pid"])) for use in playback["chain"] if isinstance(use, dict) and use["name"] == name)

    def judge(self) -> int:
        """Says how many came when they were due, and were told one after the other."""
        judged = 0
        for before, each in zip([None, *self.told], self.told, strict=False):
            at_ms = each.frame * 1000 / each.sample_rate_hz
            assert abs(at_ms - each.position_ms) < 1, each
            if each.moved:  # the place it is at now, or a line that a short leap has passed over
                passed_ms = each.position_ms - each.at_ms
                assert 0 <= passed_ms < LONG_LEAP_MS + STEP_MS, each
                continue
            assert 0 <= each.position_ms - each.at_ms <= LATE_MS + self.stall_ms, (each, self.stall_ms)
            assert each.at_ms == each.line * STEP_MS
            assert each.text == f"line {each.line}"
            if before is not None and before.index == each.index:
                assert each.line == before.line + 1, (before, each)
            judged += 1
        return judged


def words(count: int) -> str:
    """A line every 100 ms, from the begin on, in no order."""
    lines = []
    for line in reversed(range(count)):
        minutes, rest_ms = divmod(line * STEP_MS, 60_000)
        lines.append(f"[{minutes:02}:{rest_ms // 1000:02}.{rest_ms % 1000:03}]line {line}")
    return "\n".join(lines)


@asynccontextmanager
async def heard(
    folder: Path, seconds: tuple[int, ...], *, crossfade_s: float = 0.0, effects: tuple[DspOption, ...] = ()
) -> AsyncIterator[Heard]:
    """Tracks with words beside them, and somebody who listens; nothing plays yet."""
    async with hosted(folder / "host") as host:
        app, plugins = host.app, host.app.discovery.plugins
        output = wire_output(OutputOption("null", None), PACED, plugins)
        formats = FormatPolicy(rate_hz=CHAIN_HZ)
        app.play_through(PlaybackSetup(stages(effects, plugins), output, formats=formats, crossfade_s=crossfade_s))
        files = [make_frames(folder / f"{at}.frames", each * RATE_HZ, RATE_HZ) for at, each in enumerate(seconds)]
        for file, each in zip(files, seconds, strict=True):
            file.with_suffix(".lrc").write_text(words(each * 1000 // STEP_MS))
        made = Heard(host, app.queue.add(map(Input, files)))
        with app.bus.subscribe(LyricsCursor, LyricsChanged) as facts:

            async def listen() -> None:
                async for fact in facts:
                    if isinstance(fact, LyricsCursor):
                        made.told.append(fact)
                    elif isinstance(fact, LyricsChanged):
                        made.changes.append(fact)

            async def watch() -> None:
                loop = asyncio.get_running_loop()
                while True:
                    began = loop.time()
                    await asyncio.sleep(LOOK_S)
                    made.stall_ms = max(made.stall_ms, (loop.time() - began - LOOK_S) * 1000)

            tasks = [asyncio.create_task(each) for each in (listen(), watch())]
            try:
                yield made
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)


def test_each_line_when_its_frame_is_heard_across_seeks_pauses_and_deaths(tmp_path: Path) -> None:
    async def body() -> None:
        async with heard(tmp_path, (120,), effects=(DspOption("gain", "gain", {}),)) as made:
            transport = made.host.app.transport
            await transport.play()
            await made.lines(6)
            for to_s in (60.05, 2.55):
                await transport.seek(to_s)
                seeked = len(made.told)
                await made.lines(6)
                assert made.told[seeked].moved or made.told[seeked - 1].moved
            for _ in range(2):
                await transport.pause()
                await asyncio.sleep(0.2)
                stood = len(made.told)
                looks = looked(made)
                await asyncio.sleep(0.2)
                assert (len(made.told), looks()) == (stood, 0), "nothing is told, and nothing wakes"
                await transport.resume()
                await made.lines(5)
            await transport.pause()
            await transport.seek(30.0)
            await made.until(lambda: made.told[-1].line == 300)
            await transport.resume()
            await made.lines(4)
            for name in ("output", "gain", "decoder"):
                os.kill(made.pid_of(name), signal.SIGKILL)
                await made.lines(6)
        assert made.judge() > 40
        assert sum(each.moved for each in made.told) < 20
        assert len(made.host.witness.deaths) == 3
        assert [(each.provider, each.timed, each.lines) for each in made.changes] == [("sidecar", True, 1200)]

    asyncio.run(body())


def looked(made: Heard) -> Callable[[], int]:
    """How often the cursor looks from now on."""
    desk = made.host.app.lyrics
    before, count = desk.moment, 0

    def moment() -> object:
        nonlocal count
        count += 1
        return before()

    desk.moment = moment  # type: ignore[method-assign, assignment]
    return lambda: count


def test_over_the_join_of_tracks_and_a_fade(tmp_path: Path) -> None:
    async def body() -> None:
        async with heard(tmp_path, (3, 3, 3), crossfade_s=1.0) as made:
            app = made.host.app
            await app.transport.play()
            await made.until(lambda: bool(made.told) and made.told[-1].entry == made.entries[1].id)
            await made.lines(5)
            await app.transport.next()
            await made.until(lambda: made.told[-1].entry == made.entries[2].id)
            await made.lines(5)
        assert made.judge() > 25
        firsts = {each.entry: each for each in reversed(made.told)}
        assert list(firsts) == [each.id for each in reversed(made.entries)]
        assert firsts[made.entries[1].id].line <= 1, "its words were there before it was heard"
        assert [each.entry for each in made.changes] == [each.id for each in made.entries]

    asyncio.run(body())


def test_nobody_listens_nothing_is_done(tmp_path: Path) -> None:
    async def body() -> None:
        async with heard(tmp_path, (60,)) as made:
            await made.host.app.transport.play()
            await made.lines(3)
        looks = 0
        async with hosted(tmp_path / "quiet") as host:
            host.app.play_through(
                PlaybackSetup((), wire_output(OutputOption("null", None), PACED, host.app.discovery.plugins))
            )
            host.app.queue.add([Input(tmp_path / "0.frames")])
            before = host.app.lyrics.moment

            def moment() -> object:
                nonlocal looks
                looks += 1
                return before()

            host.app.lyrics.moment = moment  # type: ignore[method-assign, assignment]
            with host.app.bus.subscribe(LyricsChanged):  # who names the other fact costs nothing
                await host.app.transport.play()
                while (now := host.app.transport.now()) is None or now.place.source_frame < RATE_HZ // 2:
                    await asyncio.sleep(LOOK_S)
            assert looks == 0

    asyncio.run(body())


def test_words_of_a_track_that_begins_in_the_midst_of_a_file(tmp_path: Path) -> None:
    """What was found by the file counts from its begin."""

    async def body() -> None:
        async with heard(tmp_path, (60,)) as made:
            app = made.host.app
            cue = tmp_path / "album.cue"
            tracks = "".join(f" TRACK 0{n} AUDIO\n INDEX 01 00:{at}:00\n" for n, at in ((1, "00"), (2, "20")))
            cue.write_text(f'FILE "0.frames" WAVE\n{tracks}')
            app.queue.clear()
            await app.queueing.add((str(cue),), comes_next=False, before=None, after=None, replaces=False)
            await app.transport.goto(app.queue.entries[1].id)
            await made.lines(5)
        assert made.told[0].line >= 200
        assert made.judge() >= 3

    asyncio.run(body())


def test_while_a_seek_sets_the_clock_the_last_place_is_told(tmp_path: Path) -> None:
    """Or else lines of what lies in the rings would seem due: of up to two seconds further on."""
    marks = tmp_path / "marks"
    marks.mkdir()
    slow = Order("slow", "seek", marks, arg=200).json

    async def body() -> None:
        async with heard(tmp_path, (120,)) as made:
            transport = made.host.app.transport
            make_frames(tmp_path / "0.frames", 120 * RATE_HZ, RATE_HZ, fault=slow)
            await transport.play()
            await made.lines(12)
            began_s, seeking, looks = made.told[-1].position_ms / 1000, asyncio.ensure_future(transport.seek(60.0)), 0
            while not seeking.done():
                await asyncio.sleep(0.001)
                now = transport.now()
                assert now is not None
                assert now.place.seconds < began_s + 0.5 or 60 <= now.place.seconds < 60.5, now.place
                looks += 1
            assert looks > 20
            await made.lines(3)
        assert made.judge() > 12
        assert len(list(marks.iterdir())) == 1

    asyncio.run(body())
