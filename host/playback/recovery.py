"""Keeps a pipeline going: who dies in a seat is followed by a successor, who is late is bypassed, who asks is swapped.

It listens for deaths and for broken contracts, asks the supervisor what is allowed, and lets the seats do it; several
seats recover side by side. What it could not mend is the seat's ``failure``, which ends the track or the playback.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TypeVar

from abi.wire import StopReason
from host.errors import MediaError, StellaError
from host.events import (
    EventBus,
    Seeked,
    StageEnded,
    Subscription,
    Topic,
    TrackStarted,
    WorkerExited,
)
from host.ids import PluginId
from host.playback.deaths import cause_of, counted, inside
from host.playback.decode_seat import DecodeSeat
from host.playback.dsp_seat import DspSeat
from host.playback.graph import Pipeline
from host.playback.mix_seat import MixSeat
from host.playback.output_care import OutputCare
from host.playback.repair_log import RepairLog
from host.playback.repairs import Grade
from host.playback.ring_watch import RingWatch
from host.playback.seat import RingsBroken, Seat
from host.playback.sink_seat import SinkSeat
from host.playback.swaps import Swaps, with_current_config
from host.records import record
from host.runtime import PluginRuntime
from host.supervise import Autopsy, State, examine

__all__ = ["Recovery", "recovering"]

T = TypeVar("T")

MAX_REFUSALS = 2
MAX_DRY_DEATHS = 3
LOOK_AGAIN_S = 1.0
#: While the music stands still.
REST_S = 30.0
FILL_LOOK_S = 0.02
MOST_FILL_LOOKS = 50


class Recovery:
    """Of one pipeline; runs from ``recovering`` until that is left."""

    def __init__(self, pipeline: Pipeline, runtime: PluginRuntime, log: RepairLog, outputs: OutputCare) -> None:
        self._pipeline = pipeline
        self._supervisor = runtime.supervisor
        self._log = log
        self._outputs = outputs
        self._mending: dict[Seat, asyncio.Task[None]] = {}

    async def run(self, facts: Subscription[Topic]) -> None:
        """Mends what dies, until it is cancelled."""
        try:
            while True:
                with suppress(TimeoutError):  # a look without a fact: a flood may have pushed one out
                    async with asyncio.timeout(LOOK_AGAIN_S if self._pipeline.flowing.is_set() else REST_S):
                        self._heard(await anext(facts))
                self.look()
        finally:
            tasks = tuple(self._mending.values())
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            await self._outputs.close()

    def look(self) -> None:
        """Begins to mend every seat whose occupant is known to be dead."""
        self._pipeline.note_position()
        for seat in self._pipeline.seats:
            if seat in self._mending or seat.failure is not None:
                continue
            if isinstance(seat, DspSeat) and seat.missing and seat.bypassed:
                seat.missing = False
                self._start(seat, self._bring_in(seat))
            elif seat.lost and seat.instance.worker.exited.done():
                self._start(seat, self._mend(seat))
            elif isinstance(seat, DecodeSeat) and seat.unsettled and not seat.lost:
                self._start(seat, self._settle(seat))

    def _start(self, seat: Seat, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._mending[seat] = task
        if isinstance(seat, DecodeSeat) and seat.stream is not None:
            seat.settling = task
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
                self._log.give_up(
                    seat, RingsBroken(f"{seat.name} found impossible positions", remedy="see the crashes")
                )
            elif fact.reason is StopReason.CONTRACT:
                seat.instance.worker.condemn(fact.text or "broke the contract")
            elif isinstance(seat, DecodeSeat) and fact.reason is StopReason.CUT:
                seat.lost_its_place(fact.instance, fact.epoch)
            elif isinstance(seat, DecodeSeat) and seat.epoch == fact.epoch:
                seat.ended = True
            elif isinstance(seat, SinkSeat) and seat.outlives(fact.reason, fact.code):
                self._outputs.lost(seat, fact.text)
                seat.instance.worker.terminate(fact.text)  # nothing that holds the device is of use any more

    async def _bring_in(self, seat: DspSeat) -> None:
        """An effect that was in quarantine when the playback began comes when it may."""
        self._log.causes[seat] = "it was in quarantine when the playback began"
        self._log.bypassed(seat, seat.position)
        try:
            await self._mend_dsp(seat, None)
        except StellaError as error:
            self._log.give_up(seat, error)

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
                self._log.causes[seat] = cause_of(death)
                match seat:
                    case DecodeSeat():
                        await self._mend_decoder(seat, death)
                    case DspSeat():
                        await self._mend_dsp(seat, death)
                    case MixSeat():
                        await self._mend_mix(seat)
                    case SinkSeat():
                        await self._outputs.mend(seat, death)
        except StellaError as error:
            self._log.give_up(seat, error)

    async def _settle(self, seat: DecodeSeat) -> None:
        """A decoder of a stream finds its place, however long that takes."""
        try:
            while seat.unsettled and not seat.lost:
                plugin = seat.instance.plugin_id
                try:
                    await seat.settle()
                except RingsBroken:
                    raise
                except StellaError as error:  # of another one that came in its place
                    if not counted(error) or not await self._supervisor.permitted(plugin):
                        raise
        except StellaError as error:
            self._log.give_up(seat, error)

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
                    f"{self._log.causes[seat]}; no decoder is left that could go on", remedy="is the file whole?"
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
            if seat.live:
                grade = Grade.SHORT_GAP
            repair = self._log.repair(seat, before, grade, position, position if silent else None, last)
            self._log.tell(replace(repair, gap_frames=silent))
            return

    async def _mend_dsp(self, seat: DspSeat, death: Autopsy | None) -> None:
        before, plugin = seat.use, seat.spec.plugin_id
        poisoned = not seat.bypassed and death is not None and inside(death, "process", seat) and seat.poisoned()
        refusals = 0
        while seat.lost or seat.bypassed:
            if seat.left_out and not seat.lost:
                return  # as somebody wishes
            if seat.left_out:
                await self.bypass(seat)
                continue
            waits = self._supervisor.standing(plugin).state is State.WAIT
            if self._log.paced and seat.lost and waits and not seat.well_fed:
                await self.bypass(seat)
            if not await self._supervisor.permitted(plugin):
                await self._sit_out(seat, plugin)
                continue
            if self._log.paced:
                await self._until_well_fed(seat)
            try:
                admission = await with_current_config(seat, seat.admit)
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
            self._log.admitted(seat, before, admission, dry_until=seat.dry_until if poisoned else 0)
            return

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
                self._log.bypassed(seat, position)
            return

    async def _mend_mix(self, seat: MixSeat) -> None:
        before = seat.use
        for attempt in range(MAX_DRY_DEATHS):
            try:
                position = await seat.replace()
            except StellaError as error:
                if attempt == MAX_DRY_DEATHS - 1 or not counted(error):
                    raise
                continue
            if position is not None:
                self._log.tell(self._log.repair(seat, before, Grade.ABSORBED, position))
            return


@record
class Care:
    """What keeps one pipeline going: what is planned for its seats, and what was done to them."""

    log: RepairLog
    swaps: Swaps


@asynccontextmanager
async def recovering(pipeline: Pipeline, runtime: PluginRuntime, bus: EventBus) -> AsyncIterator[Care]:
    """Recovery at work until the block is left; it mends nothing any more then."""
    log = RepairLog(pipeline, runtime.supervisor, bus)
    outputs = OutputCare(pipeline, runtime.supervisor, log, bus)
    recovery, swaps = Recovery(pipeline, runtime, log, outputs), Swaps(pipeline, log)
    with bus.subscribe(StageEnded, WorkerExited, Seeked, TrackStarted) as facts:
        tasks = [asyncio.create_task(recovery.run(facts))]
        if log.paced:
            tasks.append(asyncio.create_task(RingWatch(pipeline, runtime.limits, recovery.bypass).run()))
        try:
            yield Care(log, swaps)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await swaps.close()
