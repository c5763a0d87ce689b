"""Who holds the configuration of a source or a lyrics provider: questions go through it, and so do updates.

Its instances are kept by the cache, under the configuration in force. An update waits for the question under way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from abi.kinds import CapabilityKind
from host.capabilities.query_cache import QueryCache
from host.events import EventBus
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import check_config
from host.runtime import (
    Change,
    ConfigUpdates,
    Instance,
    Outcome,
    Plan,
    PluginRuntime,
    apply_update,
    hand_over,
    plan_update,
)

__all__ = ["QueryOwner"]


class QueryOwner:
    """Of one type. The loop's thread."""

    def __init__(
        self,
        cache: QueryCache,
        runtime: PluginRuntime,
        bus: EventBus,
        plugin_id: PluginId,
        kind: CapabilityKind,
        type_id: TypeId,
        config: JsonObject,
    ) -> None:
        """``config`` is the one that it begins with."""
        self.plugin_id = plugin_id
        self.kind = kind
        self.type_id = type_id
        self.config = config
        self.config_gen = 1
        self.generation = Generation(0)
        self._cache = cache
        self._runtime = runtime
        self._updates = ConfigUpdates(self, bus)

    @property
    def name(self) -> str:
        """No stage holds it: it is called as its type is."""
        return self.type_id

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Instance]:
        """The instance that answers. Raises: as ``QueryCache.use``."""
        async with self._cache.use(self.plugin_id, self.kind, self.type_id, self.config) as instance:
            self.generation = instance.generation
            yield instance

    async def update(self, config: JsonObject, *, merge: bool = False) -> Outcome:
        """Another configuration, or with ``merge`` other members; says what became of it."""
        return await self._updates.request(config, merge=merge)

    async def close(self) -> None:
        """What is under way fails; twice is fine. The instances are the cache's."""
        await self._updates.close()

    # ---- for the updates ----

    def check(self, config: JsonObject) -> None:
        """Raises: ConfigRejected when it does not fit the schema."""
        capability = self._runtime.manifest(self.plugin_id).capability(self.kind, self.type_id)
        check_config(f"{self.plugin_id} ({self.type_id})", capability.config_schema, config)

    async def plan(self, config: JsonObject) -> Plan:
        """How the instance would take it."""
        async with self.use() as instance:
            await instance.settled()
            return await plan_update(instance, config)

    async def apply(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        """In place; the instance is then found under the new configuration."""
        async with self.use() as instance:
            await instance.settled()
            await apply_update(instance, config, config_gen, plan.cost)
            self._cache.took(instance, config)
        self.config, self.config_gen = config, config_gen
        return Change()

    async def recreate(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        """By an instance of the new configuration; the old one goes when nobody uses it any more."""
        async with self.use() as old:
            fresh = await self._runtime.create(self.plugin_id, self.kind, self.type_id, config)
            try:
                await old.settled()
                note = await hand_over(old, fresh)
            except BaseException:
                await fresh.destroy()
                raise
            self._cache.replace(old, fresh, config)
        self.config, self.config_gen, self.generation = config, config_gen, fresh.generation
        return Change(None, f"its running state was not taken over: {note}" if note else plan.reason)
