"""Another configuration for a stage of the running chain: the owner of an update is the seat, whoever works there.

A seat whose worker is just being replaced is waited for. What is left out of the chain for a while takes its
configuration with a new instance, which is how one that crashes over its configuration is brought back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from abi.kinds import CapabilityKind, ConfigUpdateCost, ConfigUpdateMode
from host.errors import NotFound
from host.events import EventBus, StageGivenUp, StageMended, TrackStarted
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import CapabilityManifest, check_config
from host.playback.config_files import NO_FILES
from host.playback.decode_seat import DecodeSeat
from host.playback.dsp_seat import DspSeat
from host.playback.graph import Pipeline
from host.playback.seat import NotAtWork
from host.playback.sink_seat import SinkSeat
from host.playback.source_seat import SourceSeat
from host.playback.stage_spec import StageSpec, with_files
from host.playback.swaps import Swaps
from host.runtime import Change, ConfigUpdates, Outcome, Plan, PluginRuntime

__all__ = ["StageUpdates"]

#: A worker that died is back long before; a quarantine lasts longer.
PATIENCE_S = 5.0

T = TypeVar("T")
UpdatableSeat = SourceSeat | DecodeSeat | DspSeat | SinkSeat


class _Owner:
    """One seat as what an update is for."""

    def __init__(
        self, seat: UpdatableSeat, pipeline: Pipeline, swaps: Swaps, runtime: PluginRuntime, bus: EventBus
    ) -> None:
        self._seat = seat
        self._pipeline = pipeline
        self._swaps = swaps
        self._runtime = runtime
        self._bus = bus
        self._checked_for = (self.plugin_id, self.type_id)

    @property
    def name(self) -> str:
        return self._seat.name

    @property
    def kind(self) -> CapabilityKind:
        return _kind_of(self._seat)

    @property
    def plugin_id(self) -> PluginId:
        return self._seat.spec.plugin_id

    @property
    def type_id(self) -> TypeId:
        return self._seat.spec.type_id

    @property
    def generation(self) -> Generation:
        return self._seat.instance.generation

    @property
    def config(self) -> JsonObject:
        return self._seat.spec.config

    @property
    def config_gen(self) -> int:
        return self._seat.spec.config_gen

    def check(self, config: JsonObject) -> None:
        capability = _capability_of(self._seat, self._runtime)
        check_config(f"{self.plugin_id} ({self.type_id})", capability.config_schema, config)
        self._checked_for = (self.plugin_id, self.type_id)

    def _expect_same_type(self) -> None:
        """Decoders of other types take the same seat. Raises: NotFound when the one that was checked for has left."""
        if (self.plugin_id, self.type_id) != self._checked_for:
            raise NotFound(f"{self._checked_for[1]} is not at work any more", remedy=f"{self.type_id} plays now")

    async def plan(self, config: JsonObject) -> Plan:
        return await self._at_work(lambda: self._ask(config))

    async def _ask(self, config: JsonObject) -> Plan:
        self._expect_same_type()
        seat = self._seat
        if isinstance(seat, DspSeat) and seat.bypassed:
            return Plan(ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM, "it is bypassed")
        return await seat.plan(config)

    async def apply(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        async with self._spec(config, config_gen) as spec:
            position = await self._seat.apply(spec, plan)
            return Change(None if isinstance(self._seat, SourceSeat) else position)

    async def recreate(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        seat, before = self._seat, self._seat.use
        async with self._spec(config, config_gen) as spec:
            if isinstance(seat, DspSeat):
                async with self._pipeline.shape:
                    remade = await seat.recreate(spec, may_shift=not self._pipeline.decode.finishing)
            else:
                remade = await seat.recreate(spec)
        note = f"its running state was not taken over: {remade.note}" if remade.note else plan.reason
        stream = self._pipeline.decode.stream
        if isinstance(seat, SourceSeat):
            if stream is not None and stream.seat is seat:
                stream.exchanged(before, "another configuration")
            return Change(None, note)
        self._swaps.remade(seat, before, remade)
        return Change(remade.position, note)

    @asynccontextmanager
    async def _spec(self, config: JsonObject, config_gen: int) -> AsyncIterator[StageSpec]:
        """The stage as it would be; the files of it are the seat's when the block ends in order, else closed."""
        self._expect_same_type()
        bare = replace(self._seat.spec, config=config, config_gen=config_gen, files=NO_FILES)
        manifest = self._runtime.manifest(self.plugin_id)
        spec = await with_files(bare, self.kind, manifest, self._runtime.limits.open_ms / 1000)
        try:
            yield spec
        except BaseException:
            spec.files.close()
            raise

    async def _at_work(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Waits, though not for ever, for a seat that is being mended, and for the next track. Raises: NotAtWork."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        with self._bus.subscribe(StageMended, StageGivenUp, TrackStarted) as facts:
            while True:
                try:
                    return await ask()
                except NotAtWork as error:
                    if self._seat.failure is not None:
                        raise
                    try:
                        async with asyncio.timeout_at(deadline):
                            await anext(facts)
                    except TimeoutError:
                        raise error from None


def _kind_of(seat: UpdatableSeat) -> CapabilityKind:
    match seat:
        case SourceSeat():
            return CapabilityKind.SOURCE_CATALOG
        case DecodeSeat():
            return CapabilityKind.DECODER
        case DspSeat():
            return CapabilityKind.DSP
        case SinkSeat():
            return CapabilityKind.OUTPUT_SINK


def _capability_of(seat: UpdatableSeat, runtime: PluginRuntime) -> CapabilityManifest:
    return runtime.manifest(seat.spec.plugin_id).capability(_kind_of(seat), seat.spec.type_id)


class StageUpdates:
    """Of one pipeline, as long as it runs."""

    def __init__(self, pipeline: Pipeline, swaps: Swaps, runtime: PluginRuntime, bus: EventBus) -> None:
        self._pipeline = pipeline
        self._swaps = swaps
        self._runtime = runtime
        self._bus = bus
        self._updates: dict[UpdatableSeat, ConfigUpdates] = {}

    async def request(self, name: str, config: JsonObject, *, merge: bool = False) -> Outcome:
        """What becomes of another configuration for the stage of that name.

        What it does not say is the default, or with ``merge`` stays as it is.

        Raises:
            NotFound: there is no such stage.
        """
        seat = self._seat(name)
        updates = self._updates.get(seat)
        if updates is None:
            owner = _Owner(seat, self._pipeline, self._swaps, self._runtime, self._bus)
            updates = self._updates[seat] = ConfigUpdates(owner, self._bus)
        if merge:
            return await updates.request(config, merge=True)
        return await updates.request(_capability_of(seat, self._runtime).default_config | config)

    def schema(self, name: str) -> JsonObject:
        """What the configuration of the stage of that name may be. Raises: NotFound."""
        return _capability_of(self._seat(name), self._runtime).config_schema

    def specs(self) -> tuple[StageSpec, ...]:
        """What is in force at each stage, in the order of the music."""
        return tuple(seat.spec for seat in self._seats())

    async def close(self) -> None:
        """What is under way fails; twice is fine."""
        for updates in self._updates.values():
            await updates.close()

    def _seats(self) -> tuple[UpdatableSeat, ...]:
        pipeline = self._pipeline
        rest: tuple[UpdatableSeat, ...] = (*pipeline.dsps, pipeline.sink)
        decode = pipeline.decode
        if not decode.occupied:
            return rest
        return (decode, *rest) if decode.stream is None else (decode.stream.seat, decode, *rest)

    def _seat(self, name: str) -> UpdatableSeat:
        seats = self._seats()
        for seat in seats:
            if seat.name == name:
                return seat
        raise NotFound(f"no stage {name!r} plays", remedy=f"there are: {', '.join(seat.name for seat in seats)}")
