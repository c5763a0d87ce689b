"""The verbs that show and change the chain that plays, and what each takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from host.control.arguments import Arguments
from host.jsontext import JsonObject

__all__ = ["CHAIN_VERBS", "ChainDesk"]

MAX_PLACE = 1000


class ChainDesk(Protocol):
    """The chain commands of a host; names are resolved there, and places count from 1."""

    def effects(self) -> JsonObject: ...
    async def add(
        self,
        type_name: str,
        name: str | None,
        config: JsonObject | None,
        *,
        at: int | None,
        before: str | None,
        after: str | None,
    ) -> JsonObject: ...
    async def remove(self, name: str) -> JsonObject: ...
    async def move(self, name: str, to: int) -> JsonObject: ...
    async def bypass(self, name: str, *, off: bool) -> JsonObject: ...


async def _list(chain: ChainDesk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return chain.effects()


async def _add(chain: ChainDesk, arguments: Arguments) -> JsonObject:
    type_name, name = arguments.text("type"), arguments.text_or_none("name")
    config = arguments.object_or_none("config")
    at = arguments.count_or_none("at", MAX_PLACE)
    before, after = arguments.text_or_none("before"), arguments.text_or_none("after")
    arguments.finish()
    return await chain.add(type_name, name, config, at=at, before=before, after=after)


async def _remove(chain: ChainDesk, arguments: Arguments) -> JsonObject:
    name = arguments.text("name")
    arguments.finish()
    return await chain.remove(name)


async def _move(chain: ChainDesk, arguments: Arguments) -> JsonObject:
    name, to = arguments.text("name"), arguments.count("to", 1, MAX_PLACE)
    arguments.finish()
    return await chain.move(name, to)


async def _bypass(chain: ChainDesk, arguments: Arguments) -> JsonObject:
    name, off = arguments.text("name"), arguments.flag("off")
    arguments.finish()
    return await chain.bypass(name, off=off)


CHAIN_VERBS: dict[str, Callable[[ChainDesk, Arguments], Awaitable[JsonObject]]] = {
    "dsp.list": _list,
    "dsp.add": _add,
    "dsp.remove": _remove,
    "dsp.move": _move,
    "dsp.bypass": _bypass,
}
