"""Long bytes beside a packet: a sealed memfd, its size checked before anything is read."""

from __future__ import annotations

import fcntl
import os
import stat

from abi.wire.errors import PacketRefused

__all__ = ["close_fds", "read_payload", "write_payload"]

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def write_payload(data: bytes) -> int:
    """A sealed memfd that holds ``data``; the caller closes it.

    Raises:
        OSError: no memory or no descriptor left.
    """
    fd = os.memfd_create("stellatune-payload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_payload(fd: int, limit: int) -> bytes:
    """All bytes of a peer's memfd.

    Raises:
        PacketRefused: not a memfd sealed against change, or longer than ``limit``.
    """
    try:
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
        size = os.fstat(fd).st_size
        regular = stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError as error:
        raise PacketRefused(f"a payload's descriptor is no memfd: {error.strerror}") from error
    if not regular or seals & _SEALS != _SEALS:
        raise PacketRefused("a payload's memfd is not sealed")
    if size > limit:
        raise PacketRefused(f"a payload of {size} bytes is over {limit}")
    try:
        return os.pread(fd, size, 0)
    except OSError as error:  # sealed, but not open for reading
        raise PacketRefused(f"a payload's memfd cannot be read: {error.strerror}") from error


def close_fds(fds: list[int]) -> None:
    """Closes descriptors that this side owns."""
    for fd in fds:
        os.close(fd)
