"""How a successor of an effect begins, and how it did. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from abi.wire import Join
from shm_audio import CheckpointSlot

__all__ = ["Admission", "Begin"]


@dataclass(frozen=True, slots=True)
class Admission:
    """An effect is back at ``position``. ``exact``: nobody can tell; ``dry_since``: from there on it was bypassed.

    ``alone_from``: up to there it is joined to what came before, from there on it is heard alone.
    """

    position: int
    alone_from: int
    exact: bool
    dry_since: int | None


@dataclass(frozen=True, slots=True)
class Begin:
    """What a successor begins with: a checkpoint, or the input from ``floor`` on, as far as that is kept."""

    slot: CheckpointSlot | None
    join: Join
    floor: int = 0
