"""Files that real encoders make of a known programme; what needs an encoder that is missing is skipped."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.audio import write_wav

__all__ = ["ENCODINGS", "Encoding", "programme"]


def programme(frames: int, channels: int, rate_hz: int) -> NDArray[np.int16]:
    """Gliding tones, one a channel, under bursts of noise: nothing repeats. Shape (frames, channels)."""
    time_s = np.arange(frames)[:, None] / rate_hz
    tones = 0.3 * np.sin(2 * np.pi * (220 + 110 * np.arange(channels)) * time_s * (1 + 0.1 * np.sin(time_s)))
    noise = np.random.default_rng(5).standard_normal((frames, channels)) * (np.sin(3 * time_s) > 0)
    return np.clip((tones + 0.1 * noise) * 32767, -32768, 32767).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to encode; ``type_id`` is the decoder that has to take it."""

    name: str
    type_id: str
    suffix: str
    command: tuple[str, ...]
    rate_hz: int = 44_100
    channels: int = 2
    #: The file says how many frames the material had. LAME's header does not fit into the smallest blocks.
    is_gapless: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def decoded_rate_hz(self) -> int:
        return 48_000 if self.type_id == "opus" else self.rate_hz

    def make(self, folder: Path, seconds: int = 8, more: tuple[str, ...] = (), name: str = "made") -> tuple[Path, int]:
        """The file, and the frames of its material. Skips where the encoder is missing."""
        samples = programme(seconds * self.rate_hz + 123, self.channels, self.rate_hz)
        return self.encode(samples, folder, more, name), len(samples)

    def encode(self, samples: NDArray[np.int16], folder: Path, more: tuple[str, ...] = (), name: str = "made") -> Path:
        tool, *options = self.command
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
        source = write_wav(folder / f"{name}.wav", samples, self.rate_hz)
        path = folder / f"{name}.{self.suffix}"
        target = ["-o", str(path)] if tool == "oggenc" else [str(path)]
        subprocess.run([tool, *options, *more, str(source), *target], check=True, stdin=subprocess.DEVNULL)
        return path


_LAME, _OGGENC, _OPUSENC = ("lame", "--quiet"), ("oggenc", "-Q"), ("opusenc", "--quiet")

ENCODINGS: tuple[Encoding, ...] = (
    Encoding("mp3_constant", "mpg123", "mp3", (*_LAME, "-b", "128")),
    Encoding("mp3_variable", "mpg123", "mp3", (*_LAME, "-V", "4")),
    Encoding("mp3_lowest", "mpg123", "mp3", (*_LAME, "-b", "32", "--resample", "48"), 48_000, is_gapless=False),
    Encoding("mp3_mono", "mpg123", "mp3", (*_LAME, "-b", "64"), channels=1),
    Encoding("mp3_free_format", "mpg123", "mp3", (*_LAME, "--freeformat", "-b", "400")),
    Encoding("mp3_no_header", "mpg123", "mp3", (*_LAME, "-t", "-V", "4"), is_gapless=False),
    Encoding("mp3_low_rate", "mpg123", "mp3", (*_LAME, "-V", "4"), rate_hz=22_050, channels=1),
    Encoding("vorbis", "vorbis", "ogg", (*_OGGENC, "-q", "5")),
    Encoding("vorbis_mono", "vorbis", "oga", (*_OGGENC, "-q", "0"), rate_hz=22_050, channels=1),
    Encoding("vorbis_six", "vorbis", "ogg", (*_OGGENC, "-q", "3"), rate_hz=48_000, channels=6),
    Encoding("opus", "opus", "opus", (*_OPUSENC, "--bitrate", "96"), rate_hz=48_000),
    Encoding("opus_speech", "opus", "opus", (*_OPUSENC, "--bitrate", "10", "--speech"), rate_hz=48_000, channels=1),
    Encoding("opus_six", "opus", "opus", _OPUSENC, rate_hz=48_000, channels=6),
)
