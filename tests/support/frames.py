"""Frame-numbered audio: ``.frames`` inputs for the decoder of ``native_plugins/fault``, and whether it came out whole.

Every sample of frame n says n: below 2**24 the number itself, from there on laps of 2**23 as ``numbering.h`` has it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host.jsontext import JsonObject

__all__ = ["Audio", "first_wrong", "frame_numbers", "frames_said", "make_frames", "numbered_audio", "with_state"]

Audio = npt.NDArray[np.float32]

_PLAIN = 1 << 24
_LAP = 1 << 23
_STEP = 6364136223846793005
_WORD = 1 << 64


def make_frames(path: Path, frames: int, rate: int = 44100, channels: int = 2, fault: JsonObject | None = None) -> Path:
    """Writes an input of so many frames; ``fault``: an order for the decoder (``tests.support.faulty``)."""
    assert path.suffix == ".frames"
    order: JsonObject = {} if fault is None else {"fault": fault}
    path.write_text(json.dumps({"rate": rate, "channels": channels, "frames": frames} | order), encoding="utf-8")
    return path


def frame_numbers(start: int, frames: int) -> Audio:
    """What one channel holds in frames ``[start, start + frames)``."""
    n = np.arange(start, start + frames, dtype=np.int64)
    laps, inside = np.divmod(n - _PLAIN, _LAP)
    far = -np.ldexp((_LAP + inside).astype(np.float64), np.clip(laps, 0, 127).astype(np.int32))
    return np.where(n < _PLAIN, n.astype(np.float64), far).astype(np.float32)


def numbered_audio(start: int, frames: int, channels: int) -> Audio:
    """The same for all channels, interleaved."""
    return np.repeat(frame_numbers(start, frames), channels)


def frames_said(samples: Audio) -> npt.NDArray[np.int64]:
    """The frame that each sample names; -1 for a sample that names none."""
    exact = np.where(np.isfinite(samples), samples, 0.5).astype(np.float64)
    is_plain = (exact >= 0) & (exact < _PLAIN) & (exact == np.floor(exact))
    is_far = exact <= -_LAP
    mantissa, exponent = np.frexp(np.where(is_far, -exact, _LAP))
    far = _PLAIN + (exponent.astype(np.int64) - 24) * _LAP + (np.ldexp(mantissa, 24) - _LAP).astype(np.int64)
    return np.where(is_far, far, np.where(is_plain, exact, -1).astype(np.int64))


def first_wrong(samples: Audio, channels: int, start: int = 0) -> str:
    """Names the first frame that is not the one expected there; empty when all are right. Needs at least one frame."""
    assert len(samples) > 0
    if len(samples) % channels:
        return f"{len(samples)} samples are no whole number of frames of {channels} channels"
    frames = len(samples) // channels
    wrong = np.flatnonzero(samples.view(np.uint32) != numbered_audio(start, frames, channels).view(np.uint32))
    if len(wrong) == 0:
        return ""
    frame, channel = divmod(int(wrong[0]), channels)
    said = int(frames_said(samples[wrong[0] : wrong[0] + 1])[0])
    found = f"frame {said}" if said >= 0 else f"no frame but {samples[wrong[0]]!r}"
    return f"frame {start + frame} of {start}..{start + frames}: channel {channel} says {found}"


def with_state(samples: Audio, channels: int) -> Audio:
    """What the effect of ``native_plugins/fault`` with ``{"state": true}`` makes of all of this, begun anew."""
    bits = samples.view(np.uint32).reshape(-1, channels).astype(np.uint64) + np.uint64(1)
    ups = _powers(_STEP, len(bits))
    downs = _powers(pow(_STEP, -1, _WORD), len(bits))
    sums = ups * np.cumsum(downs * bits, axis=0, dtype=np.uint64)  # s[n] = STEP * s[n-1] + bits[n], all modulo 2**64
    return np.asarray((sums.view(np.int64) >> 40) / float(1 << 23), np.float32).reshape(-1)


def _powers(base: int, count: int) -> npt.NDArray[np.uint64]:
    """``base ** n`` for n from 0, modulo 2**64, as a column."""
    steps = np.full(count, base, np.uint64)
    steps[:1] = 1
    return np.cumprod(steps, dtype=np.uint64)[:, None]
