"""Keeps a pipeline going: who dies in a seat is followed by a successor, who is late is bypassed, who asks is swapped.

It listens for deaths and for broken contracts, asks the supervisor what is allowed, and lets the seats do it; several
seats recover side by side. What it could not mend is the seat's ``failure``, which ends the track or the playback.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from abi.wire import StopReason
from host.errors import MediaError, StellaError, WorkerLost
from host.events import (
    EventBus,
    StageBypassed,
    StageEnded,
    StageGivenUp,
    StageMended,
    Subscription,
    Topic,
    WorkerExited,
)
from host.ids import PluginId, Role
from host.playback.deaths import cause_of, counted, inside
from host.playback.decode_seat import DecodeSeat
from host.playback.dsp_seat import Admission, DspSeat
from host.playback.graph import Pipeline
from host.playback.output_failures import output_errors
from host.playback.repairs import Grade, Repair, Swapped
from host.playback.ring_watch import RingWatch
from host.playback.seat import RingsBroken, Seat
from host.playback.sink_seat import SinkSeat
from host.playback.tracks import StageUse
from host.runtime import PluginRuntime
from host.supervise import Autopsy, State, examine

__all__ = ["Recovery", "recovering"]

MAX_REFUSALS = 2
MAX_DRY_DEATHS = 3
LOOK_AGAIN_S = 1.0
FILL_LOOK_S = 0.02
MOST_FILL_LOOKS = 50


class Recovery:
    """Of one pipeline; runs from ``recovering`` until that is left."""

    def __init__(self, pipeline: Pipeline, runtime: PluginRuntime, bus: EventBus) -> None:
        self._pipeline = pipeline
        self._runtime = runtime
        self._supervisor = runtime.supervisor
        self._bus = bus
        self._paced = not pipeline.pacing.batched
        self._mending: dict[Seat, asyncio.Task[None]] = {}
        self._swapping: set[asyncio.Task[tuple[Swapped, ...]]] = set()
        self._repairs: list[Repair] = []
        self._causes: dict[Seat, str] = {}

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Everything that was done so far, and what is still bypassed, up to where the music stands."""
        heard = self._pipeline.last_position
        open_ones = [
            self._repair(seat, seat.use, Grade.BYPASS, seat.dry_since, seat.dry_since, max(seat.dry_since, heard - 1))
            for seat in self._pipeline.dsps
            if seat.dry_since is not None
        ]
        return (*self._repairs, *open_ones)

    # ---- planned ----

    async def swap(self, plugin_id: PluginId) -> tuple[Swapped, ...]:
        """Moves every seat of a plugin to its active generation, successor first.

        Raises:
            StellaError: a successor failed; the old one works on (but for an output, which had to be closed first).
        """
        swapping = asyncio.get_running_loop().create_task(self._swap_all(plugin_id))
        self._swapping.add(swapping)
        swapping.add_done_callback(self._swapping.discard)
        await asyncio.wait((swapping,))  # who asked may go away: nobody is left held in the middle of it
        return () if swapping.cancelled() else swapping.result()  # nothing plays any more, or it was done

    async def _swap_all(self, plugin_id: PluginId) -> tuple[Swapped, ...]:
        seats = [seat for seat in self._pipeline.seats if not isinstance(seat, DecodeSeat) or seat.occupied]
        names = [seat.spec.plugin_id if isinstance(seat, DspSeat) else seat.instance.plugin_id for seat in seats]
        named = [seat for seat, name in zip(seats, names, strict=True) if name == plugin_id]
        return tuple([await self._swap(seat) for seat in named if not seat.out])

    async def _swap(self, seat: Seat) -> Swapped:
        before, lost, position = seat.use, 0, seat.position
        match seat:
            case DecodeSeat():
                await seat.swap()
            case DspSeat() if seat.bypassed:
                admission = await seat.admit(await seat.successor())
                if admission is not None:  # why it was left out was not asked for, and is told as always
                    self._tell(self._admitted(seat, before, admission))
                return self._swapped(seat, before, 0)
            case DspSeat():
                position = await seat.swap(await seat.successor())
            case SinkSeat():
                position, lost = await self._swap_sink(seat)
        grade = Grade.SHORT_GAP if isinstance(seat, SinkSeat) and self._paced else Grade.ABSORBED
        self._causes[seat] = "restarted as asked"
        self._tell(replace(self._repair(seat, before, grade, position), gap_frames=lost, planned=True))
        return self._swapped(seat, before, lost)

    def _swapped(self, seat: Seat, before: StageUse, lost: int) -> Swapped:
        now = seat.use
        return Swapped(seat.name, before.generation, now.generation, before.pid, now.pid, lost)

    async def _swap_sink(self, seat: SinkSeat) -> tuple[int, int]:
        try:
            return await seat.swap()
        except StellaError as error:
            if not counted(error):
                self._give_up(seat, error)  # the old one had to be closed before
            raise

    def leaves(self, seat: DspSeat) -> None:
        """Somebody wishes it to be left out: a bypass that was not wished for ends here, and is told."""
        if seat.dry_since is not None:
            first, at = seat.dry_since, seat.position
            self._tell(self._repair(seat, seat.use, Grade.BYPASS, at, first, max(first, at - 1)))
            seat.dry_since = None

    def break_off(self, error: RingsBroken) -> None:
        """Somebody found out that this pipeline cannot go on."""
        self._give_up(self._pipeline.sink, error)

    # ---- deaths ----

    async def run(self, facts: Subscription[Topic]) -> None:
        """Mends what dies, until it is cancelled."""
        try:
            while True:
                with suppress(TimeoutError):  # a look without a fact: a flood may have pushed one out
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        self._heard(await anext(facts))
                self.look()
        finally:
            tasks = (*self._mending.values(), *self._swapping)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def look(self) -> None:
        """Begins to mend every seat whose occupant is known to be dead."""
        self._pipeline.note_position()
        for seat in self._pipeline.seats:
            if seat in self._mending or seat.failure is not None:
                continue
            if seat.lost and seat.instance.worker.exited.done():
                self._start(seat, self._mend(seat))

    def _start(self, seat: Seat, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._mending[seat] = task
        task.add_done_callback(lambda _: self._mending.pop(seat))

    def _heard(self, fact: Topic) -> None:
        if not isinstance(fact, StageEnded):
            return
        for seat in self._pipeline.seats:
            if isinstance(seat, DecodeSeat) and not seat.occupied:
                continue
            if (seat.instance.plugin_id, seat.instance.id) != (fact.plugin_id, fact.instance):
                continue
            if fact.reason is StopReason.RING:  # its peer may have done it, or anybody who found the memory
                self._give_up(seat, RingsBroken(f"{seat.name} found impossible positions", remedy="see the crashes"))
            elif fact.reason is StopReason.CONTRACT:
                seat.instance.worker.condemn(fact.text or "broke the contract")
            elif isinstance(seat, DecodeSeat):
                seat.ended = True

    async def _mend(self, seat: Seat) -> None:
        """Until somebody lives there: who took the place may have died in it, too, and of what is another question."""
        try:
            while seat.failure is None:
                async with seat.lock:  # who has it may be putting somebody there, as it does after a planned restart
                    if not seat.lost:
                        return
                    await seat.fence()
                worker = seat.instance.worker
                death = examine(worker, worker.exited.result())
                self._causes[seat] = cause_of(death)
                match seat:
                    case DecodeSeat():
                        await self._mend_decoder(seat, death)
                    case DspSeat():
                        await self._mend_dsp(seat, death)
                    case SinkSeat():
                        await self._mend_sink(seat)
        except StellaError as error:
            self._give_up(seat, error)

    async def _mend_decoder(self, seat: DecodeSeat, death: Autopsy) -> None:
        before = seat.use
        if inside(death, "read", seat):
            seat.died_reading()
        while seat.lost:
            if seat.failure is not None:
                raise seat.failure
            plugin = seat.next_plugin()
            if plugin is None:
                raise MediaError(
                    f"{self._causes[seat]}; no decoder is left that could go on", remedy="is the file whole?"
                )
            if not await self._supervisor.permitted(plugin):
                seat.avoid(plugin)
                continue
            position, silent_until = seat.position, seat.silent_until
            try:
                if not await seat.replace():
                    return
            except RingsBroken:
                raise
            except StellaError as error:
                if not counted(error):
                    seat.avoid(plugin)
                continue
            silent = max(0, silent_until - position)
            grade, last = (Grade.SHORT_GAP, silent_until - 1) if silent else (Grade.ABSORBED, None)
            repair = self._repair(seat, before, grade, position, position if silent else None, last)
            self._tell(replace(repair, gap_frames=silent))
            return

    async def _mend_dsp(self, seat: DspSeat, death: Autopsy) -> None:
        before, plugin = seat.use, seat.spec.plugin_id
        poisoned = not seat.bypassed and inside(death, "process", seat) and seat.poisoned()
        refusals = 0
        while seat.lost or seat.bypassed:
            if seat.left_out and not seat.lost:
                return  # as somebody wishes
            if seat.left_out:
                await self.bypass(seat)
                continue
            waits = self._supervisor.standing(plugin).state is State.WAIT
            if self._paced and seat.lost and waits and not seat.well_fed:
                await self.bypass(seat)
            if not await self._supervisor.permitted(plugin):
                await self._sit_out(seat, plugin)
                continue
            if self._paced:
                await self._until_well_fed(seat)
            try:
                admission = await seat.admit(await seat.successor())
            except RingsBroken:
                raise
            except StellaError as error:
                refusals += not counted(error) and self._supervisor.standing(plugin).state is State.READY
                if refusals >= MAX_REFUSALS:
                    await self.bypass(seat)  # for good: until somebody restarts the plugin
                    return
                continue
            if admission is None:
                continue
            self._tell(self._admitted(seat, before, admission, dry_until=seat.dry_until if poisoned else 0))
            return

    def _admitted(self, seat: DspSeat, before: StageUse, admission: Admission, dry_until: int = 0) -> Repair:
        """An effect is at work: whether it was left out until then, or is ``dry_until`` a place that killed it."""
        first, last = admission.dry_since, max(admission.alone_from, dry_until) - 1
        if first is None and (dry_until or not admission.exact):
            first = admission.position
        if first is None or last < first:
            return self._repair(seat, before, Grade.ABSORBED, admission.position)
        return self._repair(seat, before, Grade.BYPASS, admission.position, first, last)

    async def _until_well_fed(self, seat: DspSeat) -> None:
        """Waits, but not for ever, while what comes after a dry stage fills: the change back may take a moment."""
        for _ in range(MOST_FILL_LOOKS):
            if seat.lost or not seat.bypassed or seat.well_fed:
                return
            await asyncio.sleep(FILL_LOOK_S)

    async def _sit_out(self, seat: DspSeat, plugin: PluginId) -> None:
        """Quarantined: the music goes on without the effect until its term is over, or somebody resets it."""
        if seat.lost:
            await self.bypass(seat)
        release = asyncio.ensure_future(self._supervisor.until_reset(plugin))
        wished = asyncio.ensure_future(seat.wished.wait())
        gone = seat.instance.worker.exited
        try:
            await asyncio.wait((release, wished, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            release.cancel()
            wished.cancel()

    async def bypass(self, seat: DspSeat) -> None:
        """Puts the dry stage in a dead occupant's place.

        Raises:
            StellaError: it fails time and again, which it never should.
        """
        for attempt in range(MAX_DRY_DEATHS):
            try:
                position = await seat.bypass()
            except StellaError as error:
                if attempt == MAX_DRY_DEATHS - 1 or not counted(error):
                    raise
                continue
            if position is not None and not seat.left_out:
                self._audible(seat)
                self._bus.publish(StageBypassed(seat.name, seat.spec.plugin_id, position, self._causes.get(seat, "")))
            return

    async def _mend_sink(self, seat: SinkSeat) -> None:
        before, plugin = seat.use, seat.instance.plugin_id
        while seat.lost:
            if not await self._supervisor.permitted(plugin):
                if not self._paced:
                    text = f"{plugin}: {self._causes[seat]}, time and again"
                    raise WorkerLost(text, remedy="see `stellatune plugins crashes`")
                await self._supervisor.until_reset(plugin)  # paused: rings are full, stages sleep
                continue
            try:
                with output_errors():
                    replaced = await seat.replace()
            except StellaError as error:
                if not counted(error):
                    raise
                continue
            if replaced is None:
                return
            position, lost = replaced
            grade = Grade.SHORT_GAP if self._paced else Grade.ABSORBED
            self._tell(replace(self._repair(seat, before, grade, position), gap_frames=lost))
            return

    # ---- what is told ----

    def _repair(
        self,
        seat: Seat,
        before: StageUse,
        grade: Grade,
        position: int,
        first: int | None = None,
        last: int | None = None,
    ) -> Repair:
        now = seat.use
        plugin, kind = (
            (seat.spec.plugin_id, seat.spec.type_id) if isinstance(seat, DspSeat) else (now.plugin_id, now.type_id)
        )
        cause = self._causes.get(seat, "")
        return Repair(seat.name, plugin, kind, before.generation, now.generation, position, grade, cause, first, last)

    def _tell(self, repair: Repair) -> None:
        self._repairs.append(repair)
        if not repair.planned and repair.grade is Grade.SHORT_GAP:
            self._supervisor.audible(repair.plugin_id, Role.PLAY)
        self._bus.publish(
            StageMended(
                repair.stage,
                repair.plugin_id,
                repair.type_id,
                repair.old_generation,
                repair.generation,
                repair.position,
                repair.grade,
                repair.cause,
                repair.first,
                repair.last,
                repair.gap_frames,
                repair.planned,
            )
        )

    def _audible(self, seat: DspSeat) -> None:
        if self._paced:
            self._supervisor.audible(seat.spec.plugin_id, Role.PLAY)

    def _give_up(self, seat: Seat, error: StellaError) -> None:
        seat.failure = error
        self._bus.publish(StageGivenUp(seat.name, seat.instance.plugin_id, seat.instance.id, str(error)))


@asynccontextmanager
async def recovering(pipeline: Pipeline, runtime: PluginRuntime, bus: EventBus) -> AsyncIterator[Recovery]:
    """Recovery at work until the block is left; it mends nothing any more then."""
    recovery = Recovery(pipeline, runtime, bus)
    with bus.subscribe(StageEnded, WorkerExited) as facts:
        tasks = [asyncio.create_task(recovery.run(facts))]
        if not pipeline.pacing.batched:
            tasks.append(asyncio.create_task(RingWatch(pipeline, runtime.limits, recovery.bypass).run()))
        try:
            yield recovery
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
