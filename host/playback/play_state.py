"""Whether it plays. Pure."""

from __future__ import annotations

from enum import StrEnum, unique

__all__ = ["PlayState"]


@unique
class PlayState(StrEnum):
    """What the user wants of the playback; that something is being repaired does not change it."""

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"
