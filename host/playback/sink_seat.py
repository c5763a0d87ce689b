"""The end of a pipeline: an output that dies is opened again at the first frame that nobody has played.

Records what the output was told - volume, where to stop, where a digest is cut - and tells a successor the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from abi.kinds import CapabilityKind
from host.capabilities import Sink, Stage
from host.errors import OutputError, PluginRefused, StellaError, Supervised
from host.jsontext import JsonObject
from host.playback.output_failures import output_errors
from host.playback.reading_seat import Inlet, ReadingSeat
from host.playback.seat import Remade, words_of
from host.playback.sizes import PipelineFormat
from host.playback.stage_spec import StageSpec
from host.playback.target_files import NO_TARGET_FILES, TargetFiles
from host.runtime import FileGrants, Instance, PluginRuntime, hand_over
from shm_audio import Ring

__all__ = ["Output", "SinkSeat"]

FADE_S = 0.02
FADE_LOOK_S = 0.005
MOST_FADE_LOOKS = 100

Command = Callable[[Sink], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Output:
    """Where it goes. ``silence_after_ms``: how long a device may starve before it gets silence; 0: it waits.

    ``files``: what the target names, open; ``written``: the new ones among them, which whoever made it puts in place.
    """

    stage: StageSpec
    target: JsonObject
    files: FileGrants = field(default_factory=FileGrants)
    silence_after_ms: int = 0
    written: TargetFiles = NO_TARGET_FILES

    @property
    def is_device(self) -> bool:
        """Whether it plays what it is given in its own time."""
        return self.silence_after_ms > 0


class SinkSeat(ReadingSeat):
    """One output, open."""

    def __init__(self, runtime: PluginRuntime, output: Output, sink: Sink, fmt: PipelineFormat) -> None:
        """Takes over the sink, which is open in this format, and the files of its configuration."""
        super().__init__(output.stage.name)
        self.output = output
        self.format = fmt
        self._runtime = runtime
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
        worker = self.instance.worker
        lanes = (*worker.status.lanes(), *worker.last_lanes)
        return next((lane.queued_frames for lane in lanes if lane.instance == self.instance.id), 0)

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
            with suppress(Supervised):
                if self.output.is_device and not self.lost:
                    await self._fade_out(sink)
                await self.let_go()
                self.paused = self.held = True
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

    async def replace(self) -> tuple[int, int] | None:
        """A successor of a dead output is opened where that stopped; says where, and how many frames were lost.

        None when nobody is dead here any more.

        Raises:
            StellaError: it cannot be opened this time.
        """
        async with self.lock:
            if not self.lost:
                return None
            await self.fence()
            return await self._open_successor(self.queued_frames)

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
        fresh = await self._made(spec)
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
        fresh = await self._made(output.stage)
        async with self.turn(fresh):
            old, opened, closed = self._sink, False, False
            try:
                with output_errors():
                    await self._expect_format(fresh, output)
                if self.output.is_device and not self.paused:
                    await self._fade_out(old)
                position = await self._hold(old)
                with output_errors():
                    opened = await self._opens_beside(fresh, output, position)
                    await old.flush(position / self.format.sample_rate_hz)
                    if not opened:
                        await old.close()
                        closed = True
                        await self._open_at(fresh, output, position)
            except BaseException:
                await fresh.destroy()
                if not self.lost:
                    await self._take_back(old, closed=closed)
                raise
            before, self.output, self._sink = self.output, output, fresh
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

    @property
    def _stage(self) -> Stage:
        return self._sink

    def _has_read(self, at: int) -> bool:
        return self._inlet is not None and words_of(self._inlet.ring).read_pos >= at

    async def _open_successor(self, lost_frames: int) -> tuple[int, int]:
        position = self.position
        await self._open(await self._made(self.spec))
        return position, lost_frames

    async def _made(self, spec: StageSpec) -> Sink:
        with spec.files.copy() as files:  # its own may be closed meanwhile
            return Sink(
                await self._runtime.create(
                    spec.plugin_id, CapabilityKind.OUTPUT_SINK, spec.type_id, spec.config, files=files.grants
                )
            )

    async def _open(self, sink: Sink) -> None:
        """At the first frame that was not taken yet. What fails is destroyed."""
        position = self.position
        try:
            await self._open_at(sink, self.output, position)
            await self._attach(sink)
        except BaseException:
            await sink.destroy()
            raise
        self._sink = sink
        self.reopened_at = position

    async def _expect_format(self, sink: Sink, output: Output) -> None:
        fmt = self.format
        agreed = await sink.negotiate(output.target, fmt.sample_rate_hz, fmt.channels)
        if (agreed.sample_rate_hz, agreed.channels) != (fmt.sample_rate_hz, fmt.channels):
            raise OutputError(
                f"{output.stage.type_id} takes {agreed.sample_rate_hz} Hz with {agreed.channels} channels, "
                f"and {fmt.sample_rate_hz} Hz with {fmt.channels} are playing",
                remedy="begin the playback anew with --output",
            )

    async def _opens_beside(self, sink: Sink, output: Output, position: int) -> bool:
        """Whether it can be opened while the old one is open; two devices may be one, and then it cannot."""
        try:
            await self._open_at(sink, output, position)
        except PluginRefused:
            if not (output.is_device and self.output.is_device):
                raise
            return False
        return True

    async def _open_at(self, sink: Sink, output: Output, position: int) -> None:
        fmt = self.format
        await sink.open(output.target, fmt.sample_rate_hz, fmt.channels, self._frame_of(position), output.files)

    def _frame_of(self, position: int) -> int:
        """How many frames the target was given before those at a position."""
        return position - self._skipped_frames

    async def _hold(self, sink: Sink) -> int:
        """It stands still, where it does not already; says where."""
        return self.position if self.paused else await sink.hold()

    async def _take_back(self, old: Sink, *, closed: bool) -> None:
        """The old one goes on, though it may have been closed."""
        if closed:
            await self._open(old)
        elif not self.paused:
            await old.release(self._epoch)
        if not self.paused:
            await old.set_volume(self._volume, self._fade_frames)

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
