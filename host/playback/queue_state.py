"""Facts of a queue: what it holds and how it is played, to show and to go on with later. Pure."""

from __future__ import annotations

from enum import StrEnum, unique

from host.playback.shuffle import ShuffleState
from host.playback.tracks import WHOLE, Excerpt
from host.playlists import NO_HINTS, Hints
from host.records import record
from host.where import Where

__all__ = ["Entry", "Modes", "QueueState", "Repeat"]


@unique
class Repeat(StrEnum):
    """What is played again by itself."""

    OFF = "off"
    ONE = "one"
    ALL = "all"


@record
class Modes:
    """How the order of play is made. ``consume``: an entry goes when it was played to its end, or skipped."""

    repeat: Repeat = Repeat.OFF
    shuffle: bool = False
    consume: bool = False


@record
class Entry:
    """One thing to play. Its id is that of no other entry this queue ever has.

    ``trouble``: why it could not be played last time; empty: nothing is known against it.
    """

    id: int
    where: Where
    excerpt: Excerpt = WHOLE
    hints: Hints = NO_HINTS
    trouble: str = ""


@record
class QueueState:
    """All there is to know of a queue, but for its dice.

    ``underway``: it began and has not ended. ``stands_before``: the id that follows a removed current entry.
    ``shuffle``: as the modes say.
    """

    version: int = 0
    next_id: int = 1
    entries: tuple[Entry, ...] = ()
    modes: Modes = Modes()
    current: int | None = None
    stands_before: int | None = None
    underway: bool = False
    shuffle: ShuffleState | None = None
