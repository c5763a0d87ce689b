"""A desk that remembers what it was asked, and a server in front of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from host.control.connection import Patience
from host.control.lock import HostLock, peer_credentials
from host.control.server import ControlServer
from host.errors import NotFound
from host.events import EventBus
from host.ids import Role
from host.jsontext import Json, JsonObject

STEP_S = 10.0


@dataclass
class Plugins:
    """Plugin commands that do nothing but remember."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def rows(self, name: str | None) -> JsonObject:
        return {"plugins": [{"id": name or "a"}]}

    async def restart(self, name: str, role: Role, *, reload: bool) -> JsonObject:
        self.asked.append(("reload" if reload else "restart", name, role))
        await self.gate.wait()
        self.asked.append(("done", name))
        return {"plugin": name}

    async def unload(self, name: str, role: Role, *, force: bool) -> JsonObject:
        self.asked.append(("unload", name, role, force))
        return {}

    async def enable(self, name: str) -> JsonObject:
        raise NotFound(f"no plugin {name!r}", remedy="look")

    async def disable(self, name: str) -> JsonObject:
        raise RuntimeError(f"a bug about {name}")

    def reset(self, name: str, role: Role | None) -> JsonObject:
        self.asked.append(("reset", name, role))
        return {}

    async def crashes(self, name: str | None, limit: int) -> JsonObject:
        self.asked.append(("crashes", name, limit))
        return {"rows": []}

    def logs(self, name: str, limit: int) -> JsonObject:
        return {"lines": [name * 1000] * limit}


@dataclass
class Configs:
    """Configurations that nobody has."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def show(self) -> JsonObject:
        return {"stages": []}

    async def update(self, name: str, config: JsonObject, *, merge: bool) -> JsonObject:
        self.asked.append((name, config, merge))
        return {"outcomes": []}


@dataclass
class Chain:
    """Chain commands that do nothing but remember."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def effects(self) -> JsonObject:
        return {"effects": []}

    async def add(
        self,
        type_name: str,
        name: str | None,
        config: JsonObject | None,
        *,
        at: int | None,
        before: str | None,
        after: str | None,
    ) -> JsonObject:
        self.asked.append(("add", type_name, name, config, at, before, after))
        return {}

    async def remove(self, name: str) -> JsonObject:
        self.asked.append(("remove", name))
        return {}

    async def move(self, name: str, to: int) -> JsonObject:
        self.asked.append(("move", name, to))
        return {}

    async def bypass(self, name: str, *, off: bool) -> JsonObject:
        self.asked.append(("bypass", name, off))
        return {}


@dataclass
class Outputs:
    """Outputs that nobody hears."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    async def set(self, type_name: str, target: str | None) -> JsonObject:
        self.asked.append((type_name, target))
        return {}


@dataclass
class Queueing:
    """Queue commands that do nothing but remember."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def rows(self, offset: int, limit: int) -> JsonObject:
        return self._asked("list", offset, limit)

    async def add(
        self, names: Sequence[str], *, comes_next: bool, before: int | None, after: int | None, replaces: bool
    ) -> JsonObject:
        return self._asked("add", *names, comes_next, before, after, replaces)

    async def adding(self, job: int) -> JsonObject:
        return self._asked("adding", job)

    def remove(self, ids: Sequence[int], places: Sequence[tuple[int, int]]) -> JsonObject:
        return self._asked("remove", *ids, *places)

    def move(self, ids: Sequence[int], places: Sequence[tuple[int, int]], to: int) -> JsonObject:
        return self._asked("move", *ids, *places, to)

    def clear(self) -> JsonObject:
        return self._asked("clear")

    def set_modes(self, repeat: str | None, *, shuffle: bool | None, consume: bool | None) -> JsonObject:
        return self._asked("mode", repeat, shuffle, consume)

    async def save(self, name: str) -> JsonObject:
        return self._asked("save", name)

    def _asked(self, *what: object) -> JsonObject:
        self.asked.append(what)
        return {}


@dataclass
class Music:
    """A transport that does nothing but remember."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    async def play(self) -> JsonObject:
        return self._asked("play")

    async def pause(self) -> JsonObject:
        return self._asked("pause")

    async def resume(self) -> JsonObject:
        return self._asked("resume")

    async def toggle(self) -> JsonObject:
        return self._asked("toggle")

    async def stop(self) -> JsonObject:
        return self._asked("stop")

    async def next(self) -> JsonObject:
        return self._asked("next")

    async def previous(self) -> JsonObject:
        return self._asked("previous")

    async def goto(self, entry_id: int) -> JsonObject:
        return self._asked("goto", entry_id)

    async def seek(self, *, to_s: float | None, by_s: float | None, percent: float | None) -> JsonObject:
        return self._asked("seek", to_s, by_s, percent)

    async def set_volume(self, *, db: float | None, by_db: float | None, percent: float | None) -> JsonObject:
        return self._asked("volume", db, by_db, percent)

    def _asked(self, *what: object) -> JsonObject:
        self.asked.append(what)
        return {"state": "playing"}


@dataclass
class LyricsWords:
    """Says what it was asked."""

    async def current(self) -> JsonObject:
        return {"asked": "current"}

    async def candidates(self) -> JsonObject:
        return {"asked": "candidates"}

    async def choose(self, number: int) -> JsonObject:
        return {"asked": number}


@dataclass
class FakeDesk:
    """All that the server needs."""

    bus: EventBus = field(default_factory=EventBus)
    plugins: Plugins = field(default_factory=Plugins)
    configs: Configs = field(default_factory=Configs)
    outputs: Outputs = field(default_factory=Outputs)
    chain: Chain = field(default_factory=Chain)
    queueing: Queueing = field(default_factory=Queueing)
    music: Music = field(default_factory=Music)
    lyrics: LyricsWords = field(default_factory=LyricsWords)
    stopped: int = 0

    def status(self) -> JsonObject:
        return {"host": {"pid": 1}}

    def top(self) -> JsonObject:
        return {"workers": []}

    def stop(self) -> None:
        self.stopped += 1


class Client:
    """A client that speaks JSON lines, or whatever bytes it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def ask(self, number: int, verb: str, **arguments: Json) -> None:
        self.send(json.dumps({"id": number, "verb": verb, "arguments": arguments}).encode() + b"\n")

    async def answer(self) -> dict[str, object]:
        async with asyncio.timeout(STEP_S):
            found: dict[str, object] = json.loads(await self.reader.readline())
        return found

    async def gone(self) -> bool:
        """Whether the server ends the connection without another word."""
        async with asyncio.timeout(STEP_S):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        self.writer.transport.abort()
        await asyncio.sleep(0)


@dataclass
class Rig:
    """A server under test."""

    desk: FakeDesk
    server: ControlServer
    path: Path
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        made = Client(*await asyncio.open_unix_connection(self.path))
        self.clients.append(made)
        return made


@asynccontextmanager
async def serving(
    place: Path,
    patience: Patience | None = None,
    credentials: Callable[[socket.socket], tuple[int, int]] = peer_credentials,
) -> AsyncIterator[Rig]:
    """A listening server; it and its clients are gone afterwards."""
    desk = FakeDesk()
    with HostLock(place / "state", place / "run" / "c.sock") as lock:
        rig = Rig(desk, ControlServer(desk, patience=patience, credentials=credentials), lock.path)
        await rig.server.listen(lock)
        try:
            yield rig
        finally:
            await rig.server.close()
            for client in rig.clients:
                await client.close()
