"""Counts what a test may leave behind: processes, descriptors, threads, shared memory, mappings, temporary files.

Every list comes from the kernel, not from our own books, so that what our books forget is found as well.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from tests.support.waiting import until

__all__ = ["Census", "left_behind", "take"]

_PREFIX = "stellatune"
_SHM = "/dev/shm"
#: How long a process that was told to end, or a thread, may still be seen.
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Census:
    """One look at this process. Each entry is a text that a person can act upon."""

    children: frozenset[str]
    descriptors: frozenset[str]
    threads: frozenset[str]
    shared_memory: frozenset[str]
    mappings: frozenset[str]
    temporary_files: frozenset[str]


def take() -> Census:
    """Looks now."""
    return Census(
        children=_children(),
        descriptors=_descriptors(),
        threads=_threads(),
        shared_memory=frozenset(name for name in os.listdir(_SHM) if name.startswith(_PREFIX)),
        mappings=_mappings(),
        temporary_files=frozenset(os.listdir(tempfile.gettempdir())),
    )


def left_behind(before: Census, look: Callable[[], Census] = take, patience_s: float = _PATIENCE_S) -> list[str]:
    """What is there now and was not before; empty when all is gone, at once or soon."""
    if not _more(before, look()):
        return []
    gc.collect()  # what only a cycle holds is garbage, not a leak
    until(lambda: not _more(before, look()), patience_s)
    return _more(before, look())


def _more(before: Census, after: Census) -> list[str]:
    return [
        f"{field.name}: {entry}"
        for field in fields(Census)
        for entry in sorted(getattr(after, field.name) - getattr(before, field.name))
    ]


def _children() -> frozenset[str]:
    """Zombies included: a child that nobody reaped is left behind too."""
    pids = [pid for task in os.listdir("/proc/self/task") for pid in _text(f"/proc/self/task/{task}/children").split()]
    return frozenset(f"{pid} {_text(f'/proc/{pid}/comm').strip()}" for pid in pids)


def _descriptors() -> frozenset[str]:
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} -> {Path(f'/proc/self/fd/{number}').readlink()}")
        except OSError:
            continue  # the descriptor of this very listing
    return frozenset(found)


def _threads() -> frozenset[str]:
    tasks = os.listdir("/proc/self/task")
    return frozenset(f"{task} {_text(f'/proc/self/task/{task}/comm').strip()}" for task in tasks)


def _mappings() -> frozenset[str]:
    lines = _text("/proc/self/maps").splitlines()
    return frozenset(line for line in lines if f"/memfd:{_PREFIX}" in line or f"{_SHM}/{_PREFIX}" in line)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # gone in the meantime
