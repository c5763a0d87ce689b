"""What the kernel tells of changes beneath the roots, gathered until somebody takes it.

The observer's threads call in; what is gathered is the loop's. Nothing is believed for sure: a change means that a
folder is to be looked at, and whoever hears too much, or hears that something was lost, looks at the whole root.
"""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from host.records import record

__all__ = ["Gathered", "Tripwire"]

#: Half of what the kernel keeps for us before it drops some.
MOST_EVENTS = 8192
_EVENTS: list[type[FileSystemEvent]] = [
    *(DirCreatedEvent, DirDeletedEvent, DirMovedEvent),
    *(FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileMovedEvent),
]


@record
class Gathered:
    """Folders in which something changed, and renames that last, in order. ``lost``: there was more than is told."""

    folders: frozenset[Path]
    moves: tuple[tuple[Path, Path], ...]
    lost: bool


class Tripwire(FileSystemEventHandler):
    """Made on the loop. ``counts``: whether a file of that name is of interest. Closing twice is fine."""

    def __init__(self, counts: Callable[[str], bool]) -> None:
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._observer: BaseObserver = Observer()
        self._watches: dict[Path, ObservedWatch] = {}
        self._folders: set[Path] = set()
        self._moves: list[tuple[Path, Path, bool]] = []
        #: So many came since the last time that somebody took them.
        self.events = 0
        self._lost = False
        self._closed = False
        # watchdog finds a folder that is new twice, by the event and in the folder above, and watches it once.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        #: Set while something is gathered.
        self.sprung = asyncio.Event()
        self._log = _Losses(lambda: self._from_thread(self._lose))
        logging.getLogger("watchdog").addHandler(self._log)
        self._observer.start()

    def watch(self, root: Path) -> None:
        """From now on changes beneath it are gathered. Blocks: every folder gets a watch of its own.

        Raises: OSError: the system gives no more watches, or the root cannot be read.
        """
        self.leave(root)
        self._watches[root] = self._observer.schedule(self, os.fspath(root), recursive=True, event_filter=_EVENTS)

    def leave(self, root: Path) -> None:
        """No more of it; twice is fine."""
        watch = self._watches.pop(root, None)
        if watch is not None:
            self._observer.unschedule(watch)

    def take(self) -> Gathered:
        """What was gathered, which is then forgotten here."""
        taken = Gathered(frozenset(self._folders), _lasting(self._moves), self._lost or self.events > MOST_EVENTS)
        self._folders.clear()
        self._moves.clear()
        self.events, self._lost = 0, False
        self.sprung.clear()
        return taken

    def close(self) -> None:
        """Ends the observer's threads, and waits for them."""
        if not self._closed:
            self._closed = True
            logging.getLogger("watchdog").removeHandler(self._log)
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """A thread of the observer's."""
        source = os.fsdecode(event.src_path)
        target = os.fsdecode(event.dest_path) if event.event_type == "moved" else ""
        if event.is_directory or self._counts(source) or (target and self._counts(target)):
            lasts = event.is_directory or self._counts(target)
            self._from_thread(lambda: self._gather(source, target, lasts))

    def _from_thread(self, call: Callable[[], None]) -> None:
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def _gather(self, source: str, target: str, lasts: bool) -> None:
        self.events += 1
        if self.events <= MOST_EVENTS:
            self._folders.add(Path(source).parent)
            if target:
                self._folders.add(Path(target).parent)
                self._moves.append((Path(source), Path(target), lasts and not self._is_hidden(Path(target))))
        self.sprung.set()

    def _is_hidden(self, path: Path) -> bool:
        """Whether it lies where nobody looks, as in a bin."""
        return any(
            part.startswith(".")
            for root in self._watches
            if root in path.parents
            for part in path.relative_to(root).parts
        )

    def _lose(self) -> None:
        self._lost = True
        self.sprung.set()


def _lasting(moves: Sequence[tuple[Path, Path, bool]]) -> tuple[tuple[Path, Path], ...]:
    """Without those after which a file is music no more (an editor's copy, a bin), unless it is moved on from there."""
    kept: list[tuple[Path, Path]] = []
    moved_on: set[Path] = set()
    for source, target, lasts in reversed(moves):
        if lasts or target in moved_on:
            kept.append((source, target))
            moved_on.add(source)
    return tuple(reversed(kept))


class _Losses(logging.Handler):
    """The observer says in its log only that the kernel dropped events, or that a folder got no watch."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, _record: logging.LogRecord) -> None:
        self._tell()
