"""Loading and unloading: one active generation per plugin and role, older ones draining, each in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from abi.wire import ControlAsked, Event
from host.errors import GenerationDraining, LoadFailed, Misuse
from host.events import DigestDone, EventBus, GenerationChanged, StageEnded, WorkerExited, WorkerStarted
from host.ids import Generation, PluginId, Role
from host.packages import PluginManifest
from host.runtime.control_requests import ControlRequests
from host.runtime.facts import fact_of
from host.runtime.generation import GenerationState, Happening, Phase
from host.runtime.instances import Instances
from host.runtime.live import LiveGeneration
from host.runtime.loading import load_plugin
from host.runtime.losses import Losses
from host.runtime.reaper import KILL_S, Reaper
from host.settings import Limits
from host.supervise import Cause, examine
from host.worker import ExitStatus, WorkerHandle, WorkerSpec

__all__ = ["Lifecycle", "Spawner"]

_Slot = tuple[PluginId, Role]
_Number = Callable[[PluginManifest], Awaitable[Generation]]
_Permit = Callable[[PluginId, Role], Awaitable[None]]


class Spawner(Protocol):
    """Starts a worker, as ``host.worker.spawn`` does."""

    def __call__(
        self, spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], limits: Limits, /
    ) -> Awaitable[WorkerHandle]:
        """Raises: LoadFailed, IncompatibleVersion; no process is left behind then."""


class Lifecycle:
    """Owns every generation that has, or is about to have, a process."""

    def __init__(
        self,
        bus: EventBus,
        limits: Limits,
        instances: Instances,
        losses: Losses,
        requests: ControlRequests,
        spawner: Spawner,
        number: _Number,
        permit: _Permit,
    ) -> None:
        """``number`` gives the next generation's; ``permit`` waits until a plugin that failed may start again."""
        self._bus = bus
        self._limits = limits
        self._instances = instances
        self._losses = losses
        self._requests = requests
        self._spawner = spawner
        self._number = number
        self._permit = permit
        self._reaper = Reaper(limits)
        self._insisting: set[asyncio.Task[None]] = set()
        self._starting: dict[_Slot, asyncio.Task[LiveGeneration]] = {}
        self._active: dict[_Slot, LiveGeneration] = {}
        self._present: list[LiveGeneration] = []
        self._closed = False

    @property
    def present(self) -> tuple[LiveGeneration, ...]:
        """Every generation that is not over, in order of their starts."""
        return tuple(self._present)

    def change_limits(self, limits: Limits) -> None:
        """For what begins or ends from now on."""
        self._limits = limits
        self._reaper.change_limits(limits)

    def kill(self, reason: str) -> None:
        """Ends every process at once, also those that are only asked to end."""
        for generation in self.present:
            if generation.has_worker:
                generation.handle.terminate(reason)

    def expect_open(self, plugin_id: PluginId) -> None:
        """Raises: Misuse once it was closed."""
        if self._closed:
            raise Misuse(f"{plugin_id} cannot be loaded: the runtime is closed")

    async def active(self, manifest: PluginManifest, role: Role) -> LiveGeneration:
        """The active generation; starts one if there is none. Callers at the same time share one start.

        Raises:
            LoadFailed, IncompatibleVersion: it cannot be loaded; no process is left behind.
            GenerationDraining: it was unloaded as soon as it was there.
        """
        slot = (manifest.id, role)
        found = self._active.get(slot)
        if found is not None:
            return found
        start = self._starting.get(slot)
        if start is None or start.done():  # one that failed a moment ago is not asked again
            start = self._begin(manifest, role, commanded=False)
        return await self._active_at_last(start)

    async def renew(self, manifest: PluginManifest, role: Role) -> tuple[LiveGeneration | None, LiveGeneration]:
        """The successor first: the active generation of before, if any, and the one that is active instead of it.

        The old one drains: what lives in it is served until it is destroyed. When the successor cannot be loaded, the
        old one stays as it is.

        Raises: what ``active`` raises.
        """
        slot = (manifest.id, role)
        await self._starts_over(slot)
        old = self._active.get(slot)
        return old, await self._active_at_last(self._begin(manifest, role, commanded=True))

    async def unload(self, plugin_id: PluginId, role: Role, *, wait: bool, force: bool) -> None:
        """Lets the generations of a role drain; with ``wait`` until their processes are gone. Twice is fine.

        ``force``: what has not drained after the limit for it is killed.
        """
        await self._starts_over((plugin_id, role))
        mine = tuple(one for one in self._present if one.plugin_id == plugin_id and one.role is role)
        for generation in mine:
            generation.drain()
        if force and mine:
            insisting = asyncio.get_running_loop().create_task(self._insist(mine))
            self._insisting.add(insisting)
            insisting.add_done_callback(self._insisting.discard)
        if wait:
            for generation in mine:
                await generation.ended.wait()

    async def close(self) -> None:
        """No process is left afterwards, whatever lives in it; twice is fine."""
        self._closed = True
        starts = tuple(self._starting.values())
        for start in starts:
            start.cancel()
        if starts:
            await asyncio.wait(starts)
        for generation in self.present:
            generation.drain()
        await self._reaper.settle()
        left = self.present
        for generation in left:
            generation.handle.terminate("the host closes")
        for generation in left:
            await generation.handle.wait_exit(KILL_S)
        await self._reaper.settle()
        if self._insisting:
            await asyncio.wait(tuple(self._insisting))
        await self._losses.settle()

    async def _starts_over(self, slot: _Slot) -> None:
        """Returns when nobody starts a generation there, whether it worked or not."""
        while (start := self._starting.get(slot)) is not None:
            await asyncio.wait((start,))
            await asyncio.sleep(0)  # a start that is over leaves the table at the loop's next turn

    async def _insist(self, generations: tuple[LiveGeneration, ...]) -> None:
        ends = [asyncio.create_task(generation.ended.wait()) for generation in generations]
        await asyncio.wait(ends, timeout=self._limits.drain_ms / 1000)
        for generation, end in zip(generations, ends, strict=True):
            if not end.done():
                state = generation.state
                generation.handle.terminate(
                    f"its unload was forced, with {state.live} live instances and {state.inflight} calls under way"
                )
                await generation.handle.wait_exit(KILL_S)
            end.cancel()

    def _begin(self, manifest: PluginManifest, role: Role, *, commanded: bool) -> asyncio.Task[LiveGeneration]:
        self.expect_open(manifest.id)
        slot = (manifest.id, role)
        start = asyncio.get_running_loop().create_task(self._start(manifest, role, commanded=commanded))
        self._starting[slot] = start
        start.add_done_callback(lambda done: self._started(slot, done))
        return start

    async def _active_at_last(self, start: asyncio.Task[LiveGeneration]) -> LiveGeneration:
        generation = await asyncio.shield(start)
        if generation.state.phase is not Phase.ACTIVE:
            raise GenerationDraining(f"{generation} is {generation.state.phase.value}", remedy="load it again")
        return generation

    async def _start(self, manifest: PluginManifest, role: Role, *, commanded: bool) -> LiveGeneration:
        if not commanded:
            await self._permit(manifest.id, role)
        number = await self._number(manifest)
        generation = LiveGeneration(manifest, role, number, self._changed, commanded=commanded)
        self._present.append(generation)
        with generation.in_flight():
            self._tell(generation)
            spec = WorkerSpec(manifest.id, role, number)
            try:
                handle = await self._spawner(spec, lambda who, event: self._heard(generation, who, event), self._limits)
            except BaseException:
                generation.happened(Happening.EXITED)
                raise
            generation.adopt(handle, self._exited)
            self._bus.publish(WorkerStarted(manifest.id, role, number, handle.pid))
            try:
                await self._load(generation, handle)
            except BaseException:
                handle.terminate("its plugin could not be loaded")
                await handle.wait_exit(KILL_S)
                raise
            generation.happened(Happening.LOADED)
        return generation

    async def _load(self, generation: LiveGeneration, handle: WorkerHandle) -> None:
        manifest = generation.manifest
        await load_plugin(handle, manifest, self._limits.load_ms / 1000)
        if generation.ended.is_set():
            raise LoadFailed(
                f"{manifest.id} ended its worker as soon as it was loaded: {handle.exited.result()}",
                remedy=f"repair or remove the plugin in {manifest.folder}",
            )

    def _started(self, slot: _Slot, start: asyncio.Task[LiveGeneration]) -> None:
        if self._starting.get(slot) is start:
            del self._starting[slot]
        if not start.cancelled():
            start.exception()  # seen, even if all who waited for it were cancelled

    def _changed(self, generation: LiveGeneration, before: GenerationState) -> None:
        if generation.state.phase is not before.phase:
            slot = (generation.plugin_id, generation.role)
            if generation.state.phase is Phase.ACTIVE:
                former = self._active.get(slot)
                self._active[slot] = generation
                if former is not None:
                    former.superseded = True
                    former.drain()
            elif self._active.get(slot) is generation:
                del self._active[slot]
            if generation.state.over:
                self._present.remove(generation)
            self._tell(generation)
        self._reaper.look(generation)

    def _tell(self, generation: LiveGeneration) -> None:
        state = generation.state
        self._bus.publish(
            GenerationChanged(
                generation.plugin_id,
                generation.role,
                generation.number,
                state.phase.value,
                state.live,
                state.inflight,
            )
        )

    def _heard(self, generation: LiveGeneration, handle: WorkerHandle, event: Event) -> None:
        try:
            if isinstance(event, ControlAsked):
                self._requests.asked(generation, handle, event)
                return
            fact = fact_of(generation.plugin_id, generation.number, event)
        except ValueError as error:
            handle.condemn(f"sent an event that cannot be: {error}")
            return
        if isinstance(fact, StageEnded | DigestDone) and fact.instance not in (
            instance.id for instance in self._instances.of(generation)
        ):
            return  # of an instance that is gone, or never was: nobody's stage
        self._bus.publish(fact)

    def _exited(self, generation: LiveGeneration, status: ExitStatus) -> None:
        handle = generation.handle
        expected = generation.state.quiet
        lost = self._instances.of(generation)
        self._requests.gone(generation.number)
        generation.happened(Happening.EXITED)
        autopsy = examine(handle, status)
        if handle.asked_to_end and autopsy.cause is Cause.ASKED:  # by the reaper, whom it had not obeyed before
            autopsy = replace(autopsy, cause=Cause.HANG, reason="it ignored the request to shut down, not SIGTERM")
        if autopsy.cause is not Cause.ASKED and not (expected and status.code == 0):
            on_trial = generation.commanded and not generation.loaded
            self._losses.take(generation, autopsy, counted=not expected and not on_trial)
        self._bus.publish(
            WorkerExited(
                generation.plugin_id,
                generation.role,
                generation.number,
                handle.pid,
                expected,
                str(status),
                handle.doomed,
                handle.last_call,
                len(lost),
                autopsy.last_lines,
            )
        )
        for instance in lost:
            instance.lost()
