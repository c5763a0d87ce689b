"""``python -P -m plugin_worker.zygote --requests FD``: the warm parent that workers are forked from.

Single-threaded; it has imported all that a worker needs and loads no plugin. For each request it forks a sibling, so
that the host is the worker's parent and losing the zygote harms no worker. Where the system knows no such fork it
forks twice: the one in between opens the worker's pidfd, sends it to the host and exits, and the host, as subreaper,
adopts the worker.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import gc
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import NoReturn

from abi.wire import EXIT_HOST_LOST
from plugin_worker.sandbox import lock_down
from plugin_worker.serve import Server
from plugin_worker.sibling import fork_sibling

__all__ = ["main"]

_REQUEST_FDS = 3
_INT_BYTES = array.array("i").itemsize
_PR_SET_PDEATHSIG = 1
_HIGH_FD = 1000
_NOBODY = 0
#: Too old a kernel, one that does not tell where thread ids are kept, or a container that forbids the call.
_NO_SIBLINGS = (errno.ENOSYS, errno.EINVAL, errno.EPERM)
#: Looked up once, before the forks.
_prctl = ctypes.CDLL(None).prctl


def main(arguments: list[str]) -> NoReturn:
    """Serves until the host is gone."""
    if len(arguments) != 2 or arguments[0] != "--requests":
        sys.stderr.write("plugin_worker.zygote: started by the host with --requests FD, not by hand\n")
        sys.exit(2)
    requests = socket.socket(fileno=int(arguments[1]))
    host = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host, which ends its workers itself
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, as some launchers leave it, nobody could be waited for
    gc.collect()
    gc.freeze()  # what is shared with all workers stays untouched by their collectors
    while True:
        data, ancillary, _, _ = requests.recvmsg(16, socket.CMSG_SPACE(_REQUEST_FDS * _INT_BYTES))
        if not data:
            sys.exit(0)
        fds = array.array("i")
        for _level, kind, payload in ancillary:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(payload[: len(payload) - len(payload) % _INT_BYTES])
        if len(fds) == _REQUEST_FDS:
            _fork(requests, data, host, list(fds))
        for fd in fds:
            os.close(fd)


def _fork(requests: socket.socket, number: bytes, host: int, fds: list[int]) -> None:
    try:
        worker, pidfd = fork_sibling()
    except OSError as error:
        if error.errno in _NO_SIBLINGS:
            _fork_twice(requests, number, host, fds)
        else:
            _refuse(requests, number, error)
        return
    if worker == 0:
        _become_worker(host, _NOBODY, fds)
    socket.send_fds(requests, [number + worker.to_bytes(4, "little")], [pidfd])
    os.close(pidfd)


def _refuse(requests: socket.socket, number: bytes, error: OSError) -> None:
    requests.send(number + b"\0\0\0\0" + str(error.strerror).encode()[:200])


def _fork_twice(requests: socket.socket, number: bytes, host: int, fds: list[int]) -> None:
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    worker = 0
    try:
        parent = os.getpid()
        worker = os.fork()
        if worker == 0:
            _become_worker(host, parent, fds)
        pidfd = os.pidfd_open(worker)
        socket.send_fds(requests, [number + worker.to_bytes(4, "little")], [pidfd])
    except OSError as error:
        if worker:  # nobody will ever know of it
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
        _refuse(requests, number, error)
    finally:
        os._exit(0)


def _become_worker(host: int, parent: int, fds: list[int]) -> NoReturn:
    """The worker's first steps. Never returns into the zygote's loop."""
    code = EXIT_HOST_LOST
    try:
        control, events, output = fds
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _adopted_by(host, parent)
        kept = sorted((control, events))
        for low, high in zip([2, *kept], [*kept, 65536], strict=True):
            os.closerange(low + 1, high)
        lock_down()
        # The table of descriptors grows now: with a second thread there, the kernel would take 10 ms over it.
        os.close(fcntl.fcntl(control, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD))
        Server(socket.socket(fileno=control), socket.socket(fileno=events)).run()
    except Exception as error:  # noqa: BLE001  nothing may come back into the zygote; the host reads it as the last words
        os.write(2, f"plugin_worker: {type(error).__name__}: {error}\n".encode())
        code = 1
    finally:
        os._exit(code)


def _adopted_by(host: int, parent: int) -> None:
    """Waits until whoever was in between has exited and the host is the parent; only then its death may end us.

    Armed earlier, the signal would come from the one in between.
    """
    while (now := os.getppid()) == parent:
        os.sched_yield()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if now != host or (now := os.getppid()) != host:
        with suppress(OSError):
            os.write(2, f"plugin_worker: adopted by process {now}, not by the host {host}\n".encode())
        os._exit(EXIT_HOST_LOST)


if __name__ == "__main__":
    main(sys.argv[1:])
