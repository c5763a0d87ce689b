"""Occupants that are exchanged because somebody asked for it: restarts, reloads, other configurations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from host.capabilities import Dsp
from host.errors import StellaError
from host.ids import PluginId
from host.playback.deaths import counted
from host.playback.decode_seat import DecodeSeat
from host.playback.dsp_seat import DspSeat
from host.playback.graph import Pipeline
from host.playback.mix_seat import MixSeat
from host.playback.repair_log import RepairLog
from host.playback.repairs import Grade, Swapped
from host.playback.seat import NotAtWork, Outdated, Remade, Seat
from host.playback.sink_seat import SinkSeat
from host.playback.stage_use import StageUse

__all__ = ["Swaps", "with_current_config"]

T = TypeVar("T")


async def with_current_config(seat: DspSeat, put: Callable[[Dsp], Awaitable[T]]) -> T:
    """Makes a successor and puts it in place, once more where its configuration was changed meanwhile."""
    while True:
        try:
            return await put(await seat.successor())
        except Outdated:
            continue


class Swaps:
    """Of one pipeline, as long as it runs."""

    def __init__(self, pipeline: Pipeline, log: RepairLog) -> None:
        self._pipeline = pipeline
        self._log = log
        self._swapping: set[asyncio.Task[tuple[Swapped, ...]]] = set()

    async def close(self) -> None:
        """What is under way is given up; twice is fine."""
        tasks = tuple(self._swapping)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

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
                with suppress(NotAtWork):  # its track ended meanwhile
                    await seat.swap()
            case DspSeat() if seat.bypassed:
                admission = await with_current_config(seat, seat.admit)
                if admission is not None:  # why it was left out was not asked for, and is told as always
                    self._log.admitted(seat, before, admission)
                return self._swapped(seat, before, 0)
            case DspSeat():
                position = await with_current_config(seat, seat.swap)
            case MixSeat():
                position = await seat.swap()
            case SinkSeat():
                position, lost = await self._swap_sink(seat)
        grade = Grade.SHORT_GAP if isinstance(seat, SinkSeat) and self._log.paced else Grade.ABSORBED
        self._log.causes[seat] = "restarted as asked"
        self._log.tell(replace(self._log.repair(seat, before, grade, position), gap_frames=lost, planned=True))
        return self._swapped(seat, before, lost)

    def remade(self, seat: Seat, before: StageUse, remade: Remade) -> None:
        """Another instance works in a seat because its configuration was changed: told like a restart."""
        if remade.position is None:
            return
        self._log.causes[seat] = "another configuration"
        grade = Grade.SHORT_GAP if isinstance(seat, SinkSeat) and self._log.paced else Grade.ABSORBED
        repair = self._log.repair(seat, before, grade, remade.position)
        self._log.tell(replace(repair, gap_frames=remade.lost_frames, planned=True))

    def _swapped(self, seat: Seat, before: StageUse, lost: int) -> Swapped:
        now = seat.use
        return Swapped(seat.name, before.generation, now.generation, before.pid, now.pid, lost)

    async def _swap_sink(self, seat: SinkSeat) -> tuple[int, int]:
        try:
            return await seat.swap()
        except StellaError as error:
            if seat.output.awaited:
                seat.instance.worker.terminate(f"its device could not be opened again: {error}")  # and is waited for
            elif not counted(error):
                self._log.give_up(seat, error)  # the old one had to be closed before
            raise
