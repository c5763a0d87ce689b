"""What is played for hours: files and what direct decoding makes of them, apart by rate and channels."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.e2e.audio import write_wav
from tests.faults.hosted import Hosted, Programme
from tests.support.direct_decoder import DirectDecoder
from tests.support.encoded import ENCODINGS, programme
from tests.support.frames import Audio

__all__ = ["Piece", "Shape", "library", "made_files"]

#: By how a file is named: who decodes it.
_TYPES = {".flac": "flac", ".wav": "wav", ".mp3": "mpg123", ".ogg": "vorbis", ".opus": "opus"}
#: Lengths of the files that are made: no whole number of blocks of anybody.
_SECONDS = (3, 5, 2, 7)
_RATE_HZ = 44_100
_ENCODED = ("mp3_variable", "mp3_constant", "vorbis", "mp3_low_rate", "vorbis_mono", "opus")


@dataclass(frozen=True, slots=True)
class Shape:
    """Rate and channels: what plays in one playback without being converted."""

    rate_hz: int
    channels: int

    def __str__(self) -> str:
        return f"{self.rate_hz} Hz x {self.channels}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A file; ``decoded``: the file of its samples, interleaved."""

    path: Path
    frames: int
    decoded: Path

    def samples(self, skip: int, channels: int) -> Audio:
        """From frame ``skip`` on; not read before somebody looks."""
        return np.memmap(self.decoded, np.float32, mode="r", offset=skip * channels * 4)


async def made_files(host: Hosted, folder: Path) -> list[Path]:
    """Music in the formats of which an encoder is here."""
    files = []
    for number, seconds in enumerate(_SECONDS):
        samples = programme(seconds * _RATE_HZ + 17 * number, 2, _RATE_HZ)
        files.append(write_wav(folder / f"plain{number}.wav", samples, _RATE_HZ))
        files.append(folder / f"packed{number}.flac")
        await host.render(Programme(files[-2], (), ()), files[-1], "s16")
    for encoding in ENCODINGS:
        if encoding.name in _ENCODED and shutil.which(encoding.command[0]) is not None:
            files.append(encoding.make(folder, 6, name=encoding.name)[0])
            (folder / f"{encoding.name}.wav").unlink()
    return files


def library(files: Iterable[Path], folder: Path) -> dict[Shape, tuple[Piece, ...]]:
    """What direct decoding makes of the files, in this process and without a worker. Others than audio are left out."""
    shapes: dict[Shape, list[Piece]] = defaultdict(list)
    for number, path in enumerate(files):
        type_id = _TYPES.get(path.suffix.lower())
        if type_id is None:
            continue
        with DirectDecoder(type_id, path) as decoder:
            shape = Shape(decoder.info.rate_hz, decoder.info.channels)
            samples = decoder.rest()
        decoded = folder / f"decoded-{number}.f32"
        samples.tofile(decoded)
        shapes[shape].append(Piece(path, len(samples), decoded))
    return {shape: tuple(pieces) for shape, pieces in shapes.items()}
