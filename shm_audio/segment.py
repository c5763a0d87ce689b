"""Anonymous shared memory, passed on as a descriptor and gone with its last holder.

Two backends: a memfd sealed against resizing (the default), and ``posix_ipc.SharedMemory`` unlinked at once by its
creator (``STELLATUNE_SHM=posix``), which cannot be sealed: a worker that truncates it can end whoever maps it.
"""

from __future__ import annotations

import fcntl
import os

from shm_audio.errors import SegmentError

__all__ = ["Segment", "backend"]

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def backend() -> str:
    """``memfd`` or ``posix``, as the environment variable STELLATUNE_SHM says.

    Raises:
        SegmentError: the variable holds something else.
    """
    name = os.environ.get("STELLATUNE_SHM", "memfd")
    if name not in ("memfd", "posix"):
        raise SegmentError(f"STELLATUNE_SHM is {name!r}; it may be 'memfd' or 'posix'")
    return name


class Segment:
    """``size_bytes`` of zeroed memory behind ``fd``; pages are reserved, so a full system fails here, not later."""

    def __init__(self, label: str, size_bytes: int) -> None:
        """Raises: SegmentError when the system refuses."""
        self.size_bytes = size_bytes
        self.fd = -1
        try:
            self.fd = _memfd(label) if backend() == "memfd" else _posix(label)
            os.posix_fallocate(self.fd, 0, size_bytes)
            if backend() == "memfd":
                fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
        except OSError as error:
            self.close()
            raise SegmentError(
                f"no shared memory of {size_bytes} bytes for {label}: {error.strerror}; free memory or raise the limit"
            ) from error

    def close(self) -> None:
        """Gives up this side's descriptor; twice is fine."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _memfd(label: str) -> int:
    return os.memfd_create(f"stellatune-{label}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def _posix(label: str) -> int:
    import posix_ipc  # only where the second backend is asked for

    name = f"/stellatune-{label}-{os.urandom(8).hex()}"
    try:
        memory = posix_ipc.SharedMemory(name, posix_ipc.O_CREX, mode=0o600)
    except posix_ipc.Error as error:
        raise SegmentError(f"no shared memory for {label}: {error}; is /dev/shm mounted?") from error
    memory.unlink()
    os.set_inheritable(memory.fd, False)
    return int(memory.fd)
