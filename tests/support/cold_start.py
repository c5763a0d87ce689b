"""Worker processes from any program, without a zygote: for programs that are no worker of ours."""

from __future__ import annotations

import os
from collections.abc import Sequence

from host.worker.process import AdoptedProcess, WorkerProcess

__all__ = ["ColdStart"]


class ColdStart:
    """A ``Starter`` that runs ``program --control FD --events FD``."""

    def __init__(self, *program: str) -> None:
        self._program = program

    async def __call__(self, channels: Sequence[int], output_fd: int, /) -> WorkerProcess:
        control, events = channels
        arguments = [*self._program, "--control", str(control), "--events", str(events)]
        for fd in channels:
            os.set_inheritable(fd, True)
        actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]] = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output_fd, 1),
            (os.POSIX_SPAWN_DUP2, output_fd, 2),
        ]
        pid = os.posix_spawn(self._program[0], arguments, os.environ, file_actions=actions, setsid=True)
        return AdoptedProcess(pid, os.pidfd_open(pid))
