"""The face of this room: load, create, renew, disable, list, unload, close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from abi.kinds import CapabilityKind
from abi.wire import Event
from host.errors import GenerationDraining, NotFound, WorkerLost
from host.events import EventBus
from host.ids import Generation, PluginId, Role, TypeId
from host.jsontext import JsonObject
from host.packages import PluginManifest
from host.records import record
from host.runtime.admission import Admission
from host.runtime.control_requests import ControlRequests
from host.runtime.disabled import Disablement
from host.runtime.file_grants import FileGrants
from host.runtime.generation import Phase
from host.runtime.instances import Instance, InstanceOrder, Instances
from host.runtime.lifecycle import Lifecycle, Spawner
from host.runtime.live import LiveGeneration
from host.runtime.losses import Losses
from host.runtime.numbers import GenerationNumbers
from host.runtime.origin import FileMark, mark_of, read_again
from host.settings import Limits, Settings
from host.supervise import CrashHistory, Supervisor
from host.worker import WorkerHandle, WorkerSpec, Zygote, spawn

__all__ = ["CRASHES_FILE", "GenerationStatus", "PluginRuntime", "Renewal"]

#: In the state directory.
CRASHES_FILE = "crashes.jsonl"

_NO_FILES = FileGrants()


@record
class GenerationStatus:
    """A generation at the moment of asking; ``concurrent_calls`` were refused, as their instance was in another.

    ``lived_s``: since its plugin was loaded.
    """

    plugin_id: PluginId
    role: Role
    generation: Generation
    state: Phase
    pid: int
    live_instances: int
    inflight: int
    concurrent_calls: int
    lived_s: float


@record
class Renewal:
    """A planned replacement. ``old``: the generation that was active before; None, and pid 0, when there was none."""

    plugin_id: PluginId
    old: Generation | None
    new: Generation
    old_pid: int
    new_pid: int


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
        supervisor: Supervisor | None = None,
    ) -> None:
        #: Who may run, after what it did.
        self.supervisor = supervisor or Supervisor()
        #: What plugins ask of this host, and what it tells them.
        self.requests = ControlRequests(bus, settings.limits.control_ms / 1000)
        self._limits = settings.limits
        self._zygote = zygote or Zygote()
        self._packages = dict(packages)
        self._marks: dict[PluginId, FileMark] = {}
        self._instances = Instances(bus, settings.limits)
        self._numbers = GenerationNumbers(state_dir)
        self._admission = Admission(self.supervisor, state_dir)
        self._lifecycle = Lifecycle(
            bus,
            self._limits,
            self._instances,
            Losses(bus, self.supervisor, CrashHistory(state_dir / CRASHES_FILE)),
            self.requests,
            spawner or self._spawn,
            self._number,
            self._admission.wait,
        )
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
            PluginDisabled, PluginQuarantined: it is not to be used now.
            LoadFailed, IncompatibleVersion: it cannot be loaded; its process is gone.
        """
        return (await self._home(plugin_id, role)).number

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
        """A new instance in the active generation, also when that was renewed meanwhile.

        Cancelled, it leaves none behind. The files stay the caller's.

        Raises:
            GenerationDraining: the generation was unloaded meanwhile; the instance is destroyed again.
            PluginRefused: the plugin said no. And what ``load`` and ``Instance.request`` raise.
        """
        return await self._create_in(plugin_id, role, InstanceOrder(kind, type_id, config, rate, channels), files)

    async def create_scanner(self, plugin_id: PluginId, type_id: TypeId, config: JsonObject) -> Instance:
        """Who makes a decoder for each of many files, in the worker that scans. Raises: as ``create``."""
        order = InstanceOrder(CapabilityKind.DECODER, type_id, config, scans=True)
        return await self._create_in(plugin_id, Role.SCAN, order, _NO_FILES)

    async def _create_in(self, plugin_id: PluginId, role: Role, order: InstanceOrder, files: FileGrants) -> Instance:
        while True:
            home = await self._home(plugin_id, role)
            try:
                return await self._made(home, order, files)
            except GenerationDraining:
                if not home.superseded:
                    raise

    async def renew(self, plugin_id: PluginId, role: Role = Role.PLAY, *, reload: bool = False) -> Renewal:
        """A new process, which takes the place of the active generation once its plugin is loaded; the old one drains.

        What lives in the old one is served until its owner moves it. ``reload``: plugin.toml and file are read again;
        when they changed, what the plugin did before is forgotten. Nothing of this counts against the plugin.

        Raises:
            NotFound, PluginDisabled, PluginQuarantined: as for ``load``.
            LoadFailed, IncompatibleVersion, ManifestError: the new one is of no use; the old one serves on.
        """
        manifest = self._manifest(plugin_id)
        if reload:
            manifest, mark = await asyncio.to_thread(read_again, manifest)
            if self._marks.get(plugin_id, mark) != mark:
                self.supervisor.reset(plugin_id)
        await self._admission.check(plugin_id, role)
        old, new = await self._lifecycle.renew(manifest, role)
        self._packages[plugin_id] = manifest
        return Renewal(plugin_id, old.number if old else None, new.number, old.pid if old else 0, new.pid)

    async def unload(
        self, plugin_id: PluginId, role: Role = Role.PLAY, *, wait: bool = True, force: bool = False
    ) -> None:
        """No new instance from now on; the process ends when nothing lives in it, runs in it or reaches it.

        With ``wait`` returns when it is gone. ``force``: it is killed when that has not come by itself in drain_ms.
        Twice is fine, and so is a plugin that is not loaded. Raises: NotFound: no such plugin.
        """
        await self._lifecycle.unload(self._manifest(plugin_id).id, role, wait=wait, force=force)

    async def disable(self, plugin_id: PluginId) -> None:
        """Not loaded from now on, in later hosts neither; what is loaded drains. Twice is fine.

        Raises: NotFound: no such plugin. PackageError: that cannot be remembered.
        """
        await self._admission.switch(self._manifest(plugin_id).id, off=True)
        for role in Role:
            await self._lifecycle.unload(plugin_id, role, wait=False, force=False)

    async def enable(self, plugin_id: PluginId) -> None:
        """Undoes ``disable``. Twice is fine. Raises: as ``disable``."""
        await self._admission.switch(self._manifest(plugin_id).id, off=False)

    async def disabled(self) -> Disablement:
        """What is switched off, and what was wrong with the file that says so."""
        return await self._admission.disabled()

    @property
    def limits(self) -> Limits:
        """How long calls may take."""
        return self._limits

    def change_limits(self, limits: Limits) -> None:
        """They hold for what is made, asked or ended from now on; what lives keeps those for its own calls."""
        self._limits = limits
        self._instances.change_limits(limits)
        self._lifecycle.change_limits(limits)
        self.requests.change_limit(limits.control_ms / 1000)

    def kill(self, reason: str) -> None:
        """Ends every worker at once; those who wait for one learn the reason."""
        self._lifecycle.kill(reason)

    def manifest(self, plugin_id: PluginId) -> PluginManifest:
        """One plugin as it was read last. Raises: NotFound."""
        return self._manifest(plugin_id)

    def manifests(self) -> tuple[PluginManifest, ...]:
        """Every plugin as it was read last."""
        return tuple(self._packages.values())

    def list(self) -> tuple[GenerationStatus, ...]:
        """Every generation that has a process, oldest first."""
        return tuple(map(_status, self._lifecycle.present))

    def workers(self) -> tuple[WorkerHandle, ...]:
        """Every worker whose start is complete, oldest first."""
        return tuple(one.handle for one in self._lifecycle.present if one.has_worker)

    def workers_in_use(self) -> tuple[WorkerHandle, ...]:
        """Those in which an instance lives."""
        return tuple(one.handle for one in self._lifecycle.present if one.has_worker and one.state.live > 0)

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

    async def _home(self, plugin_id: PluginId, role: Role) -> LiveGeneration:
        manifest = self._manifest(plugin_id)
        self._lifecycle.expect_open(plugin_id)
        await self._admission.check(plugin_id, role)
        return await self._lifecycle.active(manifest, role)

    async def _number(self, manifest: PluginManifest) -> Generation:
        number, self._marks[manifest.id] = await asyncio.to_thread(
            lambda: (self._numbers.next(manifest.id), mark_of(manifest))
        )
        return number

    async def _made(self, home: LiveGeneration, order: InstanceOrder, files: FileGrants) -> Instance:
        making = asyncio.get_running_loop().create_task(self._create(home, order, files))
        self._creating.add(making)
        making.add_done_callback(self._creating.discard)
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(self._destroy_unwanted)
            raise

    async def _create(self, home: LiveGeneration, order: InstanceOrder, files: FileGrants) -> Instance:
        if not home.takes_instances():
            raise _ended(home, "before", order)
        instance_id = self._instances.new_id()
        message = order.request(instance_id, files.values)
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
        generation.lived_s,
    )
