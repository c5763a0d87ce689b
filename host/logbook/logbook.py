"""Listens to the bus and writes down what is worth it. Belongs to the event loop's thread, which never waits for it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from abi.kinds import LogLevel
from host.events import EventBus
from host.jsontext import JsonObject
from host.logbook.entry import HOST, Entry, level_of
from host.logbook.rotating_file import RotatingFile
from host.logbook.sayings import WRITTEN_DOWN, entries_of
from host.logbook.writer import LogWriter
from host.patience import off_loop
from host.settings import LogSettings

__all__ = ["Logbook"]

_FACTS_KEPT = 4096
_CLOSE_S = 0.5


class Logbook:
    """Of one host, from its making until it is closed."""

    def __init__(self, bus: EventBus, path: Path, settings: LogSettings) -> None:
        self._path = path
        self._settings = settings
        self._level = level_of(settings.level)
        self._writer = LogWriter(RotatingFile(path, settings.max_bytes, settings.files))
        self._facts = bus.subscribe(*WRITTEN_DOWN, capacity=_FACTS_KEPT)
        self._missed = 0
        self._task = asyncio.get_running_loop().create_task(self._listen())

    def say(self, level: LogLevel, text: str) -> None:
        """Something about the host itself."""
        self._keep(Entry(time.time(), level, HOST, text))

    def configure(self, settings: LogSettings) -> None:
        """Other settings from now on; the file is opened again, so that somebody may have moved it away."""
        self._settings = settings
        self._level = level_of(settings.level)
        self._writer.reopen(settings.max_bytes, settings.files)

    def facts(self) -> JsonObject:
        """Where it is, what is in it, and what is not."""
        counts = self._writer.counts()
        return {
            "file": str(self._path),
            "level": self._settings.level,
            "lines": counts.written,
            "dropped": counts.dropped + self._facts.dropped,
            "problem": counts.problem,
        }

    async def close(self) -> None:
        """What was published before is in the file, unless the file system does not take it. Twice is fine."""
        self._facts.close()
        await asyncio.wait((self._task,))
        with suppress(TimeoutError):
            await off_loop(lambda: self._writer.close(_CLOSE_S), 2 * _CLOSE_S)

    async def _listen(self) -> None:
        async for fact in self._facts:
            now_s = time.time()
            if self._facts.dropped > self._missed:
                count, self._missed = self._facts.dropped - self._missed, self._facts.dropped
                self.say(LogLevel.WARN, f"{count} facts came faster than they could be written down")
            for entry in entries_of(fact, now_s):
                self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        if entry.level <= self._level:
            self._writer.put(entry.line)
