"""A library as it was at one moment, in sealed memory: what happens to its file later reaches no worker.

A file that is overwritten in place changes under whoever has mapped it, and ends him when it is cut short. So workers
load from a copy that nobody can write, and the host keeps it as long as the generation lives.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
from contextlib import ExitStack
from pathlib import Path

from host.errors import LoadFailed

__all__ = ["MAPPED_NAME", "PrivateCopy", "copy_library"]

#: How a copy is called in the maps of a process that loaded it.
MAPPED_NAME = "/memfd:stellatune-library (deleted)"
MAX_BYTES = 256 << 20
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
#: Stands in a library that looks for others beside itself, which only its own path can lead to.
_BESIDE = (b"$ORIGIN", b"${ORIGIN}")


class PrivateCopy:
    """Owns the descriptor of the sealed memory; ``label`` is the name of the file it came from."""

    def __init__(self, fd: int, label: str) -> None:
        self.fd = fd
        self.label = label

    def close(self) -> None:
        """Twice is fine."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def copy_library(path: Path) -> PrivateCopy | None:
    """Copies a library; None for one that needs its place on disk, as it loads others from beside itself. Blocks.

    Raises:
        LoadFailed: it is gone, unreadable, no file, longer than 256 MiB, or was written to meanwhile.
    """
    try:
        with ExitStack() as stack:
            source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            stack.callback(os.close, source)
            before = os.fstat(source)
            if not stat.S_ISREG(before.st_mode):
                raise _refusal(path, "it is no file", "put the library there that plugin.toml names")
            if before.st_size > MAX_BYTES:
                size = f"it has {before.st_size >> 20} MiB; at most {MAX_BYTES >> 20} are loaded"
                raise _refusal(path, size, "strip its debug information (strip --strip-debug)")
            copy = os.memfd_create("stellatune-library", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            stack.callback(os.close, copy)
            _pour(source, copy, before.st_size)
            after = os.fstat(source)
            if _mark(before) != _mark(after) or os.fstat(copy).st_size != before.st_size:
                raise _refusal(path, "it was written to while it was read", "load it again when it is complete")
            fcntl.fcntl(copy, fcntl.F_ADD_SEALS, _SEALS)
            if _looks_beside(copy, before.st_size):
                return None
            return PrivateCopy(fcntl.fcntl(copy, fcntl.F_DUPFD_CLOEXEC, 0), path.name)
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        remedy = "install the plugin again" if gone else "see whether you may read it, and whether memory is left"
        raise _refusal(path, str(error.strerror), remedy) from error


def _pour(source: int, copy: int, size: int) -> None:
    done = 0
    while done < size:
        moved = os.sendfile(copy, source, done, size - done)
        if moved == 0:
            return  # it became shorter, which its size tells
        done += moved


def _mark(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _looks_beside(copy: int, size: int) -> bool:
    if size == 0:
        return False
    with mmap.mmap(copy, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as memory:
        return any(memory.find(word) >= 0 for word in _BESIDE)


def _refusal(path: Path, why: str, remedy: str) -> LoadFailed:
    return LoadFailed(f"{path.name} cannot be loaded from {path.parent}: {why}", remedy=remedy)
