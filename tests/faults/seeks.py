"""``./tools/faults seeks``: what is heard after each seek is the full decode from that very frame, in four codecs.

MP3 and Vorbis converge before that frame, as their decoders run up to it; so they are exact from the first sample on.
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import Random, SystemRandom

import numpy as np

from tests.e2e.audio import Samples, write_wav
from tests.faults.command import Command
from tests.faults.place import place
from tests.integration.playback.playing_queue import RATE_HZ, Music, music
from tests.support.capture import load_capture
from tests.support.direct_decoder import DirectDecoder
from tests.support.encoded import ENCODINGS, programme
from tests.support.ffmpeg_tool import encoded

__all__ = ["COMMAND", "FORMATS", "seeks"]

_SECONDS = 40
#: So much is heard between two seeks, at least.
_HEARD_FRAMES = 1500
#: So far from the end a seek may go that the track is not over before somebody looks.
_BEFORE_END = 16 * RATE_HZ
#: Where the last one goes, which is heard to the end.
_LAST_FRAMES = 777
_HALF_A_FRAME_S = 0.5 / RATE_HZ
_BY_NAME = {each.name: each for each in ENCODINGS}
#: And which decoder takes each.
FORMATS = {"flac": "flac", "wav": "wav", "mp3_variable": "mpg123", "vorbis": "vorbis"}


def seeks(folder: Path, name: str, times: int, random: Random) -> list[str]:
    """So many in a file of that format; gives all that was not as it must be. Skips where there is no encoder."""
    path = _made(name, folder)
    with DirectDecoder(FORMATS[name], path) as decoder:
        decoded = decoder.rest()
    middle = [random.randrange(len(decoded) - _BEFORE_END) for _ in range(times - 3)]
    goals = [0, 1, *middle, len(decoded) - _LAST_FRAMES]
    heard = asyncio.run(_heard(folder, path, goals))
    at = 0
    for number, start in enumerate((0, *goals)):
        exact = _alike(heard[at:], decoded[start:])
        if exact < min(_HEARD_FRAMES, len(decoded) - start):
            return [f"{name}: seek {number}, to frame {start}: only {exact} frames are right"]
        at += exact
    return [] if at == len(heard) else [f"{name}: {len(heard) - at} frames are heard after the end"]


def _made(name: str, folder: Path) -> Path:
    samples = programme(_SECONDS * RATE_HZ + 17, 2, RATE_HZ)
    if name == "wav":
        return write_wav(folder / "made.wav", samples, RATE_HZ)
    if name == "flac":
        return encoded(folder / "made.flac", samples, rate_hz=RATE_HZ)
    return _BY_NAME[name].encode(samples, folder)


async def _heard(folder: Path, path: Path, goals: list[int]) -> Samples:
    async with music(folder, [path]) as playing:
        await _seek(playing, goals)
    capture = load_capture(playing.heard_path, zeros_are_programme=True)
    return capture.samples().reshape(-1, capture.channels)


async def _seek(playing: Music, goals: list[int]) -> None:
    await playing.transport.play()
    (entry,) = playing.entries
    await playing.until_heard(entry, _HEARD_FRAMES)
    for goal in goals:
        await playing.transport.seek(goal / RATE_HZ + _HALF_A_FRAME_S)
        if goal != goals[-1]:
            await playing.until_heard(entry, goal + _HEARD_FRAMES)
    await playing.transport.ended()


def _alike(heard: Samples, wanted: Samples) -> int:
    """How many frames are the same from the begin on."""
    frames = min(len(heard), len(wanted))
    differs = np.flatnonzero(np.any(heard[:frames] != wanted[:frames], axis=1))
    return int(differs[0]) if len(differs) else frames


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=500, help="how many in each format (500)")
    parser.add_argument("--seed", type=int, help="of the frames; chosen and told when not given")


def _run(options: Namespace) -> int:
    seed: int = options.seed if options.seed is not None else SystemRandom().getrandbits(32)
    print(f"seeks: {options.times} in each of {', '.join(FORMATS)}, seed {seed}", flush=True)
    wrong = []
    for name in FORMATS:
        with place() as here:
            found = seeks(here.folder, name, options.times, Random(f"{seed} {name}"))
        print(f"  {name}: {options.times} seeks", flush=True)
        wrong += [*found, *here.left]
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} wrong" if wrong else "each is the full decode from that frame, and nothing else is heard")
    return 1 if wrong else 0


COMMAND = Command("seeks", "seeks in four codecs, each the full decode from that frame", _add_arguments, _run)
