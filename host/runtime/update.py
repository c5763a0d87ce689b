"""Configuration updates of one owner of an instance: one at a time, the newest of a wish only, each with exactly one
outcome.

The owner (a stage of the chain, a cache of query instances) knows how its kind is asked, told and made anew; this room
knows the order of the steps, who waits, who is overtaken, and what is told. Any step that fails leaves the old instance
serving with its configuration and ``config_gen``.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Protocol, assert_never

from abi.kinds import CapabilityKind, ConfigUpdateMode
from host.errors import ConfigRejected, StellaError
from host.events import ConfigUpdated, EventBus
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.records import record
from host.runtime.update_calls import Plan

__all__ = ["Change", "ConfigUpdates", "Outcome", "OutcomeKind", "Updatable"]

#: A step on the way, told to whoever listens; never an outcome.
_REQUIRES_RECREATE = "requires_recreate"
_OVER = "nothing plays any more"


class OutcomeKind(StrEnum):
    """How an update ended."""

    APPLIED = "applied"
    RECREATED = "recreated"
    REJECTED = "rejected"
    FAILED = "failed"


@record
class Change:
    """What an update did. ``position``: the first frame it holds for, where there are frames; ``note``: for people."""

    position: int | None = None
    note: str = ""


@record
class Outcome:
    """How one update ended. ``config``, ``config_gen`` and ``generation`` are of what serves now.

    ``changed`` is false where the same configuration was in force already, and after a rejection or failure.
    """

    kind: OutcomeKind
    config_gen: int
    generation: Generation
    config: JsonObject
    reason: str = ""
    position: int | None = None
    changed: bool = False


class Updatable(Protocol):
    """Who holds an instance, and may put another one in its place."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def kind(self) -> CapabilityKind: ...
    @property
    def plugin_id(self) -> PluginId: ...
    @property
    def type_id(self) -> TypeId: ...
    @property
    def generation(self) -> Generation: ...

    @property
    def config(self) -> JsonObject:
        """The one in force."""

    @property
    def config_gen(self) -> int:
        """How often one was accepted, that of the beginning included."""

    def check(self, config: JsonObject) -> None:
        """Raises: ConfigRejected when it does not fit the schema."""

    async def plan(self, config: JsonObject) -> Plan:
        """How it would be taken."""

    async def apply(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        """In place; in force when this returns."""

    async def recreate(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        """By another instance; in force when this returns."""


@record
class _Asked:
    """``merge``: ``config`` has only the members that are wished for, and goes over what is in force then."""

    config: JsonObject
    merge: bool
    outcome: asyncio.Future[Outcome]

    def overtakes(self, older: _Asked) -> bool:
        """Whether nothing of the older wish would be left after this one."""
        return not self.merge or (older.merge and older.config.keys() <= self.config.keys())


class ConfigUpdates:
    """Of one owner. Belongs to the event loop's thread."""

    def __init__(self, owner: Updatable, bus: EventBus) -> None:
        self._owner = owner
        self._bus = bus
        self._waiting: list[_Asked] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def request(self, config: JsonObject, *, merge: bool = False) -> Outcome:
        """Asks for a configuration and waits for what becomes of it; never raises for what the plugin does.

        ``merge``: its members take the place of those in force when its turn comes, and the others stay. Who still
        waits in the queue is overtaken by a newer one that sets all it wished for, and rejected. A caller that is
        cancelled leaves the update under way.
        """
        asked = _Asked(config, merge, asyncio.get_running_loop().create_future())
        if self._closed:
            self._settle(asked, OutcomeKind.FAILED, _OVER)
        else:
            overtaken = [each for each in self._waiting if asked.overtakes(each)]
            self._waiting = [each for each in self._waiting if each not in overtaken] + [asked]
            for each in overtaken:
                self._settle(each, OutcomeKind.REJECTED, "overtaken by a newer one")
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._run())
        return await asyncio.shield(asked.outcome)

    async def close(self) -> None:
        """What waits or is under way fails; twice is fine."""
        self._closed = True
        self._fail_waiting(_OVER)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        try:
            while self._waiting:
                asked = self._waiting.pop(0)
                try:
                    await self._perform(asked)
                except asyncio.CancelledError:
                    self._settle(asked, OutcomeKind.FAILED, _OVER)
                    raise
                finally:  # also where a bug ends it: whoever asked waits for an outcome
                    self._settle(asked, OutcomeKind.FAILED, "it broke off")
        finally:
            self._task = None
            self._fail_waiting("the one before it broke off")

    def _fail_waiting(self, reason: str) -> None:
        for each in self._waiting:
            self._settle(each, OutcomeKind.FAILED, reason)
        self._waiting = []

    async def _perform(self, asked: _Asked) -> None:
        owner = self._owner
        try:
            config = owner.config | asked.config if asked.merge else asked.config
            owner.check(config)
            if config == owner.config:
                self._settle(asked, OutcomeKind.APPLIED, "it is in force already")
                return
            plan = await owner.plan(config)
            kind, change = await self._take(config, plan)
        except ConfigRejected as error:
            self._settle(asked, OutcomeKind.REJECTED, error.message)
        except StellaError as error:
            self._settle(asked, OutcomeKind.FAILED, str(error))
        else:
            self._settle(asked, kind, change.note or plan.reason, change.position, changed=True)

    async def _take(self, config: JsonObject, plan: Plan) -> tuple[OutcomeKind, Change]:
        owner, config_gen = self._owner, self._owner.config_gen + 1
        match plan.mode:
            case ConfigUpdateMode.HOT_APPLY:
                return OutcomeKind.APPLIED, await owner.apply(config, config_gen, plan)
            case ConfigUpdateMode.RECREATE:
                self._tell(_REQUIRES_RECREATE, plan.reason, None)
                return OutcomeKind.RECREATED, await owner.recreate(config, config_gen, plan)
            case ConfigUpdateMode.REJECT:
                raise ConfigRejected(plan.reason or f"{owner.type_id} takes no such configuration")
        assert_never(plan.mode)

    def _settle(
        self, asked: _Asked, kind: OutcomeKind, reason: str, position: int | None = None, *, changed: bool = False
    ) -> None:
        owner = self._owner
        if asked.outcome.done():
            return
        asked.outcome.set_result(
            Outcome(kind, owner.config_gen, owner.generation, owner.config, reason, position, changed)
        )
        self._tell(kind.value, reason, position)

    def _tell(self, status: str, reason: str, position: int | None) -> None:
        owner = self._owner
        self._bus.publish(
            ConfigUpdated(
                owner.name,
                owner.plugin_id,
                owner.kind.word,
                owner.type_id,
                owner.generation,
                owner.config_gen,
                status,
                reason,
                position,
            )
        )
