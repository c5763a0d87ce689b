"""An output that cannot be heard: since when, why, and where the music stood."""

from __future__ import annotations

import time
from dataclasses import field

from host.playback.output import Output
from host.records import record

__all__ = ["Absence"]


@record
class Absence:
    """``wished``: what cannot be. ``position``: frames that were taken when the device went; ``queued_frames`` of them
    had not been heard.
    """

    wished: Output
    reason: str
    position: int
    queued_frames: int
    since_s: float = field(default_factory=time.monotonic)

    @property
    def lasted_s(self) -> float:
        """How long it has been away."""
        return time.monotonic() - self.since_s
