"""What a walk finds, held against what is known: new, changed, moved, gone, or as it was.

Blocks: a thread of its own. Reads names and stamps only. Nothing is taken for gone that is merely out of sight: a root
that is missing or empty, or a folder that cannot be read, keeps what is known of it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from host.library.facts import file_of_mark
from host.library.walk import Folder, Walk

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

    ``roots``: those whose emptiness is not believed. ``load`` gives every track beneath what is walked, as
    ``mark_of_file`` has it; what is left of these in ``known`` was not seen yet. ``troubled``: files that problems are
    known of.
    ``bad``: those of them that are not to be read while they are as they were, with their marks. ``again``: files to be
    read though they have not changed. ``full``: all are read.
    """

    walk: Walk
    roots: tuple[bytes, ...]
    load: Callable[[], set[bytes]]
    troubled: Collection[bytes]
    bad: Mapping[bytes, bytes]
    again: frozenset[bytes]
    full: bool = False
    unchanged: int = 0
    still_bad: int = 0
    found: int = 0
    expected: int = 0
    known: set[bytes] = field(default_factory=set)

    def all(self) -> Iterator[Fresh | Moved | Gone]:
        """One after the other, while the walk goes on; who is gone comes last."""
        loading = _begun(self.load)
        folders = self.walk.folders()
        early: list[Folder] = []
        for folder in folders:  # the database is read meanwhile, by a thread that needs no interpreter
            early.append(folder)
            if loading.done():
                break
        self.known = known = loading.result()
        self.expected = len(known)
        self._miss_empty_roots()
        index: _Index | None = None
        unseen: set[bytes] = set()
        if self.troubled:
            index = _Index(known)
            unseen = set(self.troubled) - index.by_path.keys()
        everything = self.full or bool(self.again)
        for folder in chain(early, folders):
            marks = folder.marks
            fresh = marks if everything else [mark for mark in marks if mark not in known]
            self.found += len(marks)
            self.unchanged += len(marks) - len(fresh)
            if fresh:
                index = index or _Index(known)
                for mark in fresh:
                    yield from self._judged(mark, folder.side_cover, index, unseen)
            known.difference_update(marks)
        for path in (*(file_of_mark(mark)[0] for mark in known), *unseen):
            if not self._out_of_sight(path):
                yield Gone(path)

    def _judged(
        self, mark: bytes, side_cover: bytes | None, index: _Index, unseen: set[bytes]
    ) -> Iterator[Fresh | Moved]:
        """What is to be done about one file that may be another than before."""
        path, size_bytes, mtime_ns = file_of_mark(mark)
        old = index.of(path)
        if old == mark and not self.full and path not in self.again:
            self.unchanged += 1
            return
        if old is not None:
            self.known.discard(old)
        elif path in unseen:
            unseen.discard(path)
            if self.bad.get(path) == mark and not self.full:
                self.still_bad += 1
                return
        if old is None and (source := index.vanished(mark[len(path) :], self._is_gone)) is not None:
            self.known.discard(source)
            yield Moved(file_of_mark(source)[0], path)
            return
        yield Fresh(path, size_bytes, mtime_ns, old is not None, side_cover)

    def _is_gone(self, path: bytes) -> bool:
        return _is_gone(path) and not self._out_of_sight(path) and not any(map(_is_gone, self._roots_of(path)))

    def _roots_of(self, path: bytes) -> Iterator[bytes]:
        return (root for root in self.roots if path.startswith(root.rstrip(b"/") + b"/"))

    def _out_of_sight(self, path: bytes) -> bool:
        return any(path.startswith(folder.rstrip(b"/") + b"/") for folder in self.walk.unreadable)

    def _miss_empty_roots(self) -> None:
        """Where nothing stands at all though tracks are known there, most likely nothing is mounted."""
        for root in self.roots:
            begin = root.rstrip(b"/") + b"/"
            if _is_empty(root) and any(mark.startswith(begin) for mark in self.known):
                self.walk.miss(root, "nothing is there, is it mounted?")


def _is_empty(root: bytes) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return False  # the walk says why


def _begun(load: Callable[[], set[bytes]]) -> Future[set[bytes]]:
    """In a thread of its own."""
    outcome: Future[set[bytes]] = Future()

    def run() -> None:
        try:
            outcome.set_result(load())
        except BaseException as error:  # noqa: BLE001  raised where the result is waited for
            outcome.set_exception(error)

    threading.Thread(target=run, name="known", daemon=True).start()
    return outcome


class _Index:
    """What is known, by path and by stamp. Made only where something has changed: it costs more than a walk."""

    def __init__(self, known: set[bytes]) -> None:
        self._known = known
        self.by_path = {mark.rsplit(b"//", 2)[0]: mark for mark in known}
        self._by_stamp: dict[bytes, list[bytes]] | None = None

    def of(self, path: bytes) -> bytes | None:
        """The mark of a track that was not seen before."""
        mark = self.by_path.get(path)
        return mark if mark in self._known else None

    def vanished(self, stamp: bytes, is_gone: Callable[[bytes], bool]) -> bytes | None:
        """The mark of a track with this stamp whose file is there no more."""
        if self._by_stamp is None:
            self._by_stamp = {}
            for path, mark in self.by_path.items():
                self._by_stamp.setdefault(mark[len(path) :], []).append(mark)
        likely = self._by_stamp.get(stamp, [])
        for mark in likely[:_MOST_LOOKS]:
            if mark in self._known and is_gone(file_of_mark(mark)[0]):
                likely.remove(mark)
                return mark
        return None


def _is_gone(path: bytes) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
