"""How a successor of an effect begins, and how it did. Pure."""

from __future__ import annotations

from abi.wire import Join
from host.records import record
from shm_audio import CheckpointSlot

__all__ = ["Admission", "Begin"]


@record
class Admission:
    """An effect is back at ``position``. ``exact``: nobody can tell; ``dry_since``: from there on it was bypassed.

    ``alone_from``: up to there it is joined to what came before, from there on it is heard alone.
    """

    position: int
    alone_from: int
    exact: bool
    dry_since: int | None


@record
class Begin:
    """What a successor begins with: a checkpoint, or the input from ``floor`` on, as far as that is kept."""

    slot: CheckpointSlot | None
    join: Join
    floor: int = 0
