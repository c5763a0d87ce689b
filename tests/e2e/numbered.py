"""Frame-numbered inputs through the real ``render``: what came out, and what its report says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.e2e.audio import Samples, read_wav
from tests.e2e.conftest import Stellatune
from tests.support.frames import frame_numbers

RATE_HZ = 44_100
FRAMES = 10 * RATE_HZ


@dataclass(frozen=True)
class Rendered:
    """One finished ``render`` with an output."""

    code: int
    err: str
    report: dict[str, Any]
    samples: Samples

    @property
    def track(self) -> dict[str, Any]:
        """What the report says of the only input."""
        (found,) = self.report["inputs"]
        assert isinstance(found, dict)
        return found

    @property
    def repairs(self) -> list[tuple[str, str, str]]:
        """Stage, plugin and class of every repair, in order."""
        return [(each["stage"], each["plugin"], each["class"]) for each in self.report["repairs"]]


def text_of(place: Path, frames: int = FRAMES, deadly: tuple[int, int] | None = None, name: str = "in") -> Path:
    """An input; ``deadly``: frames that kill the decoder ``touchy``."""
    path = place / f"{name}.frames"
    more = {} if deadly is None else {"deadly": list(deadly)}
    path.write_text(json.dumps({"rate": RATE_HZ, "channels": 2, "frames": frames, **more}))
    return path


def render(stellatune: Stellatune, *arguments: str | Path, **environment: str) -> Rendered:
    """Renders inputs into float WAV, with a report."""
    out, report = stellatune.place / "out.wav", stellatune.place / "report.json"
    fixed: tuple[str | Path, ...] = ("-o", out, "--format", "f32", "--report", report)
    done = stellatune("render", *arguments, *fixed, **environment)
    assert out.exists() and report.exists(), done.err
    return Rendered(done.code, done.err, json.loads(report.read_text()), read_wav(out).samples)


def numbers(frames: int, start: int = 0) -> Samples:
    """What an undisturbed run gives: shape (frames, 2)."""
    return np.repeat(frame_numbers(start, frames)[:, None], 2, axis=1)
