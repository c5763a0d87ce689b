"""One scan after the other over folders of a test, by real workers, and what the library holds afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from host.app import ScanHost, scan_host
from host.library import Problem, Store
from host.library.scans import Scanning, Tally, Watch
from host.settings import Limits, Paths, Settings
from tests.support.patient import PATIENT

__all__ = ["Covers", "Shelf", "frames_file", "killer", "strikes"]


class Covers:
    """Keeps pictures in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str | None:
        sha256 = hashlib.sha256(data).hexdigest()
        self.kept[sha256] = data
        return sha256

    def has(self, sha256: str) -> bool:
        return sha256 in self.kept


@dataclass
class Shelf:
    """A library of its own beneath ``place``; its only root is ``music`` unless a test adds others."""

    place: Path
    limits: Limits = PATIENT
    covers: Covers = field(default_factory=Covers)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.music.mkdir()
        with self.store() as store:
            store.add_root(self.music)

    @property
    def music(self) -> Path:
        return self.place / "music"

    @property
    def database(self) -> Path:
        return self.place / "library.db"

    def store(self) -> Store:
        return Store.open(self.database)

    def scan(
        self,
        folders: Sequence[Path] = (),
        *,
        full: bool = False,
        during: Callable[[ScanHost, Scanning], Awaitable[None]] | None = None,
    ) -> Tally:
        """One scan to its end; ``warnings`` are those of this scan. ``during`` runs beside it and comes to an end."""
        return asyncio.run(self._scanned(folders, full, during))

    def watch(self, during: Callable[[list[Tally]], Awaitable[None]], poll_s: float | None = None) -> list[Tally]:
        """Watches until ``during`` comes to its end, which sees what each scan did; says that at the end."""

        async def whole() -> list[Tally]:
            tallies: list[Tally] = []
            async with self._scanning() as (_, scanning):
                watching = asyncio.create_task(Watch(scanning, tallies.append, self.warnings.append, poll_s).run())
                try:
                    await during(tallies)
                finally:
                    assert not watching.done(), watching.result()
                    watching.cancel()
                    await asyncio.wait([watching])
            return tallies

        return asyncio.run(whole())

    async def _scanned(
        self,
        folders: Sequence[Path],
        full: bool,
        during: Callable[[ScanHost, Scanning], Awaitable[None]] | None,
    ) -> Tally:
        async with self._scanning() as (host, scanning):
            if during is None:
                return await scanning.run(folders, full=full)
            running = asyncio.create_task(scanning.run(folders, full=full))
            try:
                await during(host, scanning)
            except BaseException:
                running.cancel()
                await asyncio.wait([running])
                raise
            return await running

    @asynccontextmanager
    async def _scanning(self) -> AsyncIterator[tuple[ScanHost, Scanning]]:
        self.warnings.clear()
        home = self.place / "home"
        paths = Paths(home / "config.toml", home / "state", home / "data", home / "cache", home / "run")
        async with scan_host(replace(Settings(), limits=self.limits), paths) as host:
            with self.store() as store:
                warn = self.warnings.append
                made = Scanning(store, self.covers, host.runtime, host.bus, host.config_of, warn, host.at_work)
                async with made as scanning:
                    yield host, scanning

    def tracks(self) -> dict[str, int]:
        """Ids by path below ``music``."""
        with self.store() as store:
            rows = store.database.rows("SELECT path, id FROM tracks ORDER BY path")
        begin = len(bytes(self.music)) + 1
        found: dict[str, int] = {}
        for path, number in rows:
            assert isinstance(path, bytes)
            assert isinstance(number, int)
            found[os.fsdecode(path[begin:])] = number
        return found

    def problems(self) -> list[Problem]:
        with self.store() as store:
            return store.problems()


def frames_file(path: Path, frames: int = 44100, fault: object = None) -> Path:
    """What the decoder of faults reads, with an order or without."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = {} if fault is None else {"fault": fault}
    path.write_text(json.dumps({"rate": 44100, "channels": 2, "frames": frames, **order}))
    return path


def killer(path: Path, kind: str = "segv", phase: str = "open", times: int = 1000) -> Path:
    """A file over which the decoder of faults does wrong so many times; ``strikes`` counts them."""
    marks = path.parent / f".{path.name}.marks"
    marks.mkdir(parents=True, exist_ok=True)
    order = {"kind": kind, "phase": phase, "at_call": 1, "calls": 1, "generations": times, "marks": str(marks)}
    return frames_file(path, fault=order)


def strikes(path: Path) -> int:
    """How often that file has struck."""
    return len(list((path.parent / f".{path.name}.marks").iterdir()))
