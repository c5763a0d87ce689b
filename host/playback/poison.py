"""A place of a track that kills whoever reads it: counted deaths, and what is enough of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAX_DEATHS_AT_ONE_PLACE", "POISON_S", "READ_AHEAD_FRAMES", "Poison"]

#: A decoder reads so much at once: a frame that kills it lies within this of where the ring ends.
READ_AHEAD_FRAMES = 4096
POISON_S = 0.1
MAX_DEATHS_AT_ONE_PLACE = 3


@dataclass(slots=True)
class Poison:
    """Deaths at one place of one track: whoever reads it dies."""

    source_frame: int
    deaths: int = 0
