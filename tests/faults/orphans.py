"""Processes that a killed one leaves: they come to this process, which so sees each of them end, zombies included."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.waiting import until

__all__ = ["Orphanage", "children_of", "orphanage"]

_PR_SET_CHILD_SUBREAPER = 36


def children_of(pid: int) -> tuple[int, ...]:
    """Zombies included; empty when the process is gone."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    return tuple(sorted(found))


class Orphanage:
    """Of one process that is to be killed, and of all that descends from it."""

    def __init__(self) -> None:
        self._before = set(children_of(os.getpid()))

    def empty_within(self, limit_s: float) -> float | None:
        """Reaps who ended; says how long it took until nobody was left, None when somebody still is."""
        began = time.monotonic()
        return time.monotonic() - began if until(self._empty, limit_s) else None

    def left(self) -> list[str]:
        """Who still lives, by pid and name."""
        pids = set(children_of(os.getpid())) - self._before
        return [f"{pid} {_name(pid)}" for pid in sorted(pids)]

    def _empty(self) -> bool:
        for pid in set(children_of(os.getpid())) - self._before:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return not set(children_of(os.getpid())) - self._before


@contextmanager
def orphanage() -> Iterator[Orphanage]:
    """While the block runs, orphans among the descendants become children of this process."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield Orphanage()
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0)


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    return "gone"
