"""Effects come, go and change places while the chain plays: one change at a time, and not a frame lost or doubled.

Who leaves fades to the dry signal first; then its reader goes over to the ring before it, at the position at which the
dry stage is held. Who comes is dry first, between a reader and a new ring that has the old one's past, and then takes
over with a ramp. Places stand at different positions of the clock, the last ones behind the first: what is heard of a
change begins where the one before it is over. The seats know what a successor must know, so that a death at any moment
leaves a chain that recovery can mend; the change then goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

from host.errors import NotFound, NotRunning, OutputError, StellaError, Supervised, Usage
from host.playback.deaths import counted, try_again
from host.playback.dry_seat import DRY_PLUGIN, StandIn
from host.playback.dsp_seat import DspSeat
from host.playback.faults import Fault, lane_faults
from host.playback.graph import Pipeline
from host.playback.reading_seat import Inlet
from host.playback.repair_log import RepairLog
from host.playback.seat import RingsBroken, words_of
from host.playback.sizes import on_grid
from host.playback.stage_spec import StageSpec
from host.records import record
from host.supervise import Supervisor
from shm_audio import Ring, ShmError

__all__ = ["ChainEdits", "Edited", "editing"]

LOOK_S = 0.01
#: Of the dry stage, which never should; then it is told.
MOST_DEATHS = 4
MOST_FILL_LOOKS = 100


@record
class Edited:
    """One change. From ``position`` on the place is as asked for, but for a ramp that begins there.

    ``shift_frames``: so many frames of the programme are heard again there, or, negative, skipped.
    """

    name: str
    position: int
    shift_frames: int = 0


class ChainEdits:
    """Of one pipeline; ``make`` gives the seat of a new effect."""

    def __init__(
        self,
        pipeline: Pipeline,
        log: RepairLog,
        supervisor: Supervisor,
        make: Callable[[StageSpec], Awaitable[DspSeat]],
    ) -> None:
        self._pipeline = pipeline
        self._log = log
        self._supervisor = supervisor
        self._make = make
        self._turn = asyncio.Lock()
        self._audible_until = 0
        self._under_way: set[asyncio.Task[Edited]] = set()
        #: What the lanes of effects that were taken out had counted.
        self.faults: tuple[Fault, ...] = ()

    async def add(self, spec: StageSpec, index: int) -> Edited:
        """A new effect at place ``index`` (behind the last: as many as there are).

        Raises:
            Usage: the name is taken. StellaError: the effect cannot be had; the chain is as before.
        """
        return await self._perform(lambda: self._add(spec, index))

    async def remove(self, name: str) -> Edited:
        """The effect goes. Raises: NotFound."""
        return await self._perform(lambda: self._remove(name))

    async def move(self, name: str, index: int) -> Edited:
        """The effect goes, and comes again at place ``index`` of the new order, as a new instance.

        Raises:
            NotFound: no such effect. StellaError: it cannot be had; where it had left by then, it is left out.
        """
        return await self._perform(lambda: self._move(name, index))

    async def leave_out(self, name: str) -> Edited:
        """The effect stays in the chain, and is not heard, until it is brought in. Raises: NotFound."""
        return await self._perform(lambda: self._leave_out(name))

    async def bring_in(self, name: str) -> Edited:
        """Undoes ``leave_out``. Raises: NotFound, or StellaError: it cannot be had, and is left out still."""
        return await self._perform(lambda: self._bring_in(name))

    async def close(self) -> None:
        """What is under way ends; its pipeline is of no use afterwards."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(tuple(self._under_way))

    # ---- one after the other ----

    async def _perform(self, change: Callable[[], Coroutine[None, None, Edited]]) -> Edited:
        task = asyncio.get_running_loop().create_task(self._in_turn(change))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait((task,))  # who asked may go away: nothing is left half done
        if task.cancelled():
            raise NotRunning("the playback ended or began anew before the change was done", remedy="see `dsp list`")
        return task.result()

    async def _in_turn(self, change: Callable[[], Coroutine[None, None, Edited]]) -> Edited:
        async with self._turn:
            if self._pipeline.decode.finishing:
                raise NotRunning("the last track has been decoded and is played out", remedy="begin a new playback")
            if not self._pipeline.flowing.is_set():
                raise NotRunning("the music is paused, and a change is made as it flows", remedy="stellatune resume")
            try:
                return await change()
            except RingsBroken as error:
                self._log.give_up(self._pipeline.sink, error)
                raise

    async def _add(self, spec: StageSpec, index: int) -> Edited:
        if any(seat.name == spec.name for seat in self._pipeline.dsps):
            raise Usage(f"the name {spec.name!r} is taken", remedy="give it another: NAME=TYPE")
        seat = await self._insert(spec, index)
        try:
            return Edited(spec.name, await self._admit(seat), seat.latency_frames)
        except StellaError:
            await self._fade_out(seat, 0)
            await self._take_out(seat)
            raise

    async def _remove(self, name: str) -> Edited:
        seat = self._seat(name)
        delayed = seat.delay_frames
        await self._fade_out(seat, 0)
        return Edited(name, await self._take_out(seat), -delayed)

    async def _move(self, name: str, index: int) -> Edited:
        old = self._seat(name)
        place, delayed, left_out = self._pipeline.dsps.index(old), old.delay_frames, old.left_out
        if place == index:
            return Edited(name, old.position)
        seat = await self._insert(old.spec, index + (index > place))
        await self._fade_out(old, 0)
        position = await self._take_out(old)
        if not left_out:
            position = await self._admit(seat)
        return Edited(name, position, seat.delay_frames - delayed)

    async def _leave_out(self, name: str) -> Edited:
        seat = self._seat(name)
        await self._fade_out(seat, seat.delay_frames)
        if not seat.bypassed:
            await self._stand_aside(seat)
        return Edited(name, seat.position)

    async def _bring_in(self, name: str) -> Edited:
        seat = self._seat(name)
        if not seat.left_out:
            return Edited(name, seat.position)
        if not seat.bypassed:
            await self._stand_aside(seat)
        delayed = seat.delay_frames
        return Edited(name, await self._admit(seat), seat.latency_frames - delayed)

    def _seat(self, name: str) -> DspSeat:
        found = next((seat for seat in self._pipeline.dsps if seat.name == name), None)
        if found is None:
            names = ", ".join(seat.name for seat in self._pipeline.dsps) or "none"
            raise NotFound(f"no effect {name!r} in the chain", remedy=f"there are: {names}")
        return found

    # ---- leaving ----

    async def _fade_out(self, seat: DspSeat, delay_frames: int) -> None:
        """Returns when nothing but the dry signal comes out of the place."""
        if seat.left_out and not seat.bypassed and seat.delay_frames != delay_frames:
            await self._stand_aside(seat)  # it fades to another signal already
        await self._in_order(seat)
        while True:
            self._log.leaves(seat)
            try:
                dry_from = await seat.fade_out(delay_frames)
            except Supervised:
                await self._until(lambda: not seat.lost)
                continue
            while not seat.lost:
                if seat.position >= dry_from:
                    self._audible_until = max(self._audible_until, dry_from)
                    return
                await asyncio.sleep(LOOK_S)

    async def _stand_aside(self, seat: DspSeat) -> None:
        for attempt in range(MOST_DEATHS):
            try:
                await seat.stand_aside()
            except StellaError as error:
                if attempt == MOST_DEATHS - 1 or not counted(error):
                    raise
            await self._until(lambda: not seat.lost)
            if seat.bypassed:
                return

    async def _take_out(self, seat: DspSeat) -> int:
        """The place is dry and delays by nothing: its reader reads what it read; says from where on."""
        while True:
            await self._until(lambda: not seat.lost)
            try:
                position = await self._unplug(seat)
            except RingsBroken:
                raise
            except Supervised:
                continue
            await seat.close()
            return position

    async def _unplug(self, seat: DspSeat) -> int:
        pipeline = self._pipeline
        index = pipeline.dsps.index(seat)
        reader, before = pipeline.reader(index + 1), pipeline.rings[index]
        async with self._flowing(), seat.stopped() as stop:
            stop.goes_on, seat.retired = False, True
            wake_frames = pipeline.plan(index).wake_frames
            try:
                await reader.turn_to(Inlet(before, wake_frames, stop.position, seat.dry_from))
            except StellaError:
                stop.goes_on, seat.retired = True, False
                raise
            await self._until(lambda: reader.turned)
            reader.settle()
            self.faults += lane_faults(f"{seat.name} ({seat.instance.plugin_id})", seat.instance)
            pipeline.take_out(index)
            return stop.position

    # ---- coming ----

    async def _insert(self, spec: StageSpec, index: int) -> DspSeat:
        """A seat at this place, dry, and delaying by nothing."""
        pipeline = self._pipeline
        index = min(index, len(pipeline.dsps))
        seat = await try_again(self._supervisor, spec.plugin_id, lambda: self._make(spec), MOST_DEATHS)
        seat.delay_frames = 0
        seat.wished.set()
        ring: Ring | None = None
        try:
            pipeline.expect_to_hold(seat)
            ring = Ring.create(pipeline.plan(index + 1).format)
            seat.place(pipeline.rings[index], ring, pipeline.plan(index).wake_frames)
            while not await self._put_between(seat, index, ring):
                await asyncio.sleep(LOOK_S)
        except ShmError as error:
            raise OutputError(f"no memory for another ring: {error}", remedy="free some memory") from error
        finally:
            if seat not in pipeline.dsps:
                await seat.close()
                if ring is not None:
                    ring.close()
        return seat

    async def _put_between(self, seat: DspSeat, index: int, ring: Ring) -> bool:
        """Whether the seat stands between the reader of ring ``index`` and its new one; else all is as before."""
        pipeline = self._pipeline
        reader, before = pipeline.reader(index), pipeline.rings[index]
        dry = await try_again(self._supervisor, DRY_PLUGIN, seat.stand_in, MOST_DEATHS)  # while the reader works on
        try:
            async with self._flowing(), reader.stopped() as stop:
                words = words_of(before)
                start = on_grid(stop.position, pipeline.block_frames)
                if words.write_pos < start:
                    return False  # the reader stands within a block that is not whole yet
                ring.set_words(start)
                ring.set_reader(min(on_grid(words.retain_pos, pipeline.block_frames), stop.position), stop.position)
                await self._enter(seat, dry, before, stop.position)
                pipeline.insert(index, seat, ring)
                wake_frames = pipeline.plan(index + 1).wake_frames
                await reader.go_over(stop, Inlet(ring, wake_frames, stop.position))
        except RingsBroken:
            raise
        except Supervised:  # the reader died: its successor will be asked
            return False
        finally:
            if not seat.bypassed:
                await dry.dsp.destroy()
        return True

    async def _enter(self, seat: DspSeat, dry: StandIn, before: Ring, position: int) -> None:
        """Several dry stages may die over it; the reader is held meanwhile."""
        for deaths in range(1, MOST_DEATHS + 1):
            try:
                await seat.enter(dry if deaths == 1 else await seat.stand_in())
                return
            except StellaError as error:
                if counted(error) and deaths < MOST_DEATHS:
                    continue
                kind = OutputError if words_of(before).read_pos == position else RingsBroken
                raise kind(f"{seat.name}: the dry stage: {error.message}", remedy="see `plugins crashes`") from error

    async def _admit(self, seat: DspSeat) -> int:
        """The effect takes the dry stage's place; says where."""
        await self._in_order(seat)
        await self._until(lambda: not seat.lost and seat.past_is_kept)
        for _ in range(0 if self._pipeline.pacing.batched else MOST_FILL_LOOKS):
            if seat.well_fed:
                break
            await asyncio.sleep(LOOK_S)

        async def attempt() -> int:
            candidate = await seat.candidate()
            async with self._flowing():
                if self._pipeline.decode.finishing and seat.latency_frames != seat.delay_frames:
                    await candidate.destroy()
                    raise NotRunning(
                        "the end of the last track is near, and would be cut off", remedy="add it to the next playback"
                    )
                admission = await seat.bring_in(candidate)
            if admission is None:
                return seat.position
            self._audible_until = max(self._audible_until, admission.alone_from)
            return admission.position

        return await try_again(self._supervisor, seat.spec.plugin_id, attempt, MOST_DEATHS)

    @asynccontextmanager
    async def _flowing(self) -> AsyncIterator[None]:
        """The shape is this change's, and the music flows: who has to read up to a position will."""
        while True:
            await self._pipeline.flowing.wait()
            async with self._pipeline.shape:
                if self._pipeline.flowing.is_set():
                    yield
                    return

    async def _in_order(self, seat: DspSeat) -> None:
        """Waits until the place has passed all that is heard of earlier changes."""
        await self._until(lambda: seat.position >= self._audible_until)

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Looks as long as the pipeline lives: it may stand still, and then so does the change."""
        while not reached():
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def editing(edits: ChainEdits) -> AsyncIterator[ChainEdits]:
    """Changes are taken until the block is left."""
    try:
        yield edits
    finally:
        await edits.close()
