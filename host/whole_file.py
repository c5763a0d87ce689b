"""One small file that is replaced whole under a lock: after a power cut it is old or new, never half.

Blocking; the runtime calls it off the loop.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["WholeFile"]

_LOCK_PATIENCE_S = 2.0
_LOCK_RETRY_S = 0.005


class WholeFile:
    """Shared by all hosts and commands of one user. Its directory is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Names are kept: one that came and went with each use would fill the interpreter's table of names.
        self._lock = path.with_name(f"{path.name}.lock")
        self._beside = path.with_name(f"{path.name}.new")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes it meanwhile. Raises: OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            deadline = time.monotonic() + _LOCK_PATIENCE_S
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_LOCK_RETRY_S)
            yield
        finally:
            os.close(fd)

    def read(self) -> bytes | None:
        """What it holds; None when there is none. Raises: OSError."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, data: bytes, *, durable: bool = True) -> None:
        """Only inside ``locked``; who may read it stays as it was. Raises: OSError.

        Not ``durable``: for what is written again and again; a power cut may cost it, a killed process not.
        """
        beside = self._beside
        try:
            with beside.open("wb") as file:
                with suppress(FileNotFoundError):
                    os.fchmod(file.fileno(), stat.S_IMODE(self.path.stat().st_mode))
                file.write(data)
                file.flush()
                if durable:
                    os.fsync(file.fileno())  # after a power cut the old or the new, never an empty one
            beside.replace(self.path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
