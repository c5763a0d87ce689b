"""The verbs that show and change the queue, and what each takes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from host.control.arguments import Arguments
from host.errors import Usage
from host.jsontext import JsonObject

__all__ = ["MAX_AT_ONCE", "QUEUE_VERBS", "QueueDesk"]

#: Names, ids or places in one request; a request has room for no more.
MAX_AT_ONCE = 500
MAX_ROWS = 1000
MAX_PLACE = 1 << 31
MAX_ID = 1 << 53
_PLACES = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")


class QueueDesk(Protocol):
    """The queue commands of a host. Places count from 1, and are spans with their last one; ids never change."""

    def rows(self, offset: int, limit: int) -> JsonObject: ...
    async def add(
        self, names: Sequence[str], *, comes_next: bool, before: int | None, after: int | None, replaces: bool
    ) -> JsonObject: ...
    async def adding(self, job: int) -> JsonObject: ...
    def remove(self, ids: Sequence[int], places: Sequence[tuple[int, int]]) -> JsonObject: ...
    def move(self, ids: Sequence[int], places: Sequence[tuple[int, int]], to: int) -> JsonObject: ...
    def clear(self) -> JsonObject: ...
    def set_modes(self, repeat: str | None, *, shuffle: bool | None, consume: bool | None) -> JsonObject: ...
    async def save(self, name: str) -> JsonObject: ...


async def _list(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    first, limit = arguments.count("first", 1, MAX_PLACE), arguments.count("limit", MAX_ROWS, MAX_ROWS)
    arguments.finish()
    return queue.rows(first - 1, limit)


async def _add(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    names = arguments.texts("names", MAX_AT_ONCE)
    comes_next, replaces = arguments.flag("next"), arguments.flag("replace")
    before, after = arguments.count_or_none("before", MAX_ID), arguments.count_or_none("after", MAX_ID)
    arguments.finish()
    if comes_next + replaces + (before is not None) + (after is not None) > 1:
        raise Usage("queue.add: more than one place was named", remedy="say one of: next, before, after, replace")
    return await queue.add(names, comes_next=comes_next, before=before, after=after, replaces=replaces)


async def _adding(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    job = arguments.count("job", 1, MAX_ID)
    arguments.finish()
    return await queue.adding(job)


async def _remove(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    ids, places = _which(arguments)
    arguments.finish()
    return queue.remove(ids, places)


async def _move(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    ids, places = _which(arguments)
    to = arguments.count("to", 1, MAX_PLACE)
    arguments.finish()
    return queue.move(ids, places, to)


async def _clear(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return queue.clear()


async def _mode(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    repeat = arguments.text_or_none("repeat")
    shuffle, consume = arguments.flag_or_none("shuffle"), arguments.flag_or_none("consume")
    arguments.finish()
    return queue.set_modes(repeat, shuffle=shuffle, consume=consume)


async def _save(queue: QueueDesk, arguments: Arguments) -> JsonObject:
    name = arguments.text("name")
    arguments.finish()
    return await queue.save(name)


def _which(arguments: Arguments) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Entries by id or by place."""
    ids, places = arguments.counts("ids", MAX_AT_ONCE, MAX_ID), arguments.texts_or_none("places", MAX_AT_ONCE)
    if bool(ids) == bool(places):
        raise Usage("say which entries: ids or places", remedy='places are texts such as "3" and "5-7"')
    return ids, tuple(_span(text) for text in places)


def _span(text: str) -> tuple[int, int]:
    match = _PLACES.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match is not None else (0, 0)
    if not 0 < first <= last:
        raise Usage(f"{text!r} is no place in a queue", remedy="write 3, or 5-7")
    return first, last


QUEUE_VERBS: dict[str, Callable[[QueueDesk, Arguments], Awaitable[JsonObject]]] = {
    "queue.list": _list,
    "queue.add": _add,
    "queue.adding": _adding,
    "queue.remove": _remove,
    "queue.move": _move,
    "queue.clear": _clear,
    "queue.mode": _mode,
    "queue.save": _save,
}
