"""Configurations of what plays, shown and changed while it plays. Belongs to the event loop's thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from host.capabilities import QueryOwner
from host.errors import NotFound, NotRunning
from host.ids import PluginId, TypeId
from host.jsontext import Json, JsonObject
from host.packages import endings_of
from host.playback import StageSpec
from host.runtime import Outcome, OutcomeKind

__all__ = ["ConfigCommands", "Tuner"]


class Tuner(Protocol):
    """The player, as far as it is needed here."""

    def specs(self) -> Sequence[StageSpec]:
        """What is in force at each stage, in the order of the music; none while nothing plays."""

    def schema(self, name: str, /) -> JsonObject:
        """What the configuration of one stage may be."""

    async def update(self, name: str, config: JsonObject, /, *, merge: bool) -> Outcome:
        """Another configuration for one stage, or some members of it."""

    def seconds_until(self, position: int, /) -> float | None:
        """How long it takes until a position of the pipeline is heard; None while nothing plays."""


class ConfigCommands:
    """Of one host. ``tuner`` gives the player that runs now, if one does; ``owners``, who holds what answers questions;
    ``refresh`` reads again what is saved.
    """

    def __init__(
        self,
        tuner: Callable[[], Tuner | None],
        owners: Callable[[], Iterable[QueryOwner]],
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._tuner = tuner
        self._owners = owners
        self._refresh = refresh

    def show(self) -> JsonObject:
        """Every stage with the configuration in force, and what it may be."""
        tuner = self._tuner()
        if tuner is None:
            return {"stages": []}
        return {"stages": [_facts(spec) | {"schema": tuner.schema(spec.name)} for spec in tuner.specs()]}

    async def update(self, name: str, config: JsonObject, *, merge: bool) -> JsonObject:
        """Another configuration for the stage of that name, or else for every stage of that type.

        ``merge``: its members take the place of those in force, and the others stay. Each stage has its own outcome.

        Raises:
            NotRunning: nothing plays. NotFound: nothing that plays is called so.
        """
        try:
            return {"outcomes": await self._update(name, config, merge)}
        finally:
            await self._refresh()

    async def _update(self, name: str, config: JsonObject, merge: bool) -> list[Json]:
        tuner = self._tuner()
        specs = tuner.specs() if tuner is not None else ()
        owners = [each for each in self._owners() if name in _type_names(each.plugin_id, each.type_id)]
        if not specs and not owners:
            raise NotRunning("nothing plays", remedy="stellatune play FILE")
        outcomes = [await _ask_owner(owner, config, merge) for owner in owners]
        if tuner is None:
            return outcomes
        gone: NotFound | NotRunning | None = None
        for spec in _meant(name, specs, others=bool(owners)):
            try:
                outcome = await tuner.update(spec.name, config, merge=merge)
            except (NotFound, NotRunning) as left:  # while those before it were asked
                gone = left
                continue
            heard_s = None if outcome.position is None else tuner.seconds_until(outcome.position)
            heard_ms = None if heard_s is None else round(heard_s * 1000, 1)
            outcomes.append(_facts(spec) | _result(outcome) | {"heard_after_ms": heard_ms})
        if gone is not None and not outcomes:
            raise gone
        return outcomes


async def _ask_owner(owner: QueryOwner, config: JsonObject, merge: bool) -> Json:
    spec = StageSpec(owner.name, owner.plugin_id, owner.type_id, owner.config, owner.config_gen)
    outcome = await owner.update(config, merge=merge)
    return _facts(spec) | _result(outcome) | {"heard_after_ms": None}


def _meant(name: str, specs: Sequence[StageSpec], *, others: bool) -> tuple[StageSpec, ...]:
    by_name = tuple(spec for spec in specs if spec.name == name)
    found = by_name or tuple(spec for spec in specs if name in _type_names(spec.plugin_id, spec.type_id))
    if not found and not others:
        known = ", ".join(spec.name for spec in specs)
        raise NotFound(f"nothing that plays is called {name!r}", remedy=f"there are: {known}")
    return found


def _type_names(plugin_id: PluginId, type_id: TypeId) -> tuple[str, ...]:
    return (type_id, f"{plugin_id}:{type_id}", *endings_of(plugin_id))


def _facts(spec: StageSpec) -> JsonObject:
    return {
        "name": spec.name,
        "plugin": spec.plugin_id,
        "type": spec.type_id,
        "config": spec.config,
        "config_gen": spec.config_gen,
    }


def _result(outcome: Outcome) -> JsonObject:
    failed = outcome.kind in (OutcomeKind.REJECTED, OutcomeKind.FAILED)
    facts: JsonObject = {
        "config": outcome.config,
        "outcome": outcome.kind.value,
        "config_gen": outcome.config_gen,
        "generation": outcome.generation,
        "reason": outcome.reason,
        "position": outcome.position,
        "changed": outcome.changed,
        "ok": not failed,
    }
    return facts
