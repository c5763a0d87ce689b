"""An output at work: what it is told - volume, where to stop, to stand still - and what it says of itself.

What it was told is recorded, so that whoever follows it is told the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from abi.kinds import StatusCode
from abi.wire import StopReason
from host.capabilities import Sink, Stage
from host.errors import PluginRefused, StellaError, Supervised
from host.playback.absence import Absence
from host.playback.output import Output
from host.playback.reading_seat import Inlet, ReadingSeat
from host.playback.seat import words_of
from host.playback.sinks import Sinks
from host.playback.sizes import PipelineFormat
from host.runtime import Instance, PluginRuntime
from shm_audio import LaneStatus, Ring

__all__ = ["SinkAtWork"]

FADE_S = 0.02
FADE_LOOK_S = 0.005
MOST_FADE_LOOKS = 100

Command = Callable[[Sink], Awaitable[None]]


class SinkAtWork(ReadingSeat):
    """The output's seat while nobody comes or goes."""

    def __init__(self, runtime: PluginRuntime, output: Output, sink: Sink, fmt: PipelineFormat) -> None:
        """Takes over the sink, which is open in this format, and the files of its configuration."""
        super().__init__(output.stage.name)
        self.output = output
        self.format = fmt
        self._supervisor = runtime.supervisor
        self._sinks = Sinks(runtime, fmt)
        self._sink = sink
        self._volume = 1.0
        self._digest = False
        self._finish_at = -1
        self._cut_at = -1
        self._skipped_frames = 0
        #: Whether it takes nothing, as somebody wishes.
        self.paused = False
        #: Where the last successor began; 0 while there was none.
        self.reopened_at = 0
        #: Why nothing is heard; None while the wished output plays.
        self.absence: Absence | None = None
        self._past_xruns = 0

    @property
    def instance(self) -> Instance:
        """The output's."""
        return self._sink.instance

    @property
    def position(self) -> int:
        """Frames that were taken."""
        return words_of(self._inp).read_pos

    @property
    def volume(self) -> float:
        """The linear gain that it is to have."""
        return self._volume

    @property
    def queued_frames(self) -> int:
        """Frames taken and not heard yet, as far as it tells; those of a dead one are lost."""
        return 0 if self._lane is None else self._lane.queued_frames

    @property
    def xruns(self) -> int:
        """How often the outputs here starved or ran dry, this one and those before it."""
        return self._past_xruns + (0 if self._lane is None else self._lane.xruns)

    def outlives(self, reason: StopReason, code: int, /) -> bool:
        """As ever; and a device that is waited for may go."""
        gone = reason is StopReason.PLUGIN_ERROR and code == StatusCode.IO
        return super().outlives(reason, code) or (gone and self.output.awaited)

    def place(self, inp: Ring, wake_frames: int) -> None:
        """Which ring it reads."""
        self.read(Inlet(inp, wake_frames))

    async def start(self, *, volume: float, digest: bool) -> None:
        """Joins its ring for the first time. One that died meanwhile is left to recovery."""
        self._volume, self._digest = volume, digest
        async with self.lock:
            with suppress(Supervised):
                await self._attach(self._sink)

    # ---- the music stands still, or goes on elsewhere ----

    async def pause(self) -> None:
        """Takes no more until ``resume``. A device fades out, plays out what it has, and stands still then."""
        async with self.lock:
            sink = self._sink
            gone = suppress(Supervised, PluginRefused)  # a device that is gone is noticed when it is to play again
            with gone:
                if self.output.is_device and not self.lost:
                    await self._fade_out(sink)
            await self.let_go()
            self.paused = self.held = True
            with gone:
                if self.output.is_device and not self.lost:
                    await sink.flush(0.0)
                    await sink.reset(self._frame_of(self.position))

    async def resume(self) -> None:
        """Goes on where it stood; a device begins with a ramp."""
        async with self.lock:
            self.paused = self.held = False
            if not self.lost:
                await self._fade_in(self._sink)

    async def let_go(self) -> None:
        if not self.paused or self.lost:
            await super().let_go()

    async def fade_away(self) -> None:
        """A device that plays is silent when this returns, as what follows does not go on from what it played."""
        async with self.lock:
            if self.output.is_device and not self.paused and not self.lost:
                with suppress(Supervised):
                    await self._fade_out(self._sink)

    async def begin_anew(self, stood_at: int) -> None:
        """For who has the lock, the ring set to another position: no end is in sight, a device begins with a ramp.

        What is played of it follows what was played up to ``stood_at``.
        """
        self._epoch += 1
        self._skipped_frames += self.position - stood_at
        self._finish_at = self._cut_at = -1
        self.read_anew()
        if not self.lost:
            await self._fade_in(self._sink)

    async def set_volume(self, volume: float, ramp_frames: int) -> None:
        """Ramps the gain; a successor begins with it."""
        self._volume = volume
        await self._order(lambda sink: sink.set_volume(volume, ramp_frames))

    async def cut_digest(self, position: int) -> None:
        """One digest ends at ``position``, the next begins there."""
        self._cut_at = position
        await self._order(lambda sink: sink.cut_digest(position))

    async def finish(self, position: int) -> None:
        """Stops exactly at ``position``, then plays out."""
        self._finish_at = position
        await self._order(lambda sink: sink.finish(position))

    async def close_output(self) -> None:
        """Closes the target, all played out.

        Raises:
            Supervised: it died over it; its successor will play out again.
            PluginRefused: it says why it cannot.
        """
        async with self.lock:
            if self.lost:
                raise Supervised(f"{self.name}: its worker is gone")
            await self._sink.close()

    # ---- inside ----

    @property
    def _stage(self) -> Stage:
        return self._sink

    def _has_read(self, at: int) -> bool:
        return self._inlet is not None and words_of(self._inlet.ring).read_pos >= at

    @property
    def _lane(self) -> LaneStatus | None:
        """What the occupant tells of itself, or told last."""
        worker = self.instance.worker
        lanes = (*worker.status.lanes(), *worker.last_lanes)
        return next((lane for lane in lanes if lane.instance == self.instance.id), None)

    def _frame_of(self, position: int) -> int:
        """How many frames the target was given before those at a position."""
        return position - self._skipped_frames

    async def _hold(self, sink: Sink) -> int:
        """It stands still, where it does not already; says where."""
        return self.position if self.paused else await sink.hold()

    async def _fade_out(self, sink: Sink) -> None:
        """Returns when it has taken the ramp, or does not take anything."""
        await sink.set_volume(0.0, self._fade_frames)
        silent_from = self.position + self._fade_frames
        for _ in range(MOST_FADE_LOOKS):
            if self.position >= silent_from or self.lost:
                return
            await asyncio.sleep(FADE_LOOK_S)

    async def _fade_in(self, sink: Sink) -> None:
        """Joins the ring; a device begins with a ramp. One that dies over it has a successor."""
        try:
            await self._attach(sink, self._fade_frames if self.output.is_device else 0)
        except Supervised:
            return
        except StellaError as error:
            sink.instance.worker.terminate(f"would not join its ring: {error}")

    @property
    def _fade_frames(self) -> int:
        return int(self.format.sample_rate_hz * FADE_S)

    async def _attach(self, sink: Sink, fade_frames: int = 0) -> None:
        if self.paused:
            return
        if self.output.awaited:
            self._supervisor.drives_device(sink.instance.plugin_id)
        following = self._yet_to_follow()
        await sink.attach(
            self._inp,
            self._epoch,
            wake_frames=self.inlet.wake_frames,
            volume=self._volume,
            fade_frames=fade_frames,
            digest=self._digest,
            silence_after_ms=self.output.silence_after_ms,
            cut_at=self._cut_at,
            finish_at=self._finish_at,
        )
        await self._tell(sink, following)

    async def _order(self, command: Command) -> None:
        """One that is being replaced or is paused is not told: it will be when it joins its ring."""
        async with self.lock:
            if self.lost or self.paused:
                return
            try:
                await command(self._sink)
            except Supervised:
                return  # dead by now
