"""``./tools/faults streams``: a file from a web server that breaks off, its source and its decoder killed on the way.

What is heard is the file, frame for frame, and each kill is told as a repair that nobody heard. Where ``source_http``
is not built, ``tests/plugins/served`` serves the file.
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random, SystemRandom

from host.events import StageMended
from host.where import SourceTrack
from tests.faults.command import Command
from tests.faults.place import place
from tests.integration.playback.playing_queue import RATE_HZ, Music, Run, music, served
from tests.integration.playback.test_streams import kill, numbered
from tests.support.http_file import HttpFile
from tests.support.http_server import HttpServer
from tests.support.worker_peer import ROOT

__all__ = ["COMMAND", "streams"]

#: Between two kills on average; the device is eight times as fast as a real one.
_FRAMES = 4 * RATE_HZ
_SPARE_FRAMES = 10 * RATE_HZ
_CLOSE_EVERY = 200_000
#: One in so many hits the decoder.
_DECODER = 4


def streams(folder: Path, kills: int, random: Random) -> tuple[list[str], Counter[str]]:
    """All that was not as it must be, and how many of each stage were replaced."""
    frames = kills * _FRAMES + _SPARE_FRAMES
    path = numbered(folder / "long.wav", frames)
    places = sorted(random.randrange(RATE_HZ, frames - _SPARE_FRAMES) for _ in range(kills))
    with ExitStack() as stack:
        track: SourceTrack = served(path, chunk=10_007)
        if (ROOT / "native_plugins/source_http/source_http.so").exists():
            server = stack.enter_context(HttpServer())
            server.routes["/long.wav"] = HttpFile(path.read_bytes(), "audio/wav", close_every=_CLOSE_EVERY)
            track = SourceTrack(server.url("/long.wav"))
        return asyncio.run(_perform(folder, track, frames, places, random))


async def _perform(
    folder: Path, track: SourceTrack, frames: int, places: list[int], random: Random
) -> tuple[list[str], Counter[str]]:
    killed: set[int] = set()
    hit: Counter[str] = Counter()
    async with music(folder, [track]) as made:
        with made.app.bus.subscribe(StageMended, capacity=10 * len(places) + 100) as mended:
            await made.transport.play()
            for frame in places:
                await made.until_heard(made.entries[0], frame)
                stage = "source" if random.randrange(_DECODER) else "decoder"
                await kill(made, stage, killed)
                hit[stage] += 1
            await made.transport.ended()
            told = list(iter(mended.poll, None))
    return list(_wrong(made, frames, hit, told)), Counter(fact.name for fact in told)


def _wrong(made: Music, frames: int, hit: Counter[str], told: list[StageMended]) -> list[str]:
    wrong = [failure for _, failure in made.played if failure]
    if made.runs() != [Run(0, frames)]:
        wrong.append(f"heard {made.runs()} of {frames} frames")
    wrong += [f"heard: {fact}" for fact in told if fact.grade != "A"]
    for stage, kills in hit.items():
        mended = sum(fact.name == stage for fact in told)
        if mended < kills - 1:  # the last may come when all is there already
            wrong.append(f"{kills} kills of the {stage}, {mended} repairs")
    return wrong


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=50, help="how many workers are killed (50)")
    parser.add_argument("--seed", type=int, help="of when and whom; chosen and told when not given")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"streams: {options.kills} kills, seed {seed}", flush=True)
    with place() as here:
        wrong, mended = streams(here.folder, options.kills, Random(seed))
    wrong += here.left
    for each in wrong:
        print(f"WRONG: {each}")
    repairs = ", ".join(f"{count} of the {stage}" for stage, count in sorted(mended.items()))
    print(f"{len(wrong)} wrong" if wrong else f"bit for bit the file; repaired without a sound: {repairs}")
    return 1 if wrong else 0


COMMAND = Command("streams", "a file over HTTP, with source and decoder killed on the way", _add_arguments, _run)
