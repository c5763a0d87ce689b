"""Runs of frame numbers in what a device was given, also where it was half as loud, faded, or starved for a while.

A volume of a half, or of a quarter, keeps every number exact; a fade keeps its place in the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["Heard", "NumberedRun", "heard_runs"]

#: Steps from frame to frame at volumes of which each is a power of two.
_STEPS = (1.0, 0.5, 0.25)
#: Shorter ones may be chance, in a ramp.
_LEAST_FRAMES = 64
#: Frames at the edge of a ramp may be full, or silent, already.
_EDGE_FRAMES = 2


@dataclass(frozen=True, slots=True)
class NumberedRun:
    """Frames ``[start, end)`` of a track, given at ``place`` of the whole."""

    place: int
    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Heard:
    """``frames``: all that was given. ``jumps``: places between two runs where the count does not go on."""

    frames: int
    runs: tuple[NumberedRun, ...]
    jumps: tuple[tuple[NumberedRun, NumberedRun], ...]

    @property
    def plain_frames(self) -> int:
        """Those that say their number."""
        return sum(run.frames for run in self.runs)


def heard_runs(path: Path, channels: int) -> Heard:
    """Of the float32 file of the capture output, in the order it came."""
    samples = np.fromfile(path, np.float32).reshape(-1, channels)[:, 0].astype(np.float64)
    runs = tuple(_runs(samples))
    jumps = tuple((one, two) for one, two in pairwise(runs) if not _goes_on(samples, one, two))
    return Heard(len(samples), runs, jumps)


def _runs(samples: npt.NDArray[np.float64]) -> list[NumberedRun]:
    steps = np.diff(samples)
    found = []
    for step in _STEPS:
        steady = np.concatenate([[False], steps == step, [False]])
        edges = np.flatnonzero(np.diff(steady.astype(np.int8)))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            start = samples[first] / step
            if last - first >= _LEAST_FRAMES and start == int(start):
                found.append(NumberedRun(int(first), int(start), int(start) + int(last - first) + 1))
    return sorted(found, key=lambda run: run.place)


def _goes_on(samples: npt.NDArray[np.float64], one: NumberedRun, two: NumberedRun) -> bool:
    """Whether what lies between them is as long as the count says: a ramp, or the zeros of a starved output in it."""
    between = samples[one.place + one.frames : two.place]
    missing = two.start - one.end
    sounding = int(np.count_nonzero(between))
    return sounding - _EDGE_FRAMES <= missing <= len(between) + _EDGE_FRAMES
