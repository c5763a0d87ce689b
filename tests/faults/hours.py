"""``./tools/faults hours``: hours of music as fast as it goes, with a fault in every minute of it.

What the output counts and hashes is what direct decoding gives; the host is afterwards as it was before.
"""

from __future__ import annotations

import asyncio
import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from host.errors import StellaError
from host.events import PluginEmitted
from host.jsontext import JsonObject
from host.playback import Entry, Input, Modes, Repeat, TrackResult
from host.where import Where
from tests.faults.command import Command
from tests.faults.cycles import Memory, as_weighable
from tests.faults.hosted import Hosted, hosted
from tests.faults.night_faults import FAULT_KINDS, SINK, NightFaults
from tests.faults.night_music import Piece, Shape, library, made_files
from tests.faults.place import place
from tests.support.fnv import START, Fnv
from tests.support.plugin_lives import fill_executor, holdings

__all__ = ["COMMAND", "Hours", "Level", "hours"]

#: A playback of one shape is about so long; its last lap is played to the end.
_PLAYBACK_S = 1200.0
_WITHIN_S = 600.0
_LOOK_S = 0.002
_WARM_SHARE = 0.125
#: Less than a page for each fault of eight hours.
_MOST_KIB = 2048
_CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"


@dataclass(frozen=True, slots=True)
class Level:
    """What the host held between two playbacks, with nothing loaded."""

    programme_s: float
    memory: Memory
    held: dict[str, dict[str, int]]

    def __str__(self) -> str:
        counts = (f"{name.replace('_', ' ')} {sum(self.held[name].values())}" for name in _COUNTED)
        memory = f"rss {self.memory.rss} KiB, own {self.memory.own} KiB"
        return f"{self.programme_s / 3600:.2f} h: {memory}, {', '.join(counts)}"


_COUNTED = ("children", "descriptors", "threads", "shared_memory", "temporary_files")


@dataclass(slots=True)
class Hours:
    """What came of it. ``hashed``: frames whose hash was compared; ``wrong``: all that was not as it must be."""

    playbacks: int = 0
    plays: int = 0
    frames: int = 0
    hashed: int = 0
    programme_s: float = 0.0
    wall_s: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    levels: list[Level] = field(default_factory=list)  # after the warm-up, and now
    wrong: list[str] = field(default_factory=list)

    def expect(self, true: bool, otherwise: str) -> None:
        """Notes what is not so."""
        if not true:
            self.wrong.append(otherwise)


class _Night:
    def __init__(self, host: Hosted, faults: NightFaults, music: dict[Shape, tuple[Piece, ...]], fnv: Fnv) -> None:
        self.done = Hours()
        self._host = host
        self._faults = faults
        self._music = music
        self._fnv = fnv
        self._struck = 0

    async def play(self, shape: Shape, seconds: float) -> None:
        """One playback of about so long; its minutes are full of faults."""
        app, done = self._host.app, self.done
        app.play_through(self._faults.setup())
        app.queue.replace_all(Input(piece.path) for piece in self._music[shape])
        app.queue.set_modes(Modes(Repeat.ALL, shuffle=True))
        played: list[TrackResult] = []

        def note(_: Entry, result: TrackResult) -> None:
            played.append(result)
            if sum(each.frames_out for each in played) >= seconds * shape.rate_hz:
                app.queue.set_modes(Modes(shuffle=True))

        app.on_played = note
        with app.bus.subscribe(PluginEmitted) as facts:
            await app.transport.play()
            violence = asyncio.create_task(self._strike(shape))
            try:
                async with asyncio.timeout(_WITHIN_S):
                    await app.transport.ended()
            finally:
                violence.cancel()
                await asyncio.wait((violence,))
            told = []
            while (fact := facts.poll()) is not None:
                told += [fact.value] if fact.plugin_id == SINK and isinstance(fact.value, dict) else []
        if not violence.cancelled() and (error := violence.exception()) is not None:
            raise error
        done.playbacks += 1
        done.expect(len(told) == 1, f"playback {done.playbacks}: the output told {told}")
        if told:
            self._compare(shape, played, told[-1], self._faults.reap() > 0)

    def _compare(self, shape: Shape, played: list[TrackResult], told: JsonObject, sink_died: bool) -> None:
        """An output that took over knows only of the frames since then; what was before it is counted by the tracks."""
        done, where = self.done, f"playback {self.done.playbacks} ({shape})"
        pieces: dict[Where, Piece] = {piece.path: piece for piece in self._music[shape]}
        played.sort(key=lambda result: result.index)
        for result in played:
            right = result.failure is None and result.frames_out == pieces[result.where].frames
            done.expect(right, f"{where}: {result.where}: {result.frames_out} frames, {result.failure}")
        total, counted = sum(pieces[result.where].frames for result in played), int(str(told["frames"]))
        done.expect(counted == total or (sink_died and 0 < counted < total), f"{where}: {counted} frames of {total}")
        skip, value = total - counted, START
        for result in played:
            piece = pieces[result.where]
            if skip < piece.frames:
                value = self._fnv.after(value, piece.samples(max(0, skip), shape.channels))
            skip -= piece.frames
        done.expect(told["fnv1a64"] == f"{value:016x}", f"{where}: the hash {told['fnv1a64']} is not {value:016x}")
        done.plays += len(played)
        done.frames += total
        done.hashed += counted
        done.programme_s += total / shape.rate_hz

    async def _strike(self, shape: Shape) -> None:
        """One fault in every minute of all that is played."""
        transport = self._host.app.transport
        while True:
            with suppress(StellaError):  # rings that are being made anew say nothing
                now = transport.now()
                programme_s = self.done.programme_s + (0 if now is None else now.position / shape.rate_hz)
                if programme_s >= 60 * (self._struck + 1):
                    self._struck += await self._faults.strike()
            await asyncio.sleep(_LOOK_S)

    async def weigh(self, *, warm: bool) -> None:
        """With nothing loaded. ``warm``: what is grown until now is not counted: modules, caches that stay."""
        app = self._host.app
        app.on_played = lambda *_: None
        app.queue.clear()
        for plugin in {generation.plugin_id for generation in app.runtime.list()}:
            await app.runtime.unload(plugin)
        held = holdings()
        counts = {name: held[name] for name in _COUNTED}
        level = Level(self.done.programme_s, Memory.now(), counts)
        self.done.levels[0 if warm else 1 :] = [level]


async def hours(
    folder: Path,
    wanted_s: float,
    corpora: Path | None,
    random: Random,
    playback_s: float = _PLAYBACK_S,
    tell: Callable[[Level], None] = lambda _: None,
) -> Hours:
    """So many seconds of music from ``corpora`` (None: it makes some), a playback of each shape first."""
    began = time.monotonic()
    async with hosted(folder, plugins=NightFaults.plugins(folder)) as host:
        files = sorted(corpora.rglob("*")) if corpora is not None else await made_files(host, folder)
        music = library(files, folder)
        faults = NightFaults(host, folder, random)
        night = _Night(host, faults, music, Fnv(folder))
        await fill_executor()
        for shape in music:
            await night.play(shape, 61.0)
        shapes = [shape for shape, pieces in music.items() for _ in pieces]
        while night.done.programme_s < wanted_s and not night.done.wrong:
            left_s = wanted_s - night.done.programme_s
            await night.play(random.choice(shapes), min(left_s, playback_s))
            await night.weigh(warm=night.done.programme_s < wanted_s * _WARM_SHARE)
            tell(night.done.levels[-1])
        done = night.done
        faults.judge(done.expect)
    done.faults, done.deaths = faults.delivered(), faults.deaths
    done.wall_s = time.monotonic() - began
    minutes, blows = int(done.programme_s / 60), sum(done.faults.values()) - done.faults["exit"]
    done.expect(blows in (minutes - 1, minutes), f"{blows} blows from outside in {minutes} minutes")
    first, last = done.levels[0], done.levels[-1]
    for name in _COUNTED:
        done.expect(last.held[name] == first.held[name], f"{name}: {last.held[name]}, before {first.held[name]}")
    return done


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, default=8.0, help="of music (8)")
    parser.add_argument("--corpora", type=Path, help="a folder of audio (../shared/corpora, or what it makes itself)")
    parser.add_argument("--seed", type=int, help="of all that is chosen; chosen and told when not given")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    corpora: Path | None = options.corpora or (_CORPORA if _CORPORA.is_dir() else None)
    more = () if corpora is None else ("--corpora", str(corpora))
    as_weighable("hours", "--hours", str(options.hours), "--seed", str(seed), *more)
    print(f"hours: {options.hours:g} of {corpora or 'music it makes'}, seed {seed}, pid {os.getpid()}", flush=True)
    with place() as here:
        work = hours(here.folder, options.hours * 3600, corpora, Random(seed), tell=lambda level: print(f"  {level}"))
        done = asyncio.run(work)
    wrong = [*done.wrong, *here.left]
    first, last = done.levels[0], done.levels[-1]
    for name, was, is_ in (
        ("rss", first.memory.rss, last.memory.rss),
        ("own memory", first.memory.own, last.memory.own),
    ):
        if is_ - was > _MOST_KIB:
            wrong.append(f"{name}: {was} KiB after the warm-up, {is_} KiB at the end")
    minutes = done.programme_s / 60
    print(f"{done.plays} plays in {done.playbacks} playbacks, {done.programme_s / 3600:.2f} h in {done.wall_s:.0f} s")
    print(f"{done.frames} frames, {done.hashed} of them under a hash; all as direct decoding has them")
    kinds = ", ".join(f"{kind} {done.faults.get(kind, 0)}" for kind in FAULT_KINDS)
    print(f"{sum(done.faults.values())} faults in {minutes:.0f} minutes: {kinds}; {done.deaths} deaths")
    print(f"after the warm-up: {first}\nat the end:        {last}")
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "the host is as it was")
    return 1 if wrong else 0


COMMAND = Command("hours", "hours of music, and a fault in every minute of it", _add_arguments, _run)
