"""Stepping back behind whatever plays: for processes whose work can wait. What they start inherits it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["put_back", "step_back"]

_NICE = 19


def step_back() -> None:
    """Less of the processor, in longer turns, a core left to others, and of the disk what nobody else wants.

    As far as the system permits, for the calling thread and what it starts from then on. A process that starts waits
    for the next tick where every core is at work, however far back that work stands: a worker that follows a dead one
    would take twice as long.
    """
    import psutil  # slow to import, and only those who step back need it

    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(_NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with suppress(OSError):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores - {max(cores)} or cores)
    with suppress(psutil.Error, OSError, ValueError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def put_back(pid: int) -> None:
    """A worker of such a process. Where the kernel groups processes by session, niceness counts within one only
    (sched(7)), and each worker has a session of its own.
    """
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(_NICE), encoding="ascii")
