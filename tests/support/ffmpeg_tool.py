"""Files in formats that only FFmpeg writes, made when a test needs them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.audio import write_wav
from tests.support.child import ROOT

__all__ = ["encoded", "music"]


def music(frames: int, channels: int = 2, seed: int = 1) -> NDArray[np.int16]:
    """Tones with some noise: no two stretches alike, and what a codec can do something with."""
    rng = np.random.default_rng(seed)
    phases = np.arange(frames)[:, None] * (0.05 + 0.013 * np.arange(channels))
    return (np.sin(phases) * 12_000 + rng.normal(0, 300, (frames, channels))).astype(np.int16)


def encoded(path: Path, samples: NDArray[np.int16], *options: str, rate_hz: int = 44_100) -> Path:
    """``samples`` as the format that ``path`` ends in; skips the test where that cannot be had."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg tool is not installed")
    if not (ROOT / "native_plugins/decoder_ffmpeg/decoder_ffmpeg.so").exists():
        pytest.skip("decoder_ffmpeg is not built here: its packages are missing")
    source = write_wav(path.with_name(f"{path.name}.source.wav"), samples, rate_hz)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), *options, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    source.unlink()
    return path
