"""Where the rings of two decoders become one: a mix, or for a moment nobody.

What comes out at a position depends on the records that are kept here and on nothing else, so that a successor is exact
wherever the one before it died.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from abi.kinds import CapabilityKind
from host.capabilities import Crossing, Mix
from host.errors import StellaError, Supervised
from host.playback.dry_seat import DRY_PLUGIN, DRY_TYPE
from host.playback.seat import RingsBroken, Seat, words_of
from host.playback.sizes import PipelineFormat
from host.playback.stage_spec import StageSpec
from host.runtime import Instance, PluginRuntime
from shm_audio import Ring, RingWords

__all__ = ["MixSeat", "make_mix"]


async def make_mix(runtime: PluginRuntime, fmt: PipelineFormat) -> Mix:
    """A mix that holds no rings yet: the dry stage lends it a lane in a worker of ours. What ``create`` raises."""
    return Mix(
        await runtime.create(
            DRY_PLUGIN, CapabilityKind.DSP, DRY_TYPE, {}, rate=fmt.sample_rate_hz, channels=fmt.channels
        )
    )


class MixSeat(Seat):
    """One mix between the rings of decoders and the one that the first effect, or the output, reads."""

    def __init__(self, mix: Mix, make: Callable[[], Awaitable[Mix]]) -> None:
        super().__init__("mix")
        self._mix = mix
        self._make = make
        self._input: Ring | None = None
        self._output: Ring | None = None
        self._wake_frames = 0
        self._limit: int | None = None
        self._crossing: Crossing | None = None

    @property
    def instance(self) -> Instance:
        """The one that lends its lane."""
        return self._mix.instance

    @property
    def position(self) -> int:
        """Frames that have come out."""
        return words_of(self._out).write_pos

    @property
    def crossing(self) -> Crossing | None:
        """The ring that comes, as long as the one before it is heard; None in between."""
        return None if self._turned else self._crossing

    def place(self, inp: Ring, out: Ring, wake_frames: int) -> None:
        """Which rings it joins."""
        self._input, self._output, self._wake_frames = inp, out, wake_frames

    async def start(self, limit: int | None) -> None:
        """Joins its rings for the first time. One that died meanwhile is left to recovery."""
        self._limit = limit
        async with self.lock:
            with suppress(Supervised):
                await self._attach(self._mix)

    # ---- what it is told, and so is a successor ----

    async def allow(self, limit: int | None) -> None:
        """No block goes beyond ``limit`` from now on; None: all may."""
        async with self.lock:
            self._limit = limit
            await self._order(lambda mix: mix.limit(limit))

    async def settle(self) -> None:
        """The ring that came is the only one: nobody reads the other any more.

        Raises:
            RingsBroken: nothing ends a dead mix. RuntimeError: the fade is not over.
        """
        async with self.lock:
            crossing, self._crossing = self._crossing, None
            if crossing is None:
                return
            if self.position < crossing.over_at:
                raise RuntimeError("two rings are mixed")
            self._input = crossing.ring
            await self._order(lambda mix: mix.limit(self._limit))  # it lets go of the other before it answers
            if self.lost:
                await self.fence()

    async def join(self, crossing: Crossing, limit: int | None) -> None:
        """Another ring comes; then ``limit`` holds. The mix has settled.

        Raises:
            StellaError: it would not, and all is as before.
        """
        async with self.lock:
            before = self._limit
            self._crossing, self._limit = crossing, limit
            try:
                await self._order(lambda mix: mix.join(crossing, limit))
            except StellaError:
                self._crossing, self._limit = None, before
                raise

    async def end_first(self, position: int) -> None:
        """The ring that goes has no frame from ``position`` on."""
        async with self.lock:
            crossing = self.crossing
            if crossing is None or position >= crossing.over_at:
                return
            self._crossing = replace(crossing, first_end=position)
            await self._order(lambda mix: mix.finish(position))

    # ---- occupants ----

    async def replace(self) -> int | None:
        """A successor goes on where the dead one stopped; says where. None when nobody is dead here any more.

        Raises:
            StellaError: it failed, too. RingsBroken: the dead one left impossible positions.
        """
        fresh = await self._make()
        async with self.turn(fresh):
            if not self.lost:
                await fresh.destroy()
                return None
            try:
                await self.fence()
                position = self._checked().write_pos
            except BaseException:
                await fresh.destroy()
                raise
            await self._occupy(fresh)
            return position

    async def swap(self) -> int:
        """Successor first: it goes on where the old one is held; says where.

        Raises:
            StellaError: the successor failed and is destroyed; the old one works on.
        """
        fresh = await self._make()
        async with self.turn(fresh):
            old = self._mix
            try:
                position = await old.hold()
            except BaseException:
                await fresh.destroy()
                raise
            try:
                await self._occupy(fresh)
            except StellaError:
                if self.position != position:
                    old.instance.worker.terminate("its successor died in its place")
                elif not self.lost:
                    await old.release(self._epoch)
                raise
            old.instance.destroy_soon()
            return position

    async def let_go(self) -> None:
        await self._leave_rings(self._mix)

    async def begin_anew(self, inp: Ring) -> None:
        """For who has the lock, the rings set to another position: it reads this one, and not a block of it yet."""
        self._epoch += 1
        self._input, self._crossing, self._limit = inp, None, self.position
        if not self.lost:
            with suppress(Supervised):
                await self._attach(self._mix)

    async def close(self) -> None:
        """Ends the mix; twice is fine."""
        async with self.lock:
            await self._mix.destroy()

    @property
    def has_work(self) -> bool:
        """Whether a block could be made now, but for the room that it needs."""
        at, block = self.position, self._out.format.block_frames
        if self._limit is not None and at + block > self._limit:
            return False
        crossing, inp = self._crossing, words_of(self._inp)
        if crossing is None:
            return inp.write_pos >= at + block
        end = crossing.over_at if crossing.first_end is None else min(crossing.over_at, crossing.first_end)
        coming = words_of(crossing.ring).write_pos >= at + block
        return inp.write_pos >= min(at + block, end) and (coming or at + block <= crossing.at)

    @property
    def spec(self) -> StageSpec:
        """What a successor is made from."""
        return StageSpec(self.name, DRY_PLUGIN, DRY_TYPE, {})

    def adopt(self, spec: StageSpec) -> None:
        """It has no configuration."""

    # ---- inside ----

    @property
    def _inp(self) -> Ring:
        if self._input is None:
            raise RuntimeError("the mix has not been placed")
        return self._input

    @property
    def _out(self) -> Ring:
        if self._output is None:
            raise RuntimeError("the mix has not been placed")
        return self._output

    @property
    def _turned(self) -> bool:
        return self._crossing is None or self.position >= self._crossing.over_at

    async def _order(self, command: Callable[[Mix], Awaitable[None]]) -> None:
        """For who has the lock. One that is being replaced is not told: its successor will be."""
        if not self.lost:
            with suppress(Supervised):  # dead by now
                await command(self._mix)

    async def _occupy(self, fresh: Mix) -> None:
        self.coming = fresh.instance
        try:
            await self._attach(fresh)
        except BaseException:
            await fresh.destroy()
            raise
        finally:
            self.coming = None
        self._mix = fresh

    async def _attach(self, mix: Mix) -> None:
        inp, crossing = self._inp, self._crossing
        if crossing is not None and self._turned:
            inp, crossing = crossing.ring, None
        await mix.attach(
            inp,
            self._out,
            epoch=self._epoch,
            wake_frames=self._wake_frames,
            limit=self._limit,
            crossing=crossing,
        )

    def _checked(self) -> RingWords:
        """The output's words, once those of all sides are known to be what a mix can leave.

        Raises:
            RingsBroken: they cannot be.
        """
        out = words_of(self._out)
        block = self._out.format.block_frames
        crossing = self._crossing
        due = {self._inp: out.write_pos} if crossing is None else self._due(crossing, out.write_pos)
        for ring, position in due.items():
            words = words_of(ring)
            if out.write_pos % block or not words.read_pos <= position <= min(words.read_pos + block, words.write_pos):
                raise RingsBroken(
                    f"{self.name} left impossible positions: read {words.read_pos} of {words.write_pos}, "
                    f"wrote {out.write_pos}",
                    remedy="a plugin is at fault",
                )
        return out

    def _due(self, crossing: Crossing, at: int) -> dict[Ring, int]:
        """Where the readers of both rings belong; of the one that is not read any more nothing is known."""
        coming = {crossing.ring: max(at, crossing.at)}
        if at >= crossing.over_at:
            return coming
        end = crossing.over_at if crossing.first_end is None else min(crossing.over_at, crossing.first_end)
        return {self._inp: min(at, end)} | coming
