"""A target as somebody named it, and the one of those listed that is meant: its id is what finds it again later."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from host.capabilities import Sink, Target
from host.errors import NotFound
from host.jsontext import JsonObject

__all__ = ["as_listed", "meant"]

_REMEDY = "`stellatune outputs list` shows what is there"


async def as_listed(sink: Sink, target: JsonObject) -> JsonObject:
    """The target by its id. What names none is left as it is; where nothing is listed, the sink says why.

    Raises:
        NotFound: nothing, or more than one thing, is called so. What ``Sink.list_targets`` raises.
    """
    wanted = target.get("id")
    if not isinstance(wanted, str):
        return target
    listed = await sink.list_targets()
    return {**target, "id": meant(wanted, listed)} if listed else target


def meant(wanted: str, listed: Sequence[Target]) -> str:
    """The id of the one target that has this id, else this name, else this in its id. Raises: NotFound."""
    part = wanted.casefold()
    tests: tuple[Callable[[Target], bool], ...] = (
        lambda each: each.id == wanted,
        lambda each: each.name == wanted,
        lambda each: part in each.id.casefold(),
    )
    for fits in tests:
        found = [each.id for each in listed if fits(each)]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotFound(f"{wanted!r} may be any of: {', '.join(found)}", remedy="name one in full")
    raise NotFound(
        f"no target is called {wanted!r}; there are: {', '.join(each.id for each in listed)}", remedy=_REMEDY
    )
