"""Why the host killed a worker: the words that an autopsy reads."""

from __future__ import annotations

from enum import Enum, unique

from host.records import record

__all__ = ["Doom", "KillKind"]


@unique
class KillKind(Enum):
    """What a kill means for the one who judges it."""

    ASKED = "asked"  # somebody wanted it gone, or nobody wanted it any more
    HANG = "hang"  # it was over a limit, or gave no sign of life
    PROTOCOL = "protocol"  # it, or its plugin, said what cannot be
    CRASH = "crash"  # it crashed, told so, and did not end


@record
class Doom:
    """The first kill counts: its kind, and the reason that those who wait for the worker will read.

    ``instance``: whose call it was for; 0 when it was for none.
    """

    kind: KillKind
    reason: str
    instance: int = 0
