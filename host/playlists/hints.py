"""What a playlist says about a track beside where it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NO_HINTS", "Hints"]


@dataclass(frozen=True, slots=True)
class Hints:
    """Texts to show until the file's own are known; empty where nothing was said."""

    title: str = ""
    artist: str = ""
    album: str = ""


NO_HINTS = Hints()
