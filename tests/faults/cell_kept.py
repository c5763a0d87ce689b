"""Reads what the fault plugin's output kept (``keep.h``), and puts it beside what it should have been."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.support.frames import Audio

__all__ = ["Kept", "read_kept"]

_HEAD = np.dtype([("position", np.int64), ("frames", np.int64), ("channels", np.int64)])


@dataclass(frozen=True, slots=True)
class Kept:
    """The programme by position.

    ``taken``: how often each frame was taken. ``reopened``: where the output was opened again after it had taken some.
    """

    samples: Audio
    taken: npt.NDArray[np.int64]
    reopened: tuple[int, ...]

    @property
    def frames(self) -> int:
        """As far as it goes."""
        return len(self.taken)

    @property
    def lost(self) -> int:
        """Frames that were never taken, and are followed by others."""
        return int(np.count_nonzero(self.taken == 0))

    def differing(self, golden: Audio) -> npt.NDArray[np.int64]:
        """The frames that are not what they should be; those that one side lacks among them."""
        channels = len(self.samples) // self.frames if self.frames else 1
        ours = self.samples.view(np.uint32).reshape(-1, channels)
        theirs = golden.view(np.uint32).reshape(-1, channels)
        common = min(len(ours), len(theirs))
        wrong = np.flatnonzero((ours[:common] != theirs[:common]).any(axis=1))
        return np.concatenate([wrong, np.arange(common, max(len(ours), len(theirs)))])


def read_kept(path: Path, channels: int) -> Kept:
    """All records. A torn one is an error: who opens the file next cuts it off."""
    data = path.read_bytes() if path.exists() else b""
    at = 0
    reopened: list[int] = []
    pieces: list[tuple[int, Audio]] = []
    while at < len(data):
        (head,) = np.frombuffer(data, _HEAD, 1, at)
        at += _HEAD.itemsize
        position, frames = int(head["position"]), int(head["frames"])
        assert int(head["channels"]) == channels, f"{path}: a record of {head['channels']} channels"
        if frames < 0:
            reopened += [position] if pieces else []
            continue
        pieces.append((position, np.frombuffer(data, np.float32, frames * channels, at)))
        at += 4 * frames * channels
    end = max((position + len(piece) // channels for position, piece in pieces), default=0)
    samples = np.full(end * channels, np.nan, np.float32)
    taken = np.zeros(end, np.int64)
    for position, piece in pieces:
        samples[position * channels : position * channels + len(piece)] = piece
        taken[position : position + len(piece) // channels] += 1
    return Kept(samples, taken, tuple(reopened))
