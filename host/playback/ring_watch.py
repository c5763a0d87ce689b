"""In paced playback: looks at the rings at a steady pace, ends who stands still, bypasses who is late.

Only words of rings are read, nothing waits for a worker. Where nobody listens it does not run: then who is late may be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from host.errors import StellaError
from host.playback.decode_seat import DecodeSeat
from host.playback.dsp_seat import DRY_PLUGIN, DspSeat
from host.playback.graph import Pipeline
from host.playback.mix_seat import MixSeat
from host.playback.seat import RingsBroken, Seat, words_of
from host.playback.stall import Look, Stillness
from host.settings import Limits
from host.worker import KillKind

__all__ = ["RingWatch"]

LOOK_S = 0.02
DSP_LOOKS = 2
DECODE_LOOKS = 12


class RingWatch:
    """Of one pipeline. ``bypass`` puts a dry stage into a seat whose occupant is dead."""

    def __init__(self, pipeline: Pipeline, limits: Limits, bypass: Callable[[DspSeat], Awaitable[None]]) -> None:
        self._pipeline = pipeline
        self._bypass = bypass
        sink_looks = int(limits.first_write_ms / 1000 / LOOK_S)
        self._seen: WeakKeyDictionary[Seat, Stillness] = WeakKeyDictionary()
        self._seen[pipeline.sink] = Stillness(sink_looks, armed=True)
        self._occupants: WeakKeyDictionary[Seat, int] = WeakKeyDictionary()
        self._bypassing: dict[DspSeat, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + LOOK_S
        try:
            while True:
                if not self._pipeline.flowing.is_set():
                    await self._pipeline.flowing.wait()
                    due = loop.time() + LOOK_S
                await asyncio.sleep(max(0.0, due - loop.time()))
                now = loop.time()
                on_time = now - due < LOOK_S
                due = now + LOOK_S
                self.look(on_time=on_time)
        finally:
            for task in self._bypassing.values():
                task.cancel()
            if self._bypassing:
                await asyncio.wait(tuple(self._bypassing.values()))

    def look(self, *, on_time: bool) -> None:
        """One look at every seat. Impossible words are the next attach's matter, not this one's."""
        self._pipeline.note_position()
        for seat in self._pipeline.seats:
            try:
                seen = self._seen_of(seat, on_time=on_time)
            except RingsBroken:
                continue
            self._judge(seat, seen)

    def _seen_of(self, seat: Seat, *, on_time: bool) -> Look:
        rings, block = self._pipeline.rings, self._pipeline.block_frames
        match seat:
            case DecodeSeat():
                after, can_work = seat.ring, seat.occupied and not seat.ended and not seat.waits
            case MixSeat():
                after, can_work = rings[0], seat.has_work
            case DspSeat():
                index = self._pipeline.dsps.index(seat)
                before, after = words_of(rings[index]), rings[index + 1]
                can_work = before.write_pos - before.read_pos >= block
            case _:
                words = words_of(rings[-1])
                waiting = words.write_pos - words.read_pos
                return Look(words.read_pos, can_work=waiting >= block, low=True, on_time=on_time)
        words = words_of(after)
        fill = words.write_pos - words.read_pos
        return Look(words.write_pos, can_work, fill <= after.format.ahead_frames // 2, on_time)

    def _judge(self, seat: Seat, seen: Look) -> None:
        looks = DECODE_LOOKS if isinstance(seat, DecodeSeat) else DSP_LOOKS
        stillness, coming = self._seen.setdefault(seat, Stillness(looks)), seat.coming
        if seat.held:
            stillness.forget()
            return
        pid = (coming or seat.instance).pid if seen.can_work else 0
        if self._occupants.get(seat) != pid:
            self._occupants[seat] = pid
            stillness.forget()
        given_up = stillness.look(seen)
        if coming is not None:  # who is held meanwhile does as it is told
            if given_up and coming.plugin_id != DRY_PLUGIN:
                text = "was not ready to take over when the music ran dry"
                coming.worker.terminate(text, KillKind.HANG, coming.id)
            return
        if not seat.lost:
            if given_up:
                seat.instance.worker.terminate("gave nothing while what comes after it ran dry", KillKind.HANG)
            return
        if not isinstance(seat, DspSeat) or not seat.instance.worker.exited.done():
            return
        if stillness.late(seen) and seat not in self._bypassing:
            self._bypassing[seat] = asyncio.get_running_loop().create_task(self._stand_in(seat))

    async def _stand_in(self, seat: DspSeat) -> None:
        try:
            await self._bypass(seat)
        except StellaError:
            return  # recovery goes on trying, and has the last word
        finally:
            del self._bypassing[seat]
