"""Live objects in workers: one call at a time each, destroyed exactly once, and the registry that counts them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TypeVar

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import CancelCall, CreateInstance, CreateScanner, DestroyInstance, InstanceCreated, Reply, Request
from host.errors import ConcurrentCall, Misuse, PluginRefused, RequestTimeout, Supervised, WorkerLost
from host.events import EventBus
from host.events import InstanceCreated as InstanceCreatedFact
from host.events import InstanceDestroyed as InstanceDestroyedFact
from host.ids import Generation, InstanceId, PluginId, TypeId
from host.jsontext import JsonObject
from host.records import record
from host.runtime.generation import Happening
from host.runtime.live import LiveGeneration
from host.runtime.plugin_json import json_payload
from host.settings import Limits
from host.worker import WorkerHandle

__all__ = ["Instance", "InstanceOrder", "Instances"]

R = TypeVar("R", bound=Reply)

#: Longer than SIGKILL takes, unless the process cannot be killed.
DYING_S = 2.0


@record
class InstanceOrder:
    """What an instance was made from; enough to make it again. Rate and channels are a dsp's, else 0.

    ``scans``: no decoder, but who makes one for each of many files.
    """

    kind: CapabilityKind
    type_id: TypeId
    config: JsonObject
    sample_rate_hz: int = 0
    channels: int = 0
    scans: bool = False

    def request(self, instance_id: InstanceId, files: tuple[str, ...]) -> Request[InstanceCreated]:
        """What is sent to the worker for it."""
        config = json_payload(self.config)
        if self.scans:
            return CreateScanner(instance_id, self.type_id, config)
        return CreateInstance(instance_id, self.kind, self.type_id, config, self.sample_rate_hz, self.channels, files)


class Instance:
    """The host's only way to an instance. Holds its generation: the process stays until it is destroyed."""

    def __init__(
        self,
        instance_id: InstanceId,
        order: InstanceOrder,
        created: InstanceCreated,
        home: LiveGeneration,
        limits: Limits,
        on_gone: Callable[[Instance, bool], None],
    ) -> None:
        self.id = instance_id
        self.order = order
        #: What the plugin said of it when it was made: latency, layouts, whether it exports state.
        self.created = created
        #: How long calls may take.
        self.limits = limits
        self._home = home
        self._on_gone = on_gone
        self._busy = False
        self._may_give_up = False
        self._giving_up: asyncio.Task[None] | None = None
        self._idle: asyncio.Future[None] | None = None
        self._handle_held = False
        self._gone = False
        self._ending: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        return f"{self.plugin_id} {self.type_id} (instance {self.id}, generation {self.generation})"

    @property
    def plugin_id(self) -> PluginId:
        """Whose instance it is."""
        return self._home.plugin_id

    @property
    def generation(self) -> Generation:
        """The load of the plugin that it belongs to."""
        return self._home.number

    @property
    def kind(self) -> CapabilityKind:
        """Which capability."""
        return self.order.kind

    @property
    def type_id(self) -> TypeId:
        """Which variety of it."""
        return self.order.type_id

    @property
    def config(self) -> JsonObject:
        """The configuration in force."""
        return self.order.config

    def took(self, config: JsonObject) -> None:
        """A configuration was taken in place: what it was made from would now be this."""
        self.order = replace(self.order, config=config)

    @property
    def pid(self) -> int:
        """The process it lives in."""
        return self._home.pid

    @property
    def alive(self) -> bool:
        """Not destroyed, and its worker is there."""
        return not self._gone and self._ending is None

    @property
    def current(self) -> bool:
        """Alive, and of the generation that new instances come from."""
        return self.alive and self._home.takes_instances()

    @property
    def worker(self) -> WorkerHandle:
        """The host's end of its process."""
        return self._home.handle

    def take_handle(self) -> None:
        """For the runtime: from now on somebody in the host reaches it."""
        self._home.happened(Happening.HANDLE_TAKEN)
        self._handle_held = True

    async def request(self, message: Request[R], timeout_s: float, fds: Sequence[int] = ()) -> R:
        """One call. The descriptors stay the caller's. A caller that is cancelled leaves the call running.

        Raises:
            ConcurrentCall: the instance is in a call; this one did not reach the plugin.
            Misuse: it is destroyed.
            WorkerLost and all that ``WorkerHandle.request`` raises.
        """
        self._claim(type(message).__name__)
        return await self._call(message, timeout_s, fds)

    async def query(self, message: Request[R], limit_s: float, fds: Sequence[int] = ()) -> R:
        """One call that is told to give up at the limit, or when its caller is cancelled; ``cancel_ms`` are for that.

        The descriptors stay the caller's, who keeps them open until it has the answer, or is cancelled.

        Raises:
            RequestTimeout: no answer within the limit. Its worker lives on if the plugin gave up.
            What ``request`` raises.
        """
        name, grace_s = type(message).__name__, self.limits.cancel_ms / 1000
        self._claim(name)
        self._may_give_up = True
        call = asyncio.get_running_loop().create_task(self._call(message, limit_s + grace_s, fds))
        call.add_done_callback(_seen)
        try:
            answered, _ = await asyncio.wait((call,), timeout=limit_s)
        except asyncio.CancelledError:
            self._give_up()
            raise
        if answered:
            return call.result()
        self._give_up()
        try:
            return await call
        except PluginRefused as error:
            if error.status != StatusCode.CANCELLED:
                raise
            raise RequestTimeout(f"{self}: {name} took longer than {limit_s:g} s", remedy="it was cancelled") from error

    async def settled(self) -> None:
        """Waits for the end of the call under way, if there is one; who asks in the same turn of the loop is next."""
        while self._busy and not self._gone:
            if self._idle is None or self._idle.done():
                self._idle = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._idle,))

    async def destroy(self) -> None:
        """Ends it; twice is fine, and so is a worker that is gone. Waits for a call under way, up to its deadline."""
        await asyncio.shield(self.destroy_soon())

    def destroy_soon(self) -> asyncio.Task[None]:
        """Begins to end it; the task never fails. No call is taken from now on."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._destroy())
        return self._ending

    def lost(self) -> None:
        """For the runtime: its worker is gone, and it with it."""
        self._drop_handle()
        self._leave(lost=True)
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def _destroy(self) -> None:
        self._drop_handle()
        if self._gone:
            return
        with self._home.in_flight():
            if self._busy:
                self._give_up()
                await self.settled()
            # Its worker is dead or dying, or never heard of it: the instance is no more, which is what was asked for.
            with suppress(Supervised, PluginRefused, Misuse):
                await self._home.handle.request(DestroyInstance(self.id), self.limits.destroy_ms / 1000)
            handle = self._home.handle
            if handle.doomed:  # killed over it: until it is gone it counts as living there
                await handle.wait_exit(DYING_S)
            self._leave(lost=self._home.state.over)

    def _claim(self, name: str) -> None:
        """From now on it is in a call."""
        home = self._home
        if self._busy:
            home.concurrent_calls += 1
            raise ConcurrentCall(f"{self}: {name} while another call is under way")
        if self._ending is not None:
            raise Misuse(f"{self}: {name} after destroy")
        if home.state.over:
            raise WorkerLost(f"{self}: {name}: its worker has ended")
        self._busy = True
        home.happened(Happening.CALL_BEGAN)

    async def _call(self, message: Request[R], timeout_s: float, fds: Sequence[int]) -> R:
        try:
            return await self._home.handle.request(message, timeout_s, fds, self._settled)
        except ConcurrentCall:  # the worker's own guard
            self._home.concurrent_calls += 1
            raise

    def _give_up(self) -> None:
        """Tells the call in progress, once, if it is one that may give up; a worker that holds on to it is killed."""
        if self._may_give_up:
            self._may_give_up = False
            self._giving_up = asyncio.get_running_loop().create_task(self._cancel_call())

    async def _cancel_call(self) -> None:
        if self._home.state.over:
            return
        with self._home.in_flight(), suppress(Supervised, PluginRefused, Misuse):
            await self._home.handle.request(CancelCall(self.id), self.limits.cancel_ms / 1000)

    def _settled(self) -> None:
        self._busy = self._may_give_up = False
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
        self._home.happened(Happening.CALL_ENDED)

    def _drop_handle(self) -> None:
        if self._handle_held:
            self._handle_held = False
            self._home.happened(Happening.HANDLE_DROPPED)

    def _leave(self, *, lost: bool) -> None:
        if not self._gone:
            self._gone = True
            self._home.happened(Happening.INSTANCE_GONE)
            self._on_gone(self, lost)


def _seen(task: asyncio.Task[R]) -> None:
    """How it ended is known, even if nobody waits for it any more."""
    if not task.cancelled():
        task.exception()


class Instances:
    """All live instances; gives the ids, which are never used twice."""

    def __init__(self, bus: EventBus, limits: Limits) -> None:
        self._bus = bus
        self._limits = limits
        self._ids = count(1)
        self._live: dict[InstanceId, tuple[Instance, LiveGeneration]] = {}

    def change_limits(self, limits: Limits) -> None:
        """For those that are made from now on."""
        self._limits = limits

    def new_id(self) -> InstanceId:
        """An id that no instance had."""
        return InstanceId(next(self._ids))

    def add(
        self, instance_id: InstanceId, order: InstanceOrder, created: InstanceCreated, home: LiveGeneration
    ) -> Instance:
        """Registers what a worker has just made."""
        home.happened(Happening.INSTANCE_BORN)
        instance = Instance(instance_id, order, created, home, self._limits, self._remove)
        self._live[instance_id] = (instance, home)
        self._bus.publish(InstanceCreatedFact(home.plugin_id, home.number, instance_id, order.type_id, home.state.live))
        return instance

    def of(self, home: LiveGeneration) -> tuple[Instance, ...]:
        """Those that live in one generation."""
        return tuple(instance for instance, where in self._live.values() if where is home)

    def all(self) -> tuple[Instance, ...]:
        """Every live instance."""
        return tuple(instance for instance, _ in self._live.values())

    def _remove(self, instance: Instance, lost: bool) -> None:
        _, home = self._live.pop(instance.id)
        self._bus.publish(
            InstanceDestroyedFact(home.plugin_id, home.number, instance.id, instance.type_id, home.state.live, lost)
        )
