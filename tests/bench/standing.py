"""Puts the benchmark before others who use the machine; the scheduling class stays what it is.

Niceness alone does not do it: where the kernel groups processes by session, it only counts within one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["first_in_line", "promote"]

NICE = -20
USUAL = 0


@contextmanager
def first_in_line() -> Iterator[None]:
    """This process, what it starts, and (until the end of this) its session; without the right to, nothing changes."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    promote(os.getpid())
    try:
        yield
    finally:
        _set_session(os.getpid(), USUAL)


def promote(pid: int) -> None:
    """The session of a process that has one of its own."""
    _set_session(pid, NICE)


def _set_session(pid: int, nice: int) -> None:
    with suppress(OSError):  # no right to, or a kernel that does not group
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))
