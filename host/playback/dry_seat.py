"""The dry side of an effect's seat: the dry stage that stands in its place, and how an effect leaves as wished.

Who leaves ramps to the dry signal in its own lane first, so that nobody can tell when the dry stage takes its place.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from abi.wire import Join
from host.capabilities import Dsp, Stage
from host.errors import StellaError, Supervised
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.reading_seat import Inlet, ReadingSeat
from host.playback.seat import words_of
from host.playback.sizes import on_grid
from host.playback.stage_spec import StageSpec
from host.playback.succession import Begin
from host.records import record
from host.runtime import Instance
from shm_audio import Ring

__all__ = ["DRY_PLUGIN", "DRY_TYPE", "DryableSeat", "StandIn"]

DRY_PLUGIN = PluginId("stellatune.dsp.dry")
DRY_TYPE = TypeId("dry")
RAMP_S = 0.01


@record
class StandIn:
    """A dry stage, made from ``spec``: what it gives is so late, or silence (None)."""

    spec: StageSpec
    dsp: Dsp
    delay_frames: int | None


class DryableSeat(ReadingSeat):
    """A seat with an output, in which an effect works or the dry stage."""

    #: What a successor of the effect is made from.
    spec: StageSpec

    def __init__(self, name: str, dsp: Dsp, *, protective: bool) -> None:
        super().__init__(name)
        self._protective = protective
        self._dsp = dsp
        self._worked = False
        self._dry: Dsp | None = None
        self._dry_spec = StageSpec(name, DRY_PLUGIN, DRY_TYPE, {})
        self._output: Ring | None = None
        self._origin = 0
        self._dry_from = 0
        self._dry_delays: int | None = None
        #: Set while somebody wants it left out: the place stays dry, whoever dies here, until the effect is brought in.
        self.wished = asyncio.Event()
        #: By how much the programme is later behind this place than before it.
        self.delay_frames = dsp.latency_frames
        #: Whether the effect could not be had when the chain was made: what is here in its place is a dry stage.
        self.missing = False
        #: From this position on the dry stage works here in place of a dead effect; None while nobody misses it.
        self.dry_since: int | None = None

    @abstractmethod
    async def successor(self) -> Dsp:
        """A fresh instance of the effect, not in place yet."""

    @abstractmethod
    async def _create(self, spec: StageSpec) -> Instance:
        """An instance for this place."""

    @abstractmethod
    async def _attach_or_destroy(self, dsp: Dsp, position: int, begin: Begin, spec: StageSpec) -> None:
        """Puts somebody between the rings."""

    @property
    def instance(self) -> Instance:
        """The effect's, or the dry stage's while that works here."""
        return self._occupant.instance

    @property
    def left_out(self) -> bool:
        """Whether somebody wants it so."""
        return self.wished.is_set()

    @property
    def out(self) -> bool:
        return self.retired or self.left_out

    @property
    def bypassed(self) -> bool:
        """Whether the dry stage works here."""
        return self._dry is not None

    @property
    def position(self) -> int:
        """Frames that have come out."""
        return words_of(self._out).write_pos

    @property
    def well_fed(self) -> bool:
        """Whether more than half of what fits lies ready for the one after it."""
        words = words_of(self._out)
        return words.write_pos - words.read_pos > self._out.format.ahead_frames // 2

    @property
    def past_is_kept(self) -> bool:
        """Whether as much of the input is kept as the dry signal is late."""
        return words_of(self._inp).retain_pos + self.delay_frames <= self.position

    @property
    def dry_from(self) -> int:
        """From where on nothing but the dry signal comes out, while it is left out."""
        return self._dry_from

    def place(self, inp: Ring, out: Ring, wake_frames: int) -> None:
        """Between which rings it is."""
        self._output = out
        self.read(Inlet(inp, wake_frames))

    async def enter(self, stand_in: StandIn) -> None:
        """Joins its rings for the first time, dry. What is kept of the input before is kept behind it, too.

        Raises:
            StellaError: the dry stage failed, and is destroyed; nobody is here.
        """
        async with self.turn(stand_in.dsp):
            position = self.position
            self._origin = words_of(self._inp).retain_pos
            await self._attach_or_destroy(stand_in.dsp, position, Begin(None, Join.FILL), stand_in.spec)
            self._sit_dry(stand_in, position)

    async def begin_dry(self) -> None:
        """Joins its rings for the first time, dry: as somebody wishes, or as the effect cannot be had yet."""
        if self.left_out or not self.missing:
            await self.enter(await self.stand_in())
            return
        config = self._dsp.instance.config
        spec = StageSpec(self.name, DRY_PLUGIN, DRY_TYPE, config)
        await self.enter(StandIn(spec, self._dsp, None if config["silent"] else 0))
        self.dry_since = self.position

    async def fade_out(self, delay_frames: int) -> int:
        """From now on it is left out: what comes out is the input, so late; says from where on that is so, and no ramp.

        Raises:
            StellaError: the occupant is dead, or dies over it; once a dry stage is here, ask again.
        """
        async with self.lock:
            self.wished.set()
            self.dry_since, self.delay_frames = None, delay_frames
            if self.lost:
                raise Supervised(f"{self.name}: its worker is gone")
            if self._dry is None or self._dry_delays != delay_frames:
                self._dry_from = await self._occupant.fade(self._join_frames, delay_frames)
            return self._dry_from

    async def stand_aside(self) -> None:
        """Puts the dry stage in the place of an effect that has faded out: nobody can tell.

        Raises:
            StellaError: it failed; the effect passes the music on, or a dry stage will.
        """
        stand_in = await self.stand_in()
        async with self.turn(stand_in.dsp):
            old = self._dsp
            try:
                if self._dry is not None or self.lost:
                    await stand_in.dsp.destroy()
                    return
                position = await old.hold()
            except BaseException:
                await stand_in.dsp.destroy()
                raise
            try:
                begin = Begin(None, Join.NONE, self._floor_of_delay(position))
                await self._attach_or_destroy(stand_in.dsp, position, begin, stand_in.spec)
            except StellaError:
                if self.position != position:  # it had begun: the old one's past is not its any more
                    old.instance.worker.terminate("the dry stage died in its place")
                elif not self.lost:
                    await old.release(self._epoch)
                raise
            self._sit_dry(stand_in, self._dry_from)
            old.instance.destroy_soon()

    async def candidate(self) -> Dsp:
        """The effect as it was made, where it has not worked yet and still may; else what ``successor`` gives."""
        as_wished = self._dsp.instance.config == self.spec.config
        if self._dsp.instance.current and as_wished and not self._worked:
            return self._dsp
        await self._dsp.destroy()
        return await self.successor()

    async def close(self) -> None:
        """Ends effect and dry stage; twice is fine."""
        async with self.lock:
            if self._dry is not None:
                await self._dry.destroy()
            await self._dsp.destroy()

    # ---- inside ----

    @property
    def _stage(self) -> Stage:
        return self._occupant

    @property
    def _occupant(self) -> Dsp:
        return self._dry or self._dsp

    @property
    def _out(self) -> Ring:
        if self._output is None:
            raise RuntimeError("the effect has not started")
        return self._output

    @property
    def _join_frames(self) -> int:
        return int(self._inp.format.sample_rate_hz * RAMP_S)

    def _has_read(self, at: int) -> bool:
        return words_of(self._out).write_pos >= at

    async def stand_in(self) -> StandIn:
        """A dry stage that is not in place yet. Nobody is protected from what they ask for."""
        silent, delay_frames = self._protective and not self.left_out, self.delay_frames
        config: JsonObject = {"latency_frames": delay_frames, "silent": silent}
        spec = StageSpec(self.name, DRY_PLUGIN, DRY_TYPE, config)
        return StandIn(spec, Dsp(await self._create(spec)), None if silent else delay_frames)

    def _sit_dry(self, stand_in: StandIn, dry_from: int) -> None:
        self._dry, self._dry_delays, self._dry_from = stand_in.dsp, stand_in.delay_frames, dry_from
        self._dry_spec = stand_in.spec

    def _floor_of_delay(self, position: int) -> int:
        """A dry stage needs no more of the past than its delay."""
        return max(0, position - on_grid(self.delay_frames, self._inp.format.block_frames))
