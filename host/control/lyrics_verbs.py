"""The verbs about the words of what plays, and what each takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from host.control.arguments import Arguments
from host.errors import Usage
from host.jsontext import JsonObject

__all__ = ["LYRICS_VERBS", "LyricsDesk"]

MOST_CANDIDATES = 1000


class LyricsDesk(Protocol):
    """The lyrics commands of a host."""

    async def current(self) -> JsonObject: ...
    async def candidates(self) -> JsonObject: ...
    async def choose(self, number: int) -> JsonObject: ...


async def _current(lyrics: LyricsDesk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return await lyrics.current()


async def _candidates(lyrics: LyricsDesk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return await lyrics.candidates()


async def _pick(lyrics: LyricsDesk, arguments: Arguments) -> JsonObject:
    number, anew = arguments.count_or_none("number", MOST_CANDIDATES), arguments.flag("anew")
    arguments.finish()
    if (number is None) == (not anew):
        raise Usage("lyrics.pick: give one of: number, anew", remedy="`lyrics.candidates` has the numbers")
    return await lyrics.choose(number or 0)


LYRICS_VERBS: dict[str, Callable[[LyricsDesk, Arguments], Awaitable[JsonObject]]] = {
    "lyrics.current": _current,
    "lyrics.candidates": _candidates,
    "lyrics.pick": _pick,
}
