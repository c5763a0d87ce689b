"""What the limiter is to give, frame by frame as it is defined and as slowly as that is, in whole numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from tests.support.direct_dsp import Frames

__all__ = ["ONE", "ceiling_of", "delayed", "lookahead_of", "ramp_frames_of", "released_share", "what_is_due"]

ONE = 1 << 28


def ceiling_of(ceiling_db: float) -> float:
    """Linear, as float32."""
    return float(np.float32(10 ** (ceiling_db / 20)))


def lookahead_of(lookahead_ms: float, rate_hz: int) -> int:
    """In frames."""
    return max(1, int(lookahead_ms * rate_hz / 1000 + 0.5))


def ramp_frames_of(rate_hz: int) -> int:
    """How long a new configuration is on its way: 10 ms, and a frame for what is left of a division."""
    return rate_hz // 100 + 1


def released_share(release_ms: float, rate_hz: int) -> int:
    """Of the way back that one frame goes, in units of 2^-32."""
    return min(2**32 - 1, max(1, int(-math.expm1(-1000 / (release_ms * rate_hz)) * 2**32)))


def delayed(samples: Frames, frames: int) -> Frames:
    """Late by so many frames, silence before."""
    lead = np.zeros((frames, samples.shape[1]), np.float32)
    return np.concatenate([lead, samples])[: len(samples)]


def what_is_due(
    samples: Frames,
    rate_hz: int,
    ceiling_db: float = -1,
    lookahead_ms: float = 5,
    release_ms: float = 50,
    input_gain_db: float = 0,
) -> Frames:
    """The output for an input with finite samples."""
    ahead, share = lookahead_of(lookahead_ms, rate_hz), released_share(release_ms, rate_hz)
    ceiling = Fraction(ceiling_of(ceiling_db))
    taken = samples * np.float32(10 ** (input_gain_db / 20))
    needed, released = [ONE] * ahead, [ONE] * (ahead + 1)
    out = delayed(taken, ahead)
    for frame in range(len(samples)):
        peak = Fraction(float(np.abs(taken[frame]).max()))
        needed.append(ONE if peak <= ceiling else int(ceiling * ONE / peak))
        least, last = min(needed[-ahead - 1 :]), released[-1]
        released.append(least if last >= least else last + -(-(least - last) * share // 2**32))
        gain = sum(released[-ahead - 1 :]) // (ahead + 1)
        out[frame] = (out[frame].astype(np.float64) * (gain / ONE)).astype(np.float32)
    return out
