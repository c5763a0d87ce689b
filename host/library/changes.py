"""What a walk finds, held against what is known: new, changed, moved, gone, or as it was.

Blocks: a thread of its own. Reads names and stamps only. Nothing is taken for gone that is merely out of sight: a root
that is missing or empty, or a folder that cannot be read, keeps what is known of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from host.library.facts import file_of_mark, folder_of
from host.library.seals import Seals
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

    ``within``: the folders that are walked; ``guarded``: those of them whose emptiness is not believed. Where a file is
    new or gone, ``load`` gives every track beneath them, as ``mark_of_file`` has it. ``troubled``: files that problems
    are known of. ``bad``: those of them that are not to be read while they are as they were, with their marks.
    ``again``: files to be read though they have not changed. ``full``: all are read.
    """

    walk: Walk
    within: tuple[bytes, ...]
    guarded: tuple[bytes, ...]
    seals: Seals
    load: Callable[[], set[bytes]]
    troubled: Collection[bytes]
    bad: Mapping[bytes, bytes]
    again: frozenset[bytes]
    full: bool = False
    unchanged: int = 0
    still_bad: int = 0
    found: int = 0
    expected: int = 0
    #: Folders to be sealed when what was found is in the library.
    to_seal: dict[bytes, bytes] = field(default_factory=dict)
    _known: _Known | None = None
    _unseen_bad: set[bytes] = field(default_factory=set)
    #: Folders of which every track is as it was, and how many tracks these are.
    _whole: set[bytes] = field(default_factory=set)
    _seen: int = 0

    def all(self) -> Iterator[Fresh | Moved | Gone]:
        """One after the other, while the walk goes on; who is gone comes last."""
        seals, self.expected = self.seals.beneath(self.within)
        self._unseen_bad = self.seals.untracked(self.troubled)
        self._miss_empty_roots()
        everything = self.full or bool(self.again)
        for folder in self.walk.folders():
            self.found += len(folder.names)
            if everything:
                yield from self._judged_all(folder, folder.marks())
            elif seals.get(folder.path) == folder.seal:
                self._as_before(folder, len(folder.names))
            elif folder.names:
                yield from self._compared(folder)
        unseen = () if self._known is None and self._seen == self.expected else self._loaded().unseen
        tracks = (path for mark in unseen if folder_of(path := file_of_mark(mark)[0]) not in self._whole)
        for path in (*tracks, *self._unseen_bad):
            if not self._out_of_sight(path):
                yield Gone(path)

    def _as_before(self, folder: Folder, tracks: int) -> None:
        self._whole.add(folder.path)
        self._seen += tracks
        self.unchanged += tracks

    def _loaded(self) -> _Known:
        """What is known of every track, read when it is first asked for."""
        if self._known is None:
            self._known = _Known(self.load())
        return self._known

    def _compared(self, folder: Folder) -> Iterator[Fresh | Moved]:
        """File by file: by the tracks of this folder alone, as long as nothing is new or gone."""
        marks = folder.marks()
        if self._known is None and self.expected:
            here = self.seals.marks_in(folder.path)
            others = [mark for mark in marks if mark not in here]
            if len(marks) - len(others) == len(here) and all(self._is_hopeless(mark) for mark in others):
                self._as_before(folder, len(here))
                self.still_bad += len(others)
                self._unseen_bad.difference_update(file_of_mark(mark)[0] for mark in others)
                if not others:
                    self.to_seal[folder.path] = folder.seal
                return
        yield from self._judged_all(folder, marks)

    def _is_hopeless(self, mark: bytes) -> bool:
        path, _, _ = file_of_mark(mark)
        return path in self._unseen_bad and self.bad.get(path) == mark

    def _judged_all(self, folder: Folder, marks: Sequence[bytes]) -> Iterator[Fresh | Moved]:
        known, bad = self._loaded(), self.still_bad
        fresh = marks if self.full or self.again else [mark for mark in marks if mark not in known.unseen]
        self.unchanged += len(marks) - len(fresh)
        for mark in fresh:
            yield from self._judged(mark, folder.side_cover, known)
        known.unseen.difference_update(marks)
        if self.still_bad == bad and marks:
            self.to_seal[folder.path] = folder.seal

    def _judged(self, mark: bytes, side_cover: bytes | None, known: _Known) -> Iterator[Fresh | Moved]:
        """What is to be done about one file that may be another than before."""
        path, size_bytes, mtime_ns = file_of_mark(mark)
        old = known.of(path)
        if old == mark and not self.full and path not in self.again:
            self.unchanged += 1
            return
        if old is not None:
            known.unseen.discard(old)
        elif path in self._unseen_bad:
            self._unseen_bad.discard(path)
            if self.bad.get(path) == mark and not self.full:
                self.still_bad += 1
                return
        if old is None and (source := known.vanished(mark[len(path) :], self._is_gone)) is not None:
            known.unseen.discard(source)
            yield Moved(file_of_mark(source)[0], path)
            return
        yield Fresh(path, size_bytes, mtime_ns, old is not None, side_cover)

    def _is_gone(self, path: bytes) -> bool:
        return _is_gone(path) and not self._out_of_sight(path) and not any(map(_is_gone, self._roots_of(path)))

    def _roots_of(self, path: bytes) -> Iterator[bytes]:
        return (root for root in self.guarded if path.startswith(root.rstrip(b"/") + b"/"))

    def _out_of_sight(self, path: bytes) -> bool:
        return any(path.startswith(folder.rstrip(b"/") + b"/") for folder in self.walk.unreadable)

    def _miss_empty_roots(self) -> None:
        """Where nothing stands at all though tracks are known there, most likely nothing is mounted."""
        for root in self.guarded:
            begin = root.rstrip(b"/") + b"/"
            if _is_empty(root) and any(mark.startswith(begin) for mark in self._loaded().unseen):
                self.walk.miss(root, "nothing is there, is it mounted?")


def _is_empty(root: bytes) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return False  # the walk says why


class _Known:
    """Every track, by path and by stamp; ``unseen``: the marks of those that the walk has not come to yet."""

    def __init__(self, marks: set[bytes]) -> None:
        self.unseen = marks
        self._all = tuple(marks)
        self._by_stamp: dict[bytes, list[bytes]] | None = None

    @cached_property
    def by_path(self) -> dict[bytes, bytes]:
        """Of each path the mark it had. Made only where something has changed: it costs more than a walk."""
        return {mark.rsplit(b"//", 2)[0]: mark for mark in self._all}

    def of(self, path: bytes) -> bytes | None:
        """The mark of a track that was not seen before."""
        mark = self.by_path.get(path)
        return mark if mark in self.unseen else None

    def vanished(self, stamp: bytes, is_gone: Callable[[bytes], bool]) -> bytes | None:
        """The mark of a track with this stamp whose file is there no more."""
        if self._by_stamp is None:
            self._by_stamp = {}
            for path, mark in self.by_path.items():
                self._by_stamp.setdefault(mark[len(path) :], []).append(mark)
        likely = self._by_stamp.get(stamp, [])
        for mark in likely[:_MOST_LOOKS]:
            if mark in self.unseen and is_gone(file_of_mark(mark)[0]):
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
