"""What a scan found out, gathered and written down in batches; the covers with it.

The loop's thread gathers; writing blocks, and happens off it, one batch at a time. Who adds too quickly waits for the
writing, so that what is gathered stays small. Each batch is one transaction: an end at any moment leaves whole batches.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from host.errors import LibraryBusy, MediaError
from host.library.changes import Gone, Moved
from host.library.facts import Problem, Track
from host.library.store import Store
from host.media import open_regular
from host.patience import off_loop

__all__ = ["CoverKeeper", "Ledger"]

MOST_ROWS = 1024
#: Of covers that wait for their batch.
MOST_COVER_BYTES = 32 << 20
MAX_PICTURE = 12 << 20
WRITE_S = 60.0
#: Folders whose picture is remembered.
_PICTURES = 64


class CoverKeeper(Protocol):
    """Where pictures are kept. Blocks."""

    def put(self, data: bytes) -> str | None:
        """Keeps one; its SHA-256 in hexadecimal, or None when it is not one that is kept."""

    def has(self, sha256: str) -> bool:
        """Whether it is kept."""


@dataclass(slots=True)
class _Pages:
    """One batch."""

    tracks: list[tuple[Track, bytes | None]] = field(default_factory=list)
    covers: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    settled: list[bytes] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)
    cover_bytes: int = 0
    rows: int = 0

    @property
    def full(self) -> bool:
        return self.rows >= MOST_ROWS or self.cover_bytes >= MOST_COVER_BYTES


class Ledger:
    """Of one scan."""

    def __init__(self, store: Store, covers: CoverKeeper, warn: Callable[[str], None]) -> None:
        self._store = store
        self._covers = covers
        self._warn = warn
        self._pages = _Pages()
        self._writing: asyncio.Task[None] | None = None
        self._pictures: dict[bytes, str | None] = {}

    async def track(self, track: Track, cover: bytes | None, side_cover: bytes | None) -> None:
        """A file was read. ``cover``: its picture, where it is not known to be kept; ``side_cover``: one beside it."""
        pages = self._pages
        pages.tracks.append((track, side_cover))
        pages.rows += 1
        if cover is not None and track.cover is not None:
            pages.covers[track.cover] = cover
            pages.cover_bytes += len(cover)
        if pages.full:
            await self._write_full()

    async def problem(self, problem: Problem) -> None:
        """A file has one."""
        self._pages.problems.append(problem)
        self._pages.rows += 1
        await self._write_full()

    async def settled(self, path: bytes) -> None:
        """What was wrong with a file is told anew, or is so no more."""
        self._pages.settled.append(path)
        self._pages.rows += 1
        await self._write_full()

    async def change(self, change: Moved | Gone) -> None:
        """A name is another, or is no more."""
        if isinstance(change, Moved):
            self._pages.moves.append(change)
        else:
            self._pages.gone.append(change.path)
        self._pages.rows += 1
        await self._write_full()

    async def write(self) -> None:
        """Everything gathered so far is in the database afterwards.

        Raises: LibraryError: it cannot be written; the database is whole, without this batch.
        """
        while self._writing is not None:
            await self._written()
        self._begin()
        await self._written()

    async def _write_full(self) -> None:
        """Reading goes on while a batch is written; who has the next one full by then waits for the first."""
        while self._pages.full:
            if self._writing is None:
                self._begin()
                return
            await self._written()

    def _begin(self) -> None:
        pages, self._pages = self._pages, _Pages()
        self._writing = asyncio.get_running_loop().create_task(self._write(pages))

    async def _written(self) -> None:
        """The batch under way is in the database, or its failure is told to one of those who wait."""
        writing = self._writing
        if writing is not None:
            await asyncio.wait([writing])
            if self._writing is writing:
                self._writing = None
                writing.result()

    async def _write(self, pages: _Pages) -> None:
        try:
            await off_loop(lambda: self._put(pages), WRITE_S)
        except TimeoutError as error:
            raise LibraryBusy(
                f"the library was not written within {WRITE_S:g} s", remedy="look at the file system it lies on"
            ) from error

    # ---- off the loop ----

    def _put(self, pages: _Pages) -> None:
        kept = {sha256 for sha256, data in pages.covers.items() if self._covers.put(data) == sha256}
        store = self._store
        with store.batch():
            for move in pages.moves:
                store.move(Path(os.fsdecode(move.old)), Path(os.fsdecode(move.new)))
            for path in pages.settled:
                store.forget_problem(Path(os.fsdecode(path)))
            store.remove([Path(os.fsdecode(path)) for path in pages.gone])
            store.put([self._with_cover(track, side, kept) for track, side in pages.tracks])
            store.put_problems(pages.problems)

    def _with_cover(self, track: Track, side: bytes | None, kept: set[str]) -> Track:
        if track.cover is not None and (track.cover in kept or self._covers.has(track.cover)):
            return track
        picture = None if side is None else self._picture(side)
        return track if picture == track.cover else replace(track, cover=picture)

    def _picture(self, path: bytes) -> str | None:
        """The picture beside the music, read once for all files of its folder."""
        if path not in self._pictures:
            while len(self._pictures) >= _PICTURES:
                del self._pictures[next(iter(self._pictures))]
            self._pictures[path] = self._read_picture(Path(os.fsdecode(path)))
        return self._pictures[path]

    def _read_picture(self, path: Path) -> str | None:
        try:
            with open_regular(path) as media:
                # One byte more than is kept: the keeper refuses what is longer.
                return self._covers.put(os.pread(media.fd, min(media.size_bytes, MAX_PICTURE + 1), 0))
        except (MediaError, OSError) as error:
            self._warn(str(error))
            return None
