"""Pictures of albums: each stored once under the SHA-256 of its bytes, in a folder beside the database.

Blocks: call it off the loop. Any thread and several processes may use it: a file appears whole, under a name that says
what is in it. What it is given comes from files and is believed only as far as its first bytes and its size go.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from host.errors import LibraryError, LibraryFull
from host.library.database import Database
from host.media import MAX_COVER_BYTES, read_cover
from host.where import label_of

__all__ = ["CoverFolder"]

#: A picture that is younger may belong to a track that is not written yet.
_GRACE_S = 3600.0


class CoverFolder:
    """The folder and what may be in it. ``max_bytes``: of one picture; larger ones are left out."""

    def __init__(self, folder: Path, max_bytes: int = MAX_COVER_BYTES, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._clock = clock

    def path_of(self, cover: str) -> Path:
        """Where the picture of that hash is, if it is there."""
        return self.folder / cover

    def has(self, cover: str) -> bool:
        """Whether the picture of that hash is there; then it stays for a while, track or not."""
        with suppress(OSError):
            os.utime(self.path_of(cover))
            return True
        return False

    def put(self, picture: bytes) -> str | None:
        """Stores a picture unless it is there; gives its hash, None for what is no picture or too large.

        Raises:
            LibraryFull, LibraryError: it cannot be written; nothing of it is there then.
        """
        if len(picture) > self._max_bytes or read_cover(picture) is None:
            return None
        cover = hashlib.sha256(picture).hexdigest()
        if not self.has(cover):
            try:
                self._write(self.path_of(cover), picture)
            except OSError as error:
                raised = LibraryFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else LibraryError
                raise raised(
                    f"{label_of(self.folder)}: a cover cannot be stored: {error.strerror}",
                    remedy="make room on its file system, and the folder writable for you",
                ) from error
        return cover

    def _write(self, target: Path, picture: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with beside.open("wb") as file:
                file.write(picture)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise

    def sweep(self, database: Database) -> int:
        """Removes pictures that no track has, and halves of what was being written; gives how many.

        Raises:
            As ``Database.rows``. What cannot be removed stays.
        """
        used = {row[0] for row in database.rows("SELECT DISTINCT cover FROM tracks WHERE cover IS NOT NULL")}
        swept = 0
        with suppress(OSError):
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        if entry.name not in used and entry.stat().st_mtime < self._clock() - _GRACE_S:
                            Path(entry.path).unlink()
                            swept += 1
        return swept
