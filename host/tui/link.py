"""The connection to a host, and to the next one when that has gone; streams of events come with it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from host.cli.talking import ANSWER_S
from host.control.async_client import AsyncClient
from host.errors import NotRunning, StellaError
from host.jsontext import JsonObject

__all__ = ["Link", "Listener"]

#: What the screen shows or acts upon; the verb takes one pattern for each stream.
PATTERNS = (
    "plugin.fault",
    "stage.[bgm]*",
    "generation.*",
    "host.*",
    "playback.*",
    "output.*",
    "track.*",
    "queue.*",
    "lyrics.*",
)
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class Listener(Protocol):
    """Who is told; on the loop's thread."""

    def joined(self, pid: int) -> None: ...
    def lost(self, pid: int) -> None: ...
    def heard(self, event: JsonObject) -> None: ...


class Link:
    """To the hosts at one socket, one after the other."""

    def __init__(self, path: Path, listener: Listener) -> None:
        self._path = path
        self._listener = listener
        self._client: AsyncClient | None = None

    async def keep(self) -> None:
        """Until it is cancelled: connects, tells, waits for the end; asks less and less often while nobody answers."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                client = await AsyncClient.connect(self._path, self._listener.heard)
            except NotRunning:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            try:
                await self._serve(client)
            finally:
                self._client = None
                await client.close()
            self._listener.lost(client.pid)

    async def ask(self, verb: str, arguments: JsonObject, timeout_s: float = ANSWER_S) -> JsonObject:
        """The result of one request. Raises: as ``AsyncClient.ask``; NotRunning: there is no host at this moment."""
        if self._client is None:
            raise NotRunning("no host answers")
        return await self._client.ask(verb, arguments, timeout_s)

    async def _serve(self, client: AsyncClient) -> None:
        try:
            for pattern in PATTERNS:
                await client.ask("events", {"filter": pattern}, ANSWER_S)
        except StellaError:
            return  # it ends, or is none of ours
        self._client = client
        self._listener.joined(client.pid)
        await client.gone()
