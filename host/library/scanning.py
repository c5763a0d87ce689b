"""Scans of one library, one at a time: the lock, the journal and the scanners that they have in common.

Blocking work happens off the loop. Whoever holds a Scanning holds the lock that keeps a second scan out.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from abi.kinds import CapabilityKind
from host.capabilities import Candidate, known_extensions, select_decoders
from host.errors import LibraryError, Usage
from host.events import EventBus
from host.ids import PluginId, Role, TypeId
from host.jsontext import JsonObject
from host.library.changes import Changes
from host.library.journal import Journal
from host.library.ledger import CoverKeeper, Ledger
from host.library.scan import Scan, ScanParts
from host.library.scanners import ScannerPool
from host.library.seals import Seals
from host.library.store import Store
from host.library.tally import Tally
from host.library.troubles import Troubles, mark_text
from host.library.walk import Walk
from host.packages import PluginManifest
from host.patience import off_loop
from host.runtime import PluginRuntime, mark_of
from host.where import extension_of, label_of

__all__ = ["Scanning"]

T = TypeVar("T")

#: Objects from one look for circles to the next, a scan's worth of some hundred files.
_FEW = 20_000
#: For reading what is known.
_LOAD_S = 120.0


class Scanning:
    """``async with`` takes the lock. The loop's thread.

    ``config_of``: how decoders are made; ``warn`` is told, on the loop, what is not as it should be; ``at_work``,
    whether a scan is under way, or none for a while.
    """

    def __init__(
        self,
        store: Store,
        covers: CoverKeeper,
        runtime: PluginRuntime,
        bus: EventBus,
        config_of: Callable[[PluginId, TypeId], JsonObject],
        warn: Callable[[str], None],
        at_work: Callable[[bool], None],
    ) -> None:
        self.store = store
        self._seals = Seals(store.database)
        self._covers = covers
        self._runtime = runtime
        self._bus = bus
        self._config_of = config_of
        self._warn = warn
        self._at_work = at_work
        self._pool = ScannerPool(runtime, config_of)
        self._extensions = frozenset(known_extensions(runtime.manifests()))
        self._journal: Journal | None = None
        #: The scan under way, or the last one.
        self.scan: Scan | None = None
        self._runs = False

    async def __aenter__(self) -> Scanning:
        """Raises: LibraryBusy: another process scans. LibraryError: its file cannot be written."""
        path = self.store.database.path
        self._journal = await self._in_time(lambda: Journal.of(path), Journal.close)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._pool.close()
        if self._journal is not None:
            self._journal.close()

    async def run(self, folders: Sequence[Path] = (), *, full: bool = False) -> Tally:
        """Scans these folders, or all roots; ``full``: unchanged files too.

        Raises: Usage: a folder lies in no root. LibraryError.
        """
        assert self._journal is not None
        self._at_work(True)
        loop = asyncio.get_running_loop()

        def warn(text: str) -> None:
            loop.call_soon_threadsafe(self._warn, text)

        manifests = self._runtime.manifests()
        marks = await asyncio.to_thread(self._marks, manifests)
        ledger = Ledger(self.store, self._covers, warn)
        readers = 2 * (os.cpu_count() or 1)  # while one is in a decoder, another one's files are opened, or looked at
        parts = ScanParts(self._bus, self._pool, self._journal, ledger, marks, self._warn, readers)
        self.scan = await self._in_time(lambda: self._prepared(parts, manifests, folders, full, warn))
        self._runs = True
        try:
            with _few_collections():
                tally = await self.scan.run()
        finally:
            self._runs = False
        to_seal = self.scan.changes.to_seal
        if to_seal:
            await self._in_time(lambda: self._seals.put(to_seal))
        return tally

    async def _in_time(self, work: Callable[[], T], discard: Callable[[T], None] | None = None) -> T:
        try:
            return await off_loop(work, _LOAD_S, discard)
        except TimeoutError as error:
            raise LibraryError(
                f"{label_of(self.store.database.path)} was not read within {_LOAD_S:g} s",
                remedy="look at the file system it lies on",
            ) from error

    def counts(self, name: str) -> bool:
        """Whether a file of that name may be music."""
        return extension_of(name) in self._extensions

    async def rest(self) -> None:
        """For a while nothing is to be scanned: its workers end."""
        await self._pool.close()
        for plugin in self._runtime.manifests():
            await self._runtime.unload(plugin.id, Role.SCAN, wait=False)
        self._at_work(False)

    def progress(self) -> tuple[Tally, int] | None:
        """How far the scan under way is, and how many files are expected; None when there is none."""
        return None if self.scan is None or not self._runs else (self.scan.progress(), self.scan.changes.expected)

    def _prepared(
        self,
        parts: ScanParts,
        manifests: Sequence[PluginManifest],
        folders: Sequence[Path],
        full: bool,
        warn: Callable[[str], None],
    ) -> Scan:
        """What is known, read from the database. Off the loop."""
        whole = frozenset(os.fsencode(path) for path in self.store.roots())
        roots = _outermost([os.fsencode(path) for path in self._roots(folders)])

        def known() -> set[bytes]:
            return set().union(*(self.store.known_marks(Path(os.fsdecode(root))) for root in roots))

        problems = [problem for root in roots for problem in self.store.problems(Path(os.fsdecode(root)))]

        @cache
        def of_extension(extension: str) -> Sequence[Candidate]:
            return select_decoders(manifests, extension)

        def candidates(path: bytes) -> Sequence[Candidate]:
            return of_extension(extension_of(os.fsdecode(path)))

        troubles = Troubles(problems, candidates, lambda plugin_id, type_id: parts.marks.get((plugin_id, type_id), ""))
        excluded = [os.fsencode(path) for path in self.store.excluded()]
        walk = Walk(roots, excluded, self._extensions, warn, whole)
        guarded = tuple(whole.intersection(roots))
        bad, again = troubles.hopeless(), troubles.outdated()
        changes = Changes(walk, roots, guarded, self._seals, known, list(troubles), bad, again, full)
        return Scan(parts, changes, troubles)

    def _roots(self, folders: Sequence[Path]) -> list[Path]:
        roots = self.store.roots()
        for folder in folders:
            if not any(root == folder or root in folder.parents for root in roots):
                raise Usage(f"{label_of(folder)} lies in no root of the library", remedy="`stellatune library add` it")
        return list(folders) or roots

    def _marks(self, manifests: Sequence[PluginManifest]) -> dict[tuple[PluginId, TypeId], str]:
        return {
            (plugin.id, capability.type_id): mark_text(
                plugin.version, mark_of(plugin), self._config_of(plugin.id, capability.type_id)
            )
            for plugin in manifests
            for capability in plugin.capabilities
            if capability.kind is CapabilityKind.DECODER
        }


@contextmanager
def _few_collections() -> Iterator[None]:
    """What a file leaves behind goes by itself, without circles: to look for these at the usual rate takes a tenth of a
    scan."""
    usual = gc.get_threshold()
    gc.set_threshold(_FEW, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _outermost(roots: Sequence[bytes]) -> tuple[bytes, ...]:
    """Without those that lie in another one."""
    found: list[bytes] = []
    for root in sorted({root.rstrip(b"/") or b"/" for root in roots}):
        if not any(root.startswith(outer.rstrip(b"/") + b"/") for outer in found):
            found.append(root)
    return tuple(found)
