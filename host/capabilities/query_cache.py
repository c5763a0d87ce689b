"""Instances that answer questions, kept by their owner: the same question to the same plugin finds its instance there.

The key is plugin, generation, kind, type and configuration. What is kept goes when its generation is no longer the
active one, when its worker is gone, or when nobody asked it for a while; never while somebody uses it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from abi.kinds import CapabilityKind
from host.errors import Misuse
from host.events import EventBus, GenerationChanged
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.records import record
from host.runtime import Instance, PluginRuntime, json_payload

__all__ = ["QueryCache"]

IDLE_S = 60.0
MOST_PER_PLUGIN = 4


@record
class _Key:
    plugin_id: PluginId
    generation: Generation
    kind: CapabilityKind
    type_id: TypeId
    config: bytes


@dataclass(slots=True)
class _Kept:
    instance: Instance
    used_at_s: float
    users: int = 0
    unwanted: bool = False


class QueryCache:
    """All query instances of one host. The loop's thread."""

    def __init__(
        self,
        runtime: PluginRuntime,
        bus: EventBus,
        *,
        clock: Callable[[], float] = time.monotonic,
        idle_s: float = IDLE_S,
        most_per_plugin: int = MOST_PER_PLUGIN,
    ) -> None:
        self._runtime = runtime
        self._clock = clock
        self._idle_s = idle_s
        self._most = most_per_plugin
        self._kept: dict[_Key, _Kept] = {}
        self._making: dict[PluginId, asyncio.Lock] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._changes = bus.subscribe(GenerationChanged)
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    @asynccontextmanager
    async def use(
        self, plugin_id: PluginId, kind: CapabilityKind, type_id: TypeId, config: JsonObject
    ) -> AsyncIterator[Instance]:
        """The instance for these, made if need be. Who uses it at the same time as others shares it, and its one call.

        Raises:
            Misuse: so many of the plugin are in use that no more are made.
            What ``PluginRuntime.create`` raises.
        """
        async with self._making.setdefault(plugin_id, asyncio.Lock()):
            kept = await self._find_or_make(plugin_id, kind, type_id, config)
            kept.users += 1
        try:
            yield kept.instance
        finally:
            kept.users -= 1
            kept.used_at_s = self._clock()
            self.look()

    def took(self, instance: Instance, config: JsonObject) -> None:
        """An instance took a configuration in place: from now on it is found under that."""
        for key, kept in tuple(self._kept.items()):
            if kept.instance is instance:
                del self._kept[key]
                self._put(replace(key, config=json_payload(config)), kept)

    def replace(self, old: Instance, fresh: Instance, config: JsonObject) -> None:
        """Another instance, which the cache owns from now on, in the place of one that goes when nobody uses it."""
        for key, kept in tuple(self._kept.items()):
            if kept.instance is old:
                self._put(
                    replace(key, generation=fresh.generation, config=json_payload(config)), _Kept(fresh, self._clock())
                )
                kept.unwanted = True

    def _put(self, key: _Key, kept: _Kept) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            before.instance.destroy_soon()
        self._kept[key] = kept

    def look(self) -> None:
        """Lets go of what is not worth keeping. Called on every change; harmless at any time."""
        now_s = self._clock()
        for key, kept in tuple(self._kept.items()):
            worthless = kept.unwanted or not kept.instance.current or now_s - kept.used_at_s >= self._idle_s
            if not kept.instance.alive or (worthless and not kept.users):
                self._let_go(key)
        self._look_later(now_s)

    async def close(self) -> None:
        """Destroys all, those in use too. Twice is fine."""
        self._changes.close()
        await self._watching
        ends = [kept.instance.destroy_soon() for kept in self._kept.values()]
        self._kept.clear()
        self._look_later(self._clock())
        if ends:
            await asyncio.wait(ends)

    async def _find_or_make(
        self, plugin_id: PluginId, kind: CapabilityKind, type_id: TypeId, config: JsonObject
    ) -> _Kept:
        text = json_payload(config)
        kept = self._kept.get(_Key(plugin_id, await self._runtime.load(plugin_id), kind, type_id, text))
        if kept is not None and kept.instance.current:
            return kept
        self.look()
        self._make_room(plugin_id)
        instance = await self._runtime.create(plugin_id, kind, type_id, config)
        made = _Kept(instance, self._clock())
        self._kept[_Key(plugin_id, instance.generation, kind, type_id, text)] = made
        return made

    def _make_room(self, plugin_id: PluginId) -> None:
        mine = [(kept.used_at_s, key) for key, kept in self._kept.items() if key.plugin_id == plugin_id]
        if len(mine) < self._most:
            return
        unused = [(used_at_s, key) for used_at_s, key in mine if not self._kept[key].users]
        if not unused:
            raise Misuse(f"{plugin_id}: {len(mine)} instances are in use, each with its own configuration")
        self._let_go(min(unused, key=lambda each: each[0])[1])

    def _let_go(self, key: _Key) -> None:
        self._kept.pop(key).instance.destroy_soon()

    def _look_later(self, now_s: float) -> None:
        """When the first of those that nobody uses will have been idle for long enough."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        idle = [kept.used_at_s for kept in self._kept.values() if not kept.users]
        if idle:
            wait_s = max(min(idle) + self._idle_s - now_s, 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.look)

    async def _watch(self) -> None:
        async for _ in self._changes:
            self.look()
