"""What a walk finds, held against what is known: new, changed, moved, gone, or as it was.

Blocks: a thread of its own. Reads names and stamps only. Nothing is taken for gone that is merely out of sight: a root
that is missing or empty, or a folder that cannot be read, keeps what is known of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from host.library.facts import KnownFile
from host.library.walk import Walk

__all__ = ["Changes", "Fresh", "Gone", "Moved"]

#: Tracks of the same size and time that are looked at for one that is gone: copies of copies have hundreds.
_MOST_LOOKS = 8


class Fresh(NamedTuple):
    """A file that is to be read. ``known``: as a track, which it changes. ``side_cover``: a picture in its folder."""

    path: bytes
    size_bytes: int
    mtime_ns: int
    known: bool
    side_cover: bytes | None


class Moved(NamedTuple):
    """A track has another name, and is otherwise as it was."""

    old: bytes
    new: bytes


class Gone(NamedTuple):
    """A file is there no more."""

    path: bytes


@dataclass(slots=True)
class Changes:
    """Of one scan.

    ``known``: every track beneath the roots, by path; what is left in it at the end was not seen. ``troubled``: files
    that problems are known of. ``bad``: those of them that are not to be read while they are as they were. ``again``:
    files to be read though they have not changed. ``full``: all are read.
    """

    walk: Walk
    roots: tuple[bytes, ...]
    known: dict[bytes, KnownFile]
    troubled: Iterable[bytes]
    bad: Mapping[bytes, KnownFile]
    again: frozenset[bytes]
    full: bool = False
    unchanged: int = 0
    still_bad: int = 0
    found: int = 0

    def all(self) -> Iterator[Fresh | Moved | Gone]:
        """One after the other, while the walk goes on; who is gone comes last."""
        self._miss_empty_roots()
        known, again, full = self.known, self.again, self.full
        take, bad = known.pop, self.bad
        unseen = set(self.troubled) - known.keys()
        by_stamp: dict[tuple[int, int], list[bytes]] | None = None
        for folder in self.walk.folders():
            unchanged = 0
            for row in folder.files:
                path, size_bytes, mtime_ns = row
                old = take(path, None)
                if old == row and not full and path not in again:
                    unchanged += 1
                    continue
                if old is None and path in unseen:
                    unseen.discard(path)
                    if bad.get(path) == row and not full:
                        self.still_bad += 1
                        continue
                if old is None:
                    if by_stamp is None:
                        by_stamp = _by_stamp(known)
                    likely = by_stamp.get((size_bytes, mtime_ns))
                    source = _vanished(likely, known)
                    if likely and source is not None:
                        likely.remove(source)
                        del known[source]
                        yield Moved(source, path)
                        continue
                yield Fresh(path, size_bytes, mtime_ns, old is not None, folder.side_cover)
            self.unchanged += unchanged
            self.found += len(folder.files)
        for path in (*known, *unseen):
            if not self._out_of_sight(path):
                yield Gone(path)

    def _out_of_sight(self, path: bytes) -> bool:
        return any(path.startswith(folder.rstrip(b"/") + b"/") for folder in self.walk.unreadable)

    def _miss_empty_roots(self) -> None:
        """Where nothing stands at all though tracks are known there, most likely nothing is mounted."""
        for root in self.roots:
            begin = root.rstrip(b"/") + b"/"
            if _is_empty(root) and any(path.startswith(begin) for path in self.known):
                self.walk.miss(root, "nothing is there, is it mounted?")


def _is_empty(root: bytes) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return False  # the walk says why


def _by_stamp(known: Mapping[bytes, KnownFile]) -> dict[tuple[int, int], list[bytes]]:
    found: dict[tuple[int, int], list[bytes]] = {}
    for path, size_bytes, mtime_ns in known.values():
        found.setdefault((size_bytes, mtime_ns), []).append(path)
    return found


def _vanished(paths: list[bytes] | None, known: Mapping[bytes, KnownFile]) -> bytes | None:
    """One of these tracks whose file is there no more."""
    for path in (paths or [])[:_MOST_LOOKS]:
        if path not in known:
            continue
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return path
        except OSError:
            continue
    return None
