"""A file that lines are added to; when it is full it gets a number, and a new one is begun. Blocking; one thread."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["RotatingFile"]


class RotatingFile:
    """``path`` is the newest, ``path.1`` the one before it, and so on; ``files`` are kept, for the user alone."""

    def __init__(self, path: Path, max_bytes: int, files: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._files = files
        self._fd = -1
        self._bytes = 0
        self._regular = False

    def write(self, data: bytes) -> None:
        """Adds whole lines. Raises: OSError: some or all of them are not in the file; the next call tries anew."""
        try:
            if self._fd < 0:
                self._open()
            if self._regular and self._bytes and self._bytes + len(data) > self._max_bytes:
                self.close()
                self._shift()
                self._open()
            rest = memoryview(data)
            while rest:
                written = os.write(self._fd, rest)
                self._bytes += written
                rest = rest[written:]
        except OSError:
            self.close()
            raise

    def begin_anew(self, max_bytes: int, files: int) -> None:
        """Other limits from now on, and the file opened again: somebody may have moved it away."""
        self.close()
        self._max_bytes, self._files = max_bytes, files

    def close(self) -> None:
        """The next line opens it again, wherever the name leads to then; twice is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
        self._fd = os.open(self.path, flags, 0o600)
        found = os.fstat(self._fd)
        self._bytes, self._regular = found.st_size, stat.S_ISREG(found.st_mode)

    def _shift(self) -> None:
        """The oldest goes, all others get one number more."""
        names = [self.path, *(self.path.with_name(f"{self.path.name}.{number}") for number in range(1, self._files))]
        for older, newer in zip(reversed(names), (None, *reversed(names[1:])), strict=True):
            with suppress(FileNotFoundError):
                if newer is None:
                    older.unlink()
                else:
                    older.rename(newer)
