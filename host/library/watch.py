"""Keeps the library as the roots are: a scan at first, then after each change a scan of the folders it happened in.

The loop's thread. Renames that the kernel tells are made in the library before the scan, so that tracks keep their ids
and playlists follow. Roots whose changes nobody tells - on another machine, or with no watches left - are polled.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from host.errors import LibraryBusy, LibraryError, Usage
from host.library.mounts import is_remote, type_of
from host.library.scanning import Scanning
from host.library.tally import Tally
from host.patience import off_loop
from host.where import label_of

if TYPE_CHECKING:
    from host.library.tripwire import Gathered, Tripwire

__all__ = ["POLL_S", "Watch"]

POLL_S = 60.0
#: Changes come in bursts: so long nothing may happen, and so long it is waited for at most.
QUIET_S = 0.5
LONGEST_S = 5.0
#: Between two looks at which roots there are, and whether they are still the folders that are watched.
LOOK_S = 30.0
_SYSTEM_S = 120.0
#: Between two tries while somebody else writes to the database.
BUSY_S = 1.0
_MOUNTS = Path("/proc/self/mountinfo")
_Identity = tuple[int, int] | None
T = TypeVar("T")


class Watch:
    """``tell`` gets what each scan did, ``warn`` what people should know. ``poll_s``: how often roots are polled."""

    def __init__(
        self,
        scanning: Scanning,
        tell: Callable[[Tally], None],
        warn: Callable[[str], None],
        poll_s: float | None = None,
    ) -> None:
        self._scanning = scanning
        self._tell = tell
        self._warn = warn
        self._poll_s = poll_s
        self._watched: dict[Path, _Identity] = {}
        self._polled: set[Path] = set()
        self._next_poll_s = 0.0

    async def run(self) -> None:
        """Until it is cancelled. Raises: LibraryError: the database cannot be written."""
        from host.library.tripwire import Tripwire  # slow to import, and only those who watch need it

        loop = asyncio.get_running_loop()
        tripwire = Tripwire(self._scanning.counts)
        try:
            await self._patiently(partial(self._look, tripwire))  # before the first scan: nothing falls between
            await self._patiently(partial(self._scan, ()))
            self._next_poll_s = loop.time() + (self._poll_s or POLL_S)
            next_look_s = loop.time() + LOOK_S
            while True:
                wait_s = min(next_look_s, self._next_poll_s if self._polled else next_look_s) - loop.time()
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, wait_s)):
                        await tripwire.sprung.wait()
                again: set[Path] = set()
                if loop.time() >= next_look_s:
                    again |= await self._patiently(partial(self._look, tripwire))
                    next_look_s = loop.time() + LOOK_S
                if self._polled and loop.time() >= self._next_poll_s:
                    again |= self._polled
                    self._next_poll_s = loop.time() + (self._poll_s or POLL_S)
                if tripwire.sprung.is_set():
                    await self._until_quiet(tripwire)
                    again |= await self._patiently(partial(self._follow, tripwire.take()))
                if again:
                    await self._patiently(partial(self._scan, again))
        finally:
            await asyncio.shield(off_loop(tripwire.close, _SYSTEM_S))

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        """Again and again while somebody else writes to the database: what is to be done is not forgotten."""
        told = False
        while True:
            try:
                return await step()
            except LibraryBusy as error:
                if not told:
                    self._warn(f"{error.message}; the watch goes on when it can")
                told = True
                await asyncio.sleep(BUSY_S)

    async def _until_quiet(self, tripwire: Tripwire) -> None:
        """Waits for the end of a burst: what is being copied is read once."""
        loop = asyncio.get_running_loop()
        longest_s = loop.time() + LONGEST_S
        before = -1
        while before != tripwire.events and loop.time() < longest_s:
            before = tripwire.events
            await asyncio.sleep(QUIET_S)

    async def _follow(self, gathered: Gathered) -> set[Path]:
        """Makes the renames, and says where to look."""
        if gathered.moves:
            store = self._scanning.store

            def rename() -> None:
                with store.batch():
                    for old, new in gathered.moves:
                        store.move(old, new)

            await self._off_loop(rename)
        roots = list(self._watched)
        if gathered.lost:
            self._warn("more changed than the system told: all roots are looked at")
            return set(roots)
        return await self._off_loop(lambda: _standing(gathered.folders, roots))

    async def _scan(self, folders: Iterable[Path]) -> None:
        tally = None
        wanted = set(folders)
        while tally is None:
            try:
                tally = await self._scanning.run(sorted(wanted))
            except Usage:  # another command has taken a root out of the library, which the next look sees
                roots = await self._off_loop(self._scanning.store.roots)
                wanted = {each for each in wanted if any(root == each or root in each.parents for root in roots)}
                if not wanted:
                    return
        self._tell(tally)
        await self._scanning.rest()

    async def _look(self, tripwire: Tripwire) -> set[Path]:
        """Which roots there are, and which of them are others than before: those are watched anew."""
        roots = await self._off_loop(self._scanning.store.roots)
        for root in set(self._watched) - set(roots):
            tripwire.leave(root)
            del self._watched[root]
            self._polled.discard(root)
        fresh: set[Path] = set()
        for root in roots:
            identity = await self._off_loop(partial(_identity, root))
            if root in self._watched and self._watched[root] == identity:
                continue
            self._watched[root] = identity
            fresh.add(root)
            await self._watch(tripwire, root, exists=identity is not None)
        return fresh

    async def _watch(self, tripwire: Tripwire, root: Path, *, exists: bool) -> None:
        why = "as was asked for" if self._poll_s is not None else await self._off_loop(lambda: _why_polled(root))
        if exists and not why:
            try:
                await self._off_loop(lambda: tripwire.watch(root))
                self._polled.discard(root)
                return
            except OSError as error:
                why = f"the system gives no watch for it ({error.strerror or error}), see fs.inotify.max_user_watches"
        if root not in self._polled and exists:
            self._polled.add(root)
            self._warn(f"{label_of(root)} is looked at every {self._poll_s or POLL_S:g} s: {why}")

    async def _off_loop(self, work: Callable[[], T]) -> T:
        try:
            return await off_loop(work, _SYSTEM_S)
        except TimeoutError as error:
            raise LibraryError(
                f"the library's folders gave no answer within {_SYSTEM_S:g} s", remedy="is a network mount among them?"
            ) from error


def _standing(folders: Iterable[Path], roots: Iterable[Path]) -> set[Path]:
    """Of each folder that lies in a root, that folder, or what is nearest above it and still there. Blocks."""
    found: set[Path] = set()
    for root in roots:
        for folder in folders:
            place = folder
            while root in place.parents and not place.is_dir():
                place = place.parent
            if place == root or root in place.parents:
                found.add(place)
    return found


def _identity(root: Path) -> _Identity:
    """Device and inode of a folder that is there. Blocks."""
    with suppress(OSError):
        facts = root.stat()
        return facts.st_dev, facts.st_ino
    return None


def _why_polled(root: Path) -> str:
    """Empty where the kernel tells of changes. Blocks."""
    with suppress(OSError):
        kind = type_of(os.fsencode(root.resolve()), _MOUNTS.read_bytes())
        return f"it lies on {kind}, where changes may come from elsewhere" if is_remote(kind) else ""
    return ""
