"""Exit codes of the command, beside those that the errors themselves carry (`host.errors`)."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """Codes of CLI results. 3, 4, 5, 7, 8 and 9 come with their errors, 128 and more with signals."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    NOTHING_PLAYED = 5
    PARTLY_PLAYED = 6
    PROBLEMS_FOUND = 10
    INTERRUPTED = 130
