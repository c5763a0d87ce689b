"""Starts the zygote's process; for a command that is sure to need one, before the rest of the host is imported.

Imports nothing of the host, so that the zygote warms up on one core while this process imports on the other.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from typing import NamedTuple

__all__ = ["ZygoteProcess", "adopt_orphans", "begin_early", "spawn_zygote", "take_early"]

_PROGRAM = (sys.executable, "-P", "-m", "plugin_worker.zygote")
_PR_SET_CHILD_SUBREAPER = 36


class ZygoteProcess(NamedTuple):
    """The process, and the socket that requests for workers go through. It ends when that is closed."""

    process: subprocess.Popen[bytes]
    requests: socket.socket


_early: list[ZygoteProcess] = []


def spawn_zygote() -> ZygoteProcess:
    """Starts it, and does not wait until it is warm.

    Raises:
        OSError: no memory, no process or no descriptor left.
    """
    # Workers are forked twice, so this process must be the one that the kernel gives orphans to.
    adopt_orphans(True)
    # Ignored, as some launchers leave it, nobody could be reaped.
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with far:
        try:
            process = subprocess.Popen(
                (*_PROGRAM, "--requests", str(far.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )
        except OSError:
            near.close()
            raise
    near.setblocking(False)
    return ZygoteProcess(process, near)


def adopt_orphans(wanted: bool) -> None:
    """Whether the kernel gives this process the orphans among its descendants. Raises: OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def begin_early() -> None:
    """The first zygote of this process is started now; what fails fails again where it is told."""
    try:
        _early.append(spawn_zygote())
    except OSError:
        return


def take_early() -> ZygoteProcess | None:
    """The one that was begun early, which is the caller's from now on; None: there is none."""
    return _early.pop() if _early else None
