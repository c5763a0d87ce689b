"""Pictures of albums: each stored once under the SHA-256 of its bytes, in a folder beside the database.

Blocks: call it off the loop. Any thread and several processes may use it: a file appears whole, under a name that says
what is in it. What it is given comes from files and is believed only as far as its first bytes and its size go.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from host.errors import LibraryError, LibraryFull
from host.library.database import Database
from host.media import label_of

__all__ = ["MAX_COVER_BYTES", "SIDE_NAMES", "CoverFolder", "kind_of"]

MAX_COVER_BYTES = 12 << 20
#: What pictures beside the music are called, the best first.
SIDE_NAMES = tuple(f"{name}.{ending}" for name in ("cover", "folder", "front") for ending in ("jpg", "jpeg", "png"))
#: A picture that is younger may belong to a track that is not written yet.
_GRACE_S = 3600.0
_KINDS = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"))


def kind_of(picture: bytes) -> str | None:
    """``jpeg``, ``png``, ``gif`` or ``webp`` by the first bytes; None for anything else."""
    for begin, kind in _KINDS:
        if picture.startswith(begin):
            return kind
    return "webp" if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP" else None


class CoverFolder:
    """The folder and what may be in it. ``max_bytes``: of one picture; larger ones are left out."""

    def __init__(self, folder: Path, max_bytes: int = MAX_COVER_BYTES, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._clock = clock

    def path_of(self, cover: str) -> Path:
        """Where the picture of that hash is, if it is there."""
        return self.folder / cover

    def keep(self, picture: bytes) -> str | None:
        """Stores a picture unless it is there; gives its hash, None for what is no picture or too large.

        Raises:
            LibraryFull, LibraryError: it cannot be written; nothing of it is there then.
        """
        if not 0 < len(picture) <= self._max_bytes or kind_of(picture) is None:
            return None
        cover = hashlib.sha256(picture).hexdigest()
        target = self.path_of(cover)
        try:
            try:
                os.utime(target)  # wanted again: not to be swept before its track is written
            except FileNotFoundError:
                self._write(target, picture)
        except OSError as error:
            raised = LibraryFull if error.errno in (28, 122) else LibraryError
            raise raised(
                f"{label_of(self.folder)}: a cover cannot be stored: {error.strerror}",
                remedy="make room on its file system, and the folder writable for you",
            ) from error
        return cover

    def keep_beside(self, folder: Path, names: frozenset[str] | None = None) -> str | None:
        """Stores the picture that lies in a folder of music, if there is one; gives its hash.

        ``names``: of the files that are there, where that is known; else it looks. Case does not count in them.

        Raises:
            As ``keep``. What cannot be read is not there.
        """
        if names is None:
            with suppress(OSError):
                names = frozenset(os.listdir(folder))  # noqa: PTH208  names are wanted, not paths
        found = {name.lower(): name for name in names or ()}
        for wanted in SIDE_NAMES:
            if wanted in found and (picture := self._read(folder / found[wanted])):
                cover = self.keep(picture)
                if cover:
                    return cover
        return None

    def _read(self, path: Path) -> bytes | None:
        """A regular file of a size that is allowed, whatever stands under the name."""
        with suppress(OSError):
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
            with open(fd, "rb", closefd=True) as file:  # noqa: PTH123  a descriptor, not a path
                if os.fstat(fd).st_size <= self._max_bytes:
                    return file.read(self._max_bytes + 1)
        return None

    def _write(self, target: Path, picture: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
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
