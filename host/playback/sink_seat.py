"""The end of a pipeline: an output that dies is opened again at the first frame that nobody has played.

Records what the output was told - volume, where to stop, where a digest is cut - and tells a successor the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from host.capabilities import Sink
from host.errors import PluginRefused, StellaError, Supervised
from host.playback.named_target import as_listed
from host.playback.output import Output
from host.playback.output_failures import output_errors
from host.playback.seat import Remade
from host.playback.sink_at_work import SinkAtWork
from host.playback.stage_spec import StageSpec
from host.runtime import hand_over

__all__ = ["SinkSeat"]


class SinkSeat(SinkAtWork):
    """One output, open, and whoever takes its place."""

    async def replace(self, output: Output | None = None) -> tuple[int, int] | None:
        """A successor of a dead output is opened where that stopped; says where, and how many frames were lost.

        ``output``: it plays to that instead. A device that does not answer keeps nobody else from this seat meanwhile.
        None when nobody is dead here any more.

        Raises:
            StellaError: it cannot be opened this time.
        """
        async with self.lock:
            if not self.lost:
                return None
            await self.fence()
            dead = self._sink
        output = output or self.output
        fresh = await self._sinks.opened(output, self._frame_of(self.position))
        async with self.turn(fresh):
            if self._sink is not dead:
                await fresh.destroy()
                return None
            lost = self.queued_frames
            await self._begin(fresh, output)
            return self.reopened_at, lost

    async def return_to(self, output: Output) -> int | None:
        """The output that was lost takes its place again from the one that stands in for it; says where.

        None where another one was put there meanwhile.

        Raises:
            StellaError: it cannot be had yet.
        """
        stand_in = self.output
        fresh = await self._sinks.opened(output, self._frame_of(self.position))
        async with self.turn(fresh):
            if self.output is not stand_in:
                await fresh.destroy()
                return None
            old = self._sink
            with suppress(Supervised):
                await self._hold(old)
            await self._begin(fresh, output)
            old.instance.destroy_soon()
            return self.reopened_at

    async def swap(self) -> tuple[int, int]:
        """The old one is closed first, as nobody can open a device twice; where, and how many frames were lost.

        Raises:
            StellaError: it cannot be opened again: there is no output now.
        """
        async with self.lock:
            old = self._sink
            await self._hold(old)
            lost = self.queued_frames
            await old.destroy()
            return await self._open_successor(lost)

    @property
    def spec(self) -> StageSpec:
        """What a successor is made from."""
        return self.output.stage

    def adopt(self, spec: StageSpec) -> None:
        """A successor is made with it, too."""
        before, self.output = self.output, replace(self.output, stage=spec)
        if spec.files is not before.stage.files:
            before.stage.files.close()

    async def recreate(self, spec: StageSpec) -> Remade:
        """Another instance with another configuration is opened where the old one was closed.

        Raises:
            StellaError: the old one works on, but for the frames that were lost in it.
        """
        fresh = await self._sinks.made(spec)
        async with self.turn(fresh):
            old = self._sink
            try:
                position, lost = await self._hold(old), self.queued_frames
                note = await hand_over(old.instance, fresh.instance)
                await old.close()
            except BaseException:
                await fresh.destroy()
                if not self.lost and not self.paused:
                    await old.release(self._epoch)
                raise
            try:
                await self._open(fresh)
            except StellaError:
                await self._open(old)
                raise
            self.adopt(spec)
            old.instance.destroy_soon()
            return Remade(position, note, lost)

    async def retarget(self, output: Output) -> int:
        """Another target, or another output altogether, begins with the first frame that the old one did not take.

        Says with which. A device fades out and plays out, a file is completed; a device fades in. The seat owns the
        output's configuration files from then on.

        Raises:
            StellaError: the new one cannot be had, and the old one works on.
        """
        if self.lost:
            before = self.output
            with output_errors():
                replaced = await self.replace(output)
            if replaced is not None:
                before.stage.files.close()
                return replaced[0]
        fresh = await self._sinks.made(output.stage)
        async with self.turn(fresh):
            old, opened, closed = self._sink, False, False
            try:
                with output_errors():
                    output = replace(output, target=await as_listed(fresh, output.target))
                    await self._sinks.expect_format(fresh, output)
                if self.output.is_device and not self.paused:
                    await self._fade_out(old)
                position = await self._hold(old)
                with output_errors():
                    opened = await self._opens_beside(fresh, output, position)
                    await old.flush(position / self.format.sample_rate_hz)
                    if not opened:
                        await old.close()
                        closed = True
                        await self._sinks.open_at(fresh, output, self._frame_of(position))
            except BaseException:
                await fresh.destroy()
                if not self.lost:
                    await self._take_back(old, closed=closed)
                raise
            before, self.output = self.output, output
            self._take_place(fresh)
            if opened:
                with suppress(StellaError):
                    await old.close()
            old.instance.destroy_soon()
            before.stage.files.close()
            await self._fade_in(fresh)
            return position

    async def close(self) -> None:
        """Ends the output; twice is fine."""
        async with self.lock:
            await self._sink.destroy()
            self.output.stage.files.close()

    # ---- inside ----

    def _take_place(self, fresh: Sink) -> None:
        self._past_xruns = self.xruns
        self._sink = fresh

    async def _begin(self, sink: Sink, output: Output) -> None:
        """At the first frame that was not taken yet; after an absence with a ramp. What fails is destroyed."""
        position, before = self.position, self.output
        self.output = output
        try:
            await self._attach(sink, self._fade_frames if self.absence is not None and output.is_device else 0)
        except BaseException:
            self.output = before
            await sink.destroy()
            raise
        self._take_place(sink)
        self.reopened_at = position

    async def _open_successor(self, lost_frames: int) -> tuple[int, int]:
        position = self.position
        await self._open(await self._sinks.made(self.spec))
        return position, lost_frames

    async def _open(self, sink: Sink) -> None:
        """At the first frame that was not taken yet. What fails is destroyed."""
        position = self.position
        try:
            await self._sinks.open_at(sink, self.output, self._frame_of(position))
            await self._attach(sink)
        except BaseException:
            await sink.destroy()
            raise
        self._take_place(sink)
        self.reopened_at = position

    async def _opens_beside(self, sink: Sink, output: Output, position: int) -> bool:
        """Whether it can be opened while the old one is open; two devices may be one, and then it cannot."""
        try:
            await self._sinks.open_at(sink, output, self._frame_of(position))
        except PluginRefused:
            if not (output.is_device and self.output.is_device):
                raise
            return False
        return True

    async def _take_back(self, old: Sink, *, closed: bool) -> None:
        """The old one goes on, though it may have been closed."""
        if closed:
            await self._open(old)
        elif not self.paused:
            await old.release(self._epoch)
        if not self.paused:
            await old.set_volume(self._volume, self._fade_frames)
