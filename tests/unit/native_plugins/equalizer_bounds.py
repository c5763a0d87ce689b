"""Random equalizers, and how far one sample can be from the next while one of them becomes another in 10 ms."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tests.support.direct_dsp import Frames

__all__ = [
    "GAINED",
    "GRID_FRAMES",
    "PASSES",
    "RATE_HZ",
    "STEPS",
    "Band",
    "Equalizer",
    "largest_step",
    "sine",
    "step_bound",
]

RATE_HZ = 48_000
GRID_FRAMES = 64
#: Of the grid in one glide: 10 ms, rounded up.
STEPS = 8
GAINED = ("peaking", "low_shelf", "high_shelf")
PASSES = ("low_pass", "high_pass", "notch")
#: What a pass or notch may change while it moves, as if it were a gain.
PASS_DB = 40.0


@dataclass
class Band:
    """One band as the configuration says it."""

    type: str
    freq_hz: float
    gain_db: float = 0
    q: float = 0.7

    @property
    def peak(self) -> float:
        """No frequency becomes louder than so many times; a pass resonates at its q."""
        return max(1, 10 ** (self.gain_db / 20) if self.type in GAINED else self.q)

    def change_db(self, other: Band) -> float:
        if self.type != other.type:
            return self.fade_db + other.fade_db
        return abs(self.gain_db - other.gain_db) if self.type in GAINED else PASS_DB

    @property
    def fade_db(self) -> float:
        """From nothing, or to it."""
        return abs(self.gain_db) if self.type in GAINED else PASS_DB


@dataclass
class Equalizer:
    """A configuration."""

    preamp_db: float = 0
    bands: list[Band] = field(default_factory=list)

    @property
    def config(self) -> dict[str, object]:
        return {"preamp_db": self.preamp_db, "bands": [vars(each) for each in self.bands]}

    @staticmethod
    def drawn(draw: random.Random, types: Sequence[str]) -> Equalizer:
        return Equalizer(draw.uniform(-20, 6), [_drawn_band(draw, each) for each in types])


def _drawn_band(draw: random.Random, kind: str) -> Band:
    gain_db = draw.choice([0, draw.uniform(-18, 18)])
    return Band(kind, 10 ** draw.uniform(1.3, 4.2), gain_db, 10 ** draw.uniform(-0.5, 0.7))


def sine(freq_hz: float, frames: int, amplitude: float = 0.1, channels: int = 1) -> Frames:
    wave = amplitude * np.sin(2 * np.pi * freq_hz * np.arange(frames) / RATE_HZ)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


def largest_step(samples: Frames) -> float:
    return float(np.abs(np.diff(samples.astype(np.float64), axis=0)).max())


def step_bound(audio: Frames, equalizers: Sequence[Equalizer]) -> float:
    """What the input steps, as loud as it can become, and what the gain adds per frame in the steepest glide.

    In one step of the grid the gain grows by the share of all changes in dB that falls to it, in a straight line. A
    quarter more is for what filters do beyond their gain while they move.
    """
    most = max(len(each.bands) for each in equalizers)
    gain = max(1, *(10 ** (each.preamp_db / 20) for each in equalizers))
    change_db = max(abs(a.preamp_db - b.preamp_db) for a, b in pairwise(equalizers))
    for place in range(most):
        gain *= max(each.bands[place].peak for each in equalizers if place < len(each.bands))
        change_db += max(_change_db(a, b, place) for a, b in pairwise(equalizers))
    per_frame = (10 ** (change_db / STEPS / 20) - 1) / GRID_FRAMES
    return 1.25 * gain * (largest_step(audio) + float(np.abs(audio).max()) * per_frame)


def _change_db(a: Equalizer, b: Equalizer, place: int) -> float:
    match a.bands[place : place + 1], b.bands[place : place + 1]:
        case [before], [after]:
            return before.change_db(after)
        case ([only], []) | ([], [only]):
            return only.fade_db
        case _:
            return 0
