"""What the threads of a process do at this moment, as the kernel tells."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from host.supervise.standstill import Thread

__all__ = ["threads_of"]

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# Counted from the state on, which is what follows the name; the name may hold anything but is closed by the last ")".
_STATE, _USER, _SYSTEM = 0, 11, 12


def threads_of(pid: int) -> dict[int, Thread]:
    """By thread number; empty when the process is gone, or may not be looked at. Never waits."""
    found: dict[int, Thread] = {}
    with suppress(OSError, ValueError, IndexError):
        for folder in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                ticks = int(fields[_USER]) + int(fields[_SYSTEM])
                found[int(folder.name)] = Thread(fields[_STATE].decode("ascii"), ticks * _TICK_S)
    return found
