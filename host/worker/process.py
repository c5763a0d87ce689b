"""A worker's process: started with nothing but what it is given, watched through its pidfd, reaped once."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

__all__ = ["ChildProcess", "ExitStatus", "WorkerProcess"]


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended: ``code`` when it exited, ``signal`` when one killed it; exactly one of them is set."""

    code: int | None = None
    signal: int | None = None

    def __str__(self) -> str:
        if self.signal is None:
            return f"exit status {self.code}"
        try:
            return signal.Signals(self.signal).name
        except ValueError:
            return f"signal {self.signal}"


class WorkerProcess(Protocol):
    """What a handle needs of a process."""

    @property
    def pid(self) -> int:
        """As the host sees it."""

    @property
    def pidfd(self) -> int:
        """Readable once the process has ended."""

    def send_signal(self, number: int) -> None:
        """To this process, never to another that got its number."""

    def kill_group(self) -> None:
        """SIGKILL to the process and to whatever it forked."""

    def reap(self) -> ExitStatus | None:
        """How it ended, or None when it has not; never waits."""

    def close(self) -> None:
        """Gives the descriptor back; twice is fine."""


class ChildProcess:
    """A child of this process, in a session of its own."""

    def __init__(self, arguments: Sequence[str], inherit: Sequence[int], output_fd: int) -> None:
        """Starts it with stdin from /dev/null and stdout and stderr into ``output_fd``.

        Raises:
            OSError: no memory, no process, no descriptor left, or no such program.
        """
        self._child = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output_fd,
            stderr=output_fd,
            pass_fds=inherit,
            start_new_session=True,
        )
        self._status: ExitStatus | None = None
        try:
            self._pidfd = os.pidfd_open(self._child.pid)
        except OSError:
            self._child.kill()
            self._child.wait()
            raise

    @property
    def pid(self) -> int:
        """As the host sees it."""
        return self._child.pid

    @property
    def pidfd(self) -> int:
        """Readable once the process has ended."""
        return self._pidfd

    def send_signal(self, number: int) -> None:
        """Does nothing once the process has ended."""
        if self._status is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill_group(self) -> None:
        """Until the process is reaped its number is its own, and so is that of its group."""
        if self._status is None:
            self.send_signal(signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def reap(self) -> ExitStatus | None:
        """How it ended, or None when it has not; never waits."""
        if self._status is None:
            found = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG)
            if found is None:
                return None
            exited = found.si_code == os.CLD_EXITED
            self._status = ExitStatus(code=found.si_status) if exited else ExitStatus(signal=found.si_status)
            # Popen would otherwise wait for a number that may be another's by then.
            self._child.returncode = found.si_status if exited else -found.si_status
        return self._status

    def close(self) -> None:
        """Gives the descriptor back; twice is fine."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
