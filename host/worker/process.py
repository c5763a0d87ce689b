"""A worker's process as the host holds it: watched through its pidfd, killed with its group, reaped once."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Protocol

from host.records import record

__all__ = ["AdoptedProcess", "ExitStatus", "WorkerProcess"]


@record
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

    def reap_group(self) -> bool:
        """Reaps what the process had forked and left behind; True when nothing of it is left. Never waits."""

    def close(self) -> None:
        """Gives the descriptor back; twice is fine."""


class AdoptedProcess:
    """A process whose parent is, or is about to be, this one; it leads a session of its own."""

    def __init__(self, pid: int, pidfd: int) -> None:
        """Takes over the descriptor."""
        self._pid = pid
        self._pidfd = pidfd
        self._status: ExitStatus | None = None

    @property
    def pid(self) -> int:
        """As the host sees it."""
        return self._pid

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
                os.killpg(self._pid, signal.SIGKILL)

    def reap(self) -> ExitStatus | None:
        """How it ended, or None when it has not; never waits."""
        if self._status is None:
            try:
                found = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG)
            except ChildProcessError:  # not ours yet: the one in between that forked it is about to exit
                return None
            if found is None:
                return None
            exited = found.si_code == os.CLD_EXITED
            self._status = ExitStatus(code=found.si_status) if exited else ExitStatus(signal=found.si_status)
        return self._status

    def reap_group(self) -> bool:
        """Orphans of the worker are this process's children, as it is their subreaper."""
        with suppress(ChildProcessError):
            while os.waitid(os.P_PGID, self._pid, os.WEXITED | os.WNOHANG) is not None:
                pass
            return False
        return True

    def close(self) -> None:
        """Gives the descriptor back; twice is fine."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
