"""The face of this room: load, create, list, unload, close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from abi.kinds import CapabilityKind
from abi.wire import CreateInstance, Event
from host.errors import GenerationDraining, NotFound, WorkerLost
from host.events import EventBus
from host.ids import Generation, PluginId, Role, TypeId
from host.jsontext import JsonObject
from host.packages import PluginManifest
from host.runtime.file_grants import FileGrants
from host.runtime.generation import Phase
from host.runtime.instances import Instance, InstanceOrder, Instances
from host.runtime.lifecycle import Lifecycle, Spawner
from host.runtime.live import LiveGeneration
from host.runtime.numbers import GenerationNumbers
from host.runtime.plugin_json import json_payload
from host.settings import Limits, Settings
from host.worker import WorkerHandle, WorkerSpec, Zygote, spawn

__all__ = ["GenerationStatus", "PluginRuntime"]

_NO_FILES = FileGrants()


@dataclass(frozen=True, slots=True)
class GenerationStatus:
    """A generation at the moment of asking; ``concurrent_calls`` counts those that were refused at the caller."""

    plugin_id: PluginId
    role: Role
    generation: Generation
    state: Phase
    pid: int
    live_instances: int
    inflight: int
    concurrent_calls: int
    type_ids: tuple[TypeId, ...]


class PluginRuntime:
    """All plugins of one host. Belongs to the event loop's thread. It closes the zygote that it is given."""

    def __init__(
        self,
        packages: Mapping[PluginId, PluginManifest],
        bus: EventBus,
        settings: Settings,
        *,
        state_dir: Path,
        zygote: Zygote | None = None,
        spawner: Spawner | None = None,
    ) -> None:
        self._limits = settings.limits
        self._zygote = zygote or Zygote()
        self._packages = packages
        self._instances = Instances(bus, settings.limits)
        numbers = GenerationNumbers(state_dir)

        async def number(plugin_id: PluginId) -> Generation:
            return await asyncio.to_thread(numbers.next, plugin_id)  # it locks a file: never on the loop

        self._lifecycle = Lifecycle(bus, self._limits, self._instances, number, spawner or self._spawn)
        self._creating: set[asyncio.Task[Instance]] = set()
        self._closing: asyncio.Task[None] | None = None

    async def _spawn(
        self, spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], limits: Limits, /
    ) -> WorkerHandle:
        return await spawn(spec, on_event, limits, self._zygote.start)

    async def load(self, plugin_id: PluginId, role: Role = Role.PLAY) -> Generation:
        """The number of the active generation of the role; starts one if there is none.

        Raises:
            NotFound: no such plugin.
            LoadFailed, IncompatibleVersion: it cannot be loaded; its process is gone.
        """
        return (await self._lifecycle.active(self._manifest(plugin_id), role)).number

    async def create(
        self,
        plugin_id: PluginId,
        kind: CapabilityKind,
        type_id: TypeId,
        config: JsonObject,
        *,
        rate: int = 0,
        channels: int = 0,
        files: FileGrants = _NO_FILES,
        role: Role = Role.PLAY,
    ) -> Instance:
        """A new instance in the active generation. Cancelled, it leaves none behind. The files stay the caller's.

        Raises:
            GenerationDraining: the generation was unloaded meanwhile; the instance is destroyed again.
            PluginRefused: the plugin said no. And what ``load`` and ``Instance.request`` raise.
        """
        home = await self._lifecycle.active(self._manifest(plugin_id), role)
        order = InstanceOrder(kind, type_id, config, rate, channels)
        making = asyncio.get_running_loop().create_task(self._create(home, order, files))
        self._creating.add(making)
        making.add_done_callback(self._creating.discard)
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(self._destroy_unwanted)
            raise

    async def unload(self, plugin_id: PluginId, role: Role = Role.PLAY, *, wait: bool = True) -> None:
        """No new instance from now on; the process ends when nothing lives in it, runs in it or reaches it.

        With ``wait`` returns when it is gone. Twice is fine, and so is a plugin that is not loaded.
        Raises: NotFound: no such plugin.
        """
        await self._lifecycle.unload(self._manifest(plugin_id).id, role, wait=wait)

    def list(self) -> tuple[GenerationStatus, ...]:
        """Every generation that has a process, oldest first."""
        return tuple(map(_status, self._lifecycle.present))

    def workers(self) -> tuple[WorkerHandle, ...]:
        """Every worker whose start is complete, oldest first."""
        return tuple(one.handle for one in self._lifecycle.present if one.has_worker)

    def instances(self) -> tuple[Instance, ...]:
        """Every live instance, oldest first."""
        return self._instances.all()

    async def close(self) -> None:
        """Destroys what lives, ends every process, kills what ignores that. Twice is fine."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    def _manifest(self, plugin_id: PluginId) -> PluginManifest:
        found = self._packages.get(plugin_id)
        if found is None:
            raise NotFound(f"no plugin {plugin_id}", remedy="`stellatune plugins list` shows what is there")
        return found

    async def _create(self, home: LiveGeneration, order: InstanceOrder, files: FileGrants) -> Instance:
        if not home.takes_instances():
            raise _ended(home, "before", order)
        instance_id = self._instances.new_id()
        message = CreateInstance(
            instance_id,
            order.kind,
            order.type_id,
            json_payload(order.config),
            order.sample_rate_hz,
            order.channels,
            files.values,
        )
        with home.in_flight():
            created = await home.handle.request(message, self._limits.create_ms / 1000, files.fds)
            if not home.ended.is_set():
                instance = self._instances.add(instance_id, order, created, home)
                if home.takes_instances():
                    instance.take_handle()
                    return instance
                await instance.destroy()
        raise _ended(home, "while", order)

    def _destroy_unwanted(self, making: asyncio.Task[Instance]) -> None:
        if not making.cancelled() and making.exception() is None:
            making.result().destroy_soon()

    async def _close(self) -> None:
        creating = tuple(self._creating)
        if creating:
            await asyncio.wait(creating, timeout=self._limits.drain_ms / 1000)
        ends = [instance.destroy_soon() for instance in self._instances.all()]
        if ends:
            await asyncio.wait(ends, timeout=self._limits.drain_ms / 1000)
        await self._lifecycle.close()
        self._zygote.close()
        if ends:
            await asyncio.wait(ends)


def _ended(home: LiveGeneration, when: str, order: InstanceOrder) -> WorkerLost | GenerationDraining:
    if home.ended.is_set():
        return WorkerLost(f"the worker of {home} ended {when} {order.type_id} was created")
    return GenerationDraining(f"{home} was unloaded {when} {order.type_id} was created", remedy="try again")


def _status(generation: LiveGeneration) -> GenerationStatus:
    return GenerationStatus(
        generation.plugin_id,
        generation.role,
        generation.number,
        generation.state.phase,
        generation.pid,
        generation.state.live,
        generation.state.inflight,
        generation.concurrent_calls,
        tuple(one.type_id for one in generation.manifest.capabilities),
    )
