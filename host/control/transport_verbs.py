"""The verbs that steer the music, and what each takes. Each answers with what then goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from host.control.arguments import Arguments
from host.errors import Usage
from host.jsontext import JsonObject

__all__ = ["TRANSPORT_VERBS", "TransportDesk"]

MAX_ENTRY = 1 << 53
MAX_TIME_S = 1e9
MAX_DB = 200.0


class TransportDesk(Protocol):
    """The transport commands of a host. Times are seconds; of ``seek`` and ``set_volume`` one argument is not None."""

    async def play(self) -> JsonObject: ...
    async def pause(self) -> JsonObject: ...
    async def resume(self) -> JsonObject: ...
    async def toggle(self) -> JsonObject: ...
    async def stop(self) -> JsonObject: ...
    async def next(self) -> JsonObject: ...
    async def previous(self) -> JsonObject: ...
    async def goto(self, entry_id: int) -> JsonObject: ...
    async def seek(self, *, to_s: float | None, by_s: float | None, percent: float | None) -> JsonObject: ...
    async def set_volume(self, *, db: float | None, by_db: float | None, percent: float | None) -> JsonObject: ...


_Verb = Callable[[TransportDesk, Arguments], Awaitable[JsonObject]]


def _bare(act: Callable[[TransportDesk], Awaitable[JsonObject]]) -> _Verb:
    async def verb(music: TransportDesk, arguments: Arguments) -> JsonObject:
        arguments.finish()
        return await act(music)

    return verb


async def _goto(music: TransportDesk, arguments: Arguments) -> JsonObject:
    entry = arguments.count_or_none("id", MAX_ENTRY)
    arguments.finish()
    if entry is None:
        raise Usage("transport.goto: the argument 'id' is missing", remedy="`queue.list` has the ids")
    return await music.goto(entry)


async def _seek(music: TransportDesk, arguments: Arguments) -> JsonObject:
    to_s = arguments.number_or_none("to", 0, MAX_TIME_S)
    by_s = arguments.number_or_none("by", -MAX_TIME_S, MAX_TIME_S)
    percent = arguments.number_or_none("percent", 0, 100)
    arguments.finish()
    _expect_one("transport.seek", to=to_s, by=by_s, percent=percent)
    return await music.seek(to_s=to_s, by_s=by_s, percent=percent)


async def _volume(music: TransportDesk, arguments: Arguments) -> JsonObject:
    db = arguments.number_or_none("db", -MAX_DB, 0)
    by_db = arguments.number_or_none("by_db", -MAX_DB, MAX_DB)
    percent = arguments.number_or_none("percent", 0, 100)
    arguments.finish()
    _expect_one("transport.volume", db=db, by_db=by_db, percent=percent)
    return await music.set_volume(db=db, by_db=by_db, percent=percent)


def _expect_one(verb: str, **given: float | None) -> None:
    if sum(value is not None for value in given.values()) != 1:
        raise Usage(f"{verb}: give one of: {', '.join(given)}")


TRANSPORT_VERBS: dict[str, _Verb] = {
    "transport.play": _bare(lambda music: music.play()),
    "transport.pause": _bare(lambda music: music.pause()),
    "transport.resume": _bare(lambda music: music.resume()),
    "transport.toggle": _bare(lambda music: music.toggle()),
    "transport.stop": _bare(lambda music: music.stop()),
    "transport.next": _bare(lambda music: music.next()),
    "transport.prev": _bare(lambda music: music.previous()),
    "transport.goto": _goto,
    "transport.seek": _seek,
    "transport.volume": _volume,
}
