"""An output that dies is opened again; one whose device is gone is asked for again and again until that is back.

Meanwhile the music stands still where it was, with full rings and sleeping stages, or goes on into the stand-in of the
output, which nobody hears. A device that is away is no fault of the plugin: nothing of this counts against it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from host.errors import LoadFailed, NotFound, OutputError, RequestTimeout, StellaError, WorkerLost
from host.events import EventBus, OutputBack, OutputLost
from host.ids import PluginId
from host.playback.absence import Absence
from host.playback.deaths import counted
from host.playback.graph import Pipeline
from host.playback.output import Output
from host.playback.output_failures import output_errors
from host.playback.repair_log import RepairLog
from host.playback.repairs import Grade
from host.playback.sink_seat import SinkSeat
from host.playback.stage_use import StageUse
from host.supervise import Autopsy, Cause, Supervisor

__all__ = ["OutputCare", "when_there"]

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 2.0
#: A device that was back for less is not asked at once when it goes again.
SETTLED_S = 5.0

#: What an output says, or its plugin when it is loaded, while the device or the sound server is away.
_ABSENT = (OutputError, NotFound, LoadFailed, RequestTimeout)
_NO_ANSWER = "the sound device does not answer"


async def when_there(
    output: Output, bus: EventBus, position: int, build: Callable[[], Awaitable[Pipeline]]
) -> Pipeline:
    """The next pipeline of what plays, its clock at ``position``: a device that is waited for may be away just now.

    Raises:
        StellaError: it cannot be built, or its device is not waited for.
    """
    began_s, wait_s, stage = time.monotonic(), 0.0, output.stage
    while True:
        try:
            built = await build()
        except _ABSENT as error:
            if not output.awaited:
                raise
            if not wait_s:
                bus.publish(OutputLost(stage.plugin_id, stage.type_id, position, error.message, "wait"))
            wait_s = min(max(FIRST_WAIT_S, 2 * wait_s), LONGEST_WAIT_S)
            await asyncio.sleep(wait_s)
            continue
        if wait_s:
            bus.publish(OutputBack(stage.plugin_id, stage.type_id, position, time.monotonic() - began_s, 0))
        return built


class OutputCare:
    """Of one pipeline."""

    def __init__(self, pipeline: Pipeline, supervisor: Supervisor, log: RepairLog, bus: EventBus) -> None:
        self._pipeline = pipeline
        self._supervisor = supervisor
        self._log = log
        self._bus = bus
        self._wait_s = 0.0
        self._back_at_s = -SETTLED_S
        self._returning: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Nothing is asked for any more; twice is fine."""
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.wait((self._returning,))

    def lost(self, seat: SinkSeat, reason: str) -> None:
        """The device is gone, which is told once; of a reason that comes later the status tells."""
        if seat.absence is not None:
            seat.absence = replace(seat.absence, reason=reason)
            return
        seat.absence = absence = Absence(seat.output, reason, self._pipeline.last_position, seat.queued_frames)
        if time.monotonic() - self._back_at_s >= SETTLED_S:
            self._wait_s = 0.0
        then = "wait" if seat.output.stand_in is None else "null"
        instance = seat.instance
        self._bus.publish(OutputLost(instance.plugin_id, instance.type_id, absence.position, reason, then))

    async def mend(self, seat: SinkSeat, death: Autopsy) -> None:
        """Until somebody plays there.

        Raises:
            StellaError: nobody will.
        """
        before, instead = seat.use, None
        if seat.output.awaited and death.cause is Cause.HANG:
            self.lost(seat, _NO_ANSWER)
        while seat.lost:
            wished = seat.output
            await self._until_due(seat)
            if not await self._permitted(seat, (instead or wished).stage.plugin_id):
                continue
            try:
                with output_errors():
                    replaced = await seat.replace(instead)
            except StellaError as error:
                if not self._tries_again(seat, wished, error):
                    raise
                instead = wished.stand_in if seat.absence is not None else None
                continue
            if replaced is not None:
                self._repaired(seat, before, *replaced)
            if instead is not None and seat.output is instead:
                self._returning = asyncio.get_running_loop().create_task(self._return(seat, instead, wished))
                return
        if self._returning is None:
            self._is_back(seat)

    async def _return(self, seat: SinkSeat, stand_in: Output, wished: Output) -> None:
        """The stand-in plays until the device is back, or somebody wishes for another output."""
        before = seat.use
        while seat.output is stand_in:
            await self._until_due(seat)
            if not await self._permitted(seat, wished.stage.plugin_id):
                continue
            try:
                with output_errors():
                    position = await seat.return_to(wished)
            except StellaError as error:
                if self._tries_again(seat, wished, error):
                    continue
                seat.absence = seat.absence and replace(seat.absence, reason=error.message)
                return
            if position is not None and seat.absence is not None:
                self._repaired(seat, before, position, position - seat.absence.position)
        self._is_back(seat)

    async def _until_due(self, seat: SinkSeat) -> None:
        """A device that is away is asked ever more rarely."""
        if seat.absence is not None:
            wait_s = self._wait_s
            self._wait_s = min(max(FIRST_WAIT_S, 2 * wait_s), LONGEST_WAIT_S)
            await asyncio.sleep(wait_s)

    async def _permitted(self, seat: SinkSeat, plugin: PluginId) -> bool:
        """Whether the plugin may run now; where somebody listens, its quarantine is waited for.

        Raises:
            WorkerLost: nobody listens, and it is quarantined.
        """
        if await self._supervisor.permitted(plugin):
            return True
        if not self._log.paced:
            text = f"{plugin}: {self._log.causes[seat]}, time and again"
            raise WorkerLost(text, remedy="see `stellatune plugins crashes`")
        await self._supervisor.until_reset(plugin)  # paused: rings are full, stages sleep
        return False

    def _tries_again(self, seat: SinkSeat, wished: Output, error: StellaError) -> bool:
        """Whether there is sense in asking again after this."""
        if wished.awaited and isinstance(error, _ABSENT):
            self.lost(seat, _NO_ANSWER if counted(error) else error.message)
            return True
        return counted(error)

    def _repaired(self, seat: SinkSeat, before: StageUse, position: int, lost_frames: int) -> None:
        grade = Grade.SHORT_GAP if self._log.paced else Grade.ABSORBED
        self._log.tell(replace(self._log.repair(seat, before, grade, position), gap_frames=lost_frames))

    def _is_back(self, seat: SinkSeat) -> None:
        absence, seat.absence = seat.absence, None
        if absence is None:
            return
        self._back_at_s = time.monotonic()
        instance, position = seat.instance, seat.reopened_at
        unheard = absence.queued_frames + (position - absence.position if self._returning is not None else 0)
        self._returning = None
        self._bus.publish(OutputBack(instance.plugin_id, instance.type_id, position, absence.lasted_s, unheard))
