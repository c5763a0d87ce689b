"""Seals on folders: which of them hold just the tracks that the library knows, told without reading these.

Blocks: whoever has a loop calls it off the loop. A seal is written only where the database itself agrees, and triggers
break it with every change of a track in that folder, so that a seal that is there can be believed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from host.library.database import Database
from host.library.facts import KnownFile, mark_of_file
from host.library.store import beneath

__all__ = ["Sealed", "Seals", "seal_of"]

#: Folders that are sealed in one transaction: nobody else writes meanwhile.
_AT_ONCE = 100
_LISTED = """
    SELECT substr(path, ?), size_bytes, mtime_ns FROM tracks
    WHERE path >= ? AND path < ? AND folder = ?
"""
#: One statement, so that both are of one moment.
_SEALED = """
    SELECT NULL, count(*) FROM tracks WHERE path >= ?1 AND path < ?2
    UNION ALL SELECT path, seal FROM seals WHERE path >= ?1 AND path < ?2
"""


def seal_of(names: list[str], sizes_bytes: list[int], mtimes_ns: list[int]) -> bytes:
    """The files of one folder as 16 bytes, which are others when any of them changed, came or went.

    ``names`` as ``os.fsdecode`` gives them, sorted; sizes and times of change in their order. No name has a slash.
    """
    text = f"{'/'.join(names)}/{sizes_bytes}/{mtimes_ns}"
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


class Sealed(NamedTuple):
    """Beneath some folders: the seals, by folder with the slash behind it, and how many tracks there are."""

    seals: Mapping[bytes, bytes]
    tracks: int


class Seals:
    """Of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beneath(self, roots: Iterable[bytes]) -> Sealed:
        """All there are in these folders, none of which lies in another one. Raises: as ``Database.stream``."""
        seals: dict[bytes, bytes] = {}
        tracks = 0
        for root in roots:
            for path, value in self._database.stream(_SEALED, beneath(root)):
                if isinstance(value, int):
                    tracks += value
                elif isinstance(path, bytes) and isinstance(value, bytes):
                    seals[path] = value
        return Sealed(seals, tracks)

    def put(self, found: Mapping[bytes, bytes]) -> int:
        """Seals those of the folders whose tracks are just those that the seal was made of; gives how many.

        Raises: as ``Database.writing``.
        """
        count = 0
        rest = iter(found.items())
        while some := list(islice(rest, _AT_ONCE)):
            with self._database.writing():
                true = [(path, seal) for path, seal in some if self._seal_of_tracks(path) == seal]
                self._database.change_all("INSERT OR REPLACE INTO seals (path, seal) VALUES (?, ?)", true)
            count += len(true)
        return count

    def marks_in(self, folder: bytes) -> set[bytes]:
        """Of the tracks in one folder, not of those in folders within. Raises: as ``Database.rows``."""
        return {
            mark_of_file(folder + name, size_bytes, mtime_ns) for name, size_bytes, mtime_ns in self._tracks(folder)
        }

    def untracked(self, paths: Iterable[bytes]) -> set[bytes]:
        """Those that are no tracks. Raises: as ``Database.one``."""
        return {path for path in paths if self._database.one("SELECT 1 FROM tracks WHERE path = ?", (path,)) is None}

    def _tracks(self, folder: bytes) -> Iterator[KnownFile]:
        """Names instead of paths."""
        for name, size_bytes, mtime_ns in self._database.rows(_LISTED, (len(folder) + 1, *beneath(folder), folder)):
            if isinstance(name, bytes) and isinstance(size_bytes, int) and isinstance(mtime_ns, int):
                yield name, size_bytes, mtime_ns

    def _seal_of_tracks(self, folder: bytes) -> bytes:
        files = sorted((os.fsdecode(name), size_bytes, mtime_ns) for name, size_bytes, mtime_ns in self._tracks(folder))
        return seal_of([each[0] for each in files], [each[1] for each in files], [each[2] for each in files])
