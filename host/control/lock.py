"""One host per state directory, and one per socket: two locks that the kernel drops when their holder dies.

Owns the private directory of the socket. It must never remove a socket that it does not hold the lock of.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from host.errors import Usage

__all__ = ["ALREADY_RUNNING", "SOCKET_NAME", "HostLock", "connect_at", "peer_credentials", "private_directory"]

SOCKET_NAME = "control.sock"
#: The code of the error that says so.
ALREADY_RUNNING = "already_running"
_LOCK_NAME = "host.lock"
_PID_BYTES = 20
_CREDENTIALS = struct.Struct("iII")


def private_directory(path: Path) -> int:
    """A descriptor of the directory, made if need be: the user's own, and closed to everybody else.

    Raises:
        Usage: it is somebody else's, or open to others. OSError: it cannot be made or opened.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    facts = os.fstat(fd)
    if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        os.close(fd)
        raise Usage(
            f"{path}: the directory of the control socket must be your own and closed to others",
            remedy=f"chmod 700 {path}, or name another with --socket",
            code="not_private",
        )
    return fd


def _name_at(directory: int, name: str) -> str:
    """A path of the socket that is short whatever the directory's is: addresses end at 107 bytes."""
    return f"/proc/self/fd/{directory}/{name}"


def connect_at(sock: socket.socket, path: Path) -> None:
    """Connects to a socket by its path, however long that is. Raises: OSError."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.connect(_name_at(directory, path.name))
    finally:
        os.close(directory)


def peer_credentials(sock: socket.socket) -> tuple[int, int]:
    """Process and user at the other end of a connection, as the kernel knows them."""
    pid, uid, _ = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid


class HostLock:
    """Held from before the first worker starts until after the last one is gone. Closing twice is fine."""

    def __init__(self, state_dir: Path, socket_path: Path) -> None:
        """Takes both locks at once or not at all.

        Raises:
            Usage: another host holds one (code ``already_running``). OSError: a directory cannot be used.
        """
        self.path = socket_path
        self._fds: list[int] = []
        self._bound = False
        try:
            self._directory = private_directory(socket_path.parent)
            self._fds.append(self._directory)
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in (state_dir / _LOCK_NAME, socket_path.with_name(f"{socket_path.name}.lock")):
                self._fds.append(_locked(file))
        except BaseException:
            self.close()
            raise

    def listen(self, backlog: int) -> socket.socket:
        """The socket, listening, mode 0600. What a dead host left in its place goes.

        Raises:
            OSError: something that is no socket is in the way, or it cannot be made.
        """
        name = _name_at(self._directory, self.path.name)
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(os.lstat(name).st_mode):
                raise FileExistsError(f"{self.path} is in the way, and no socket")
            Path(name).unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.fchmod(listener.fileno(), 0o600)  # what bind then gives the file
            listener.bind(name)
            self._bound = True
            listener.listen(backlog)
        except BaseException:
            listener.close()
            raise
        return listener

    def close(self) -> None:
        """Removes the socket and lets go."""
        if self._bound:
            self._bound = False
            with suppress(OSError):
                Path(_name_at(self._directory, self.path.name)).unlink()
        while self._fds:
            os.close(self._fds.pop())

    def __enter__(self) -> HostLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _locked(file: Path) -> int:
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    except BlockingIOError:
        holder = os.pread(fd, _PID_BYTES, 0).strip()
        os.close(fd)
        who = f" (pid {holder.decode()})" if holder.isdigit() else ""
        raise Usage(
            f"a host is running already{who}: {file} is locked",
            remedy="`stellatune queue add FILE` adds to what it plays; `play --no-control` plays beside it",
            code=ALREADY_RUNNING,
        ) from None
    except BaseException:
        os.close(fd)
        raise
    return fd
