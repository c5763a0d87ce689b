"""A pipeline of one format: the rings between decode, effects and sink, and the seats that join them.

Owns rings and seats. Knows nothing of files or tracks: a decoder comes and goes at positions of the one frame clock, an
occupant that dies is replaced in its seat, an effect that comes brings its ring along. Positions count frames of the
pipeline since its start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from host.errors import OutputError, Supervised
from host.playback.crossfade import Crossfade
from host.playback.decode_seat import DecodeSeat
from host.playback.dsp_seat import DspSeat
from host.playback.format_policy import TRACK_FORMATS, FormatPolicy
from host.playback.mix_seat import MixSeat
from host.playback.opening import Opener
from host.playback.reading_seat import ReadingSeat
from host.playback.seat import RingsBroken, Seat, words_of
from host.playback.sink_seat import SinkSeat
from host.playback.sizes import Pacing, PipelineFormat, RingPlan, end_of_programme, on_grid
from shm_audio import Ring, ShmError

__all__ = ["Pipeline"]

VOLUME_RAMP_S = 0.02


class Pipeline:
    """Rings and seats from decode to sink. ``close`` ends what is in it; closing twice is fine."""

    def __init__(
        self,
        fmt: PipelineFormat,
        pacing: Pacing,
        opener: Opener,
        dsps: Sequence[DspSeat],
        sink: SinkSeat,
        *,
        origin: int = 0,
        formats: FormatPolicy = TRACK_FORMATS,
        mix: MixSeat | None = None,
        fade_frames: int = 0,
    ) -> None:
        """Takes over all these seats. Its clock begins at ``origin``, on the block grid.

        With a ``mix`` tracks fade into each other over so many frames.

        Raises:
            OutputError: no memory for the rings, or more latency than history; the seats stay the caller's.
        """
        self.format = fmt
        self.pacing = pacing
        self.dsps: tuple[DspSeat, ...] = tuple(dsps)
        self.sink = sink
        self.block_frames = pacing.block_frames
        #: Held by whoever changes who reads which ring, or says where the end is.
        self.shape = asyncio.Lock()
        #: Not set while it is paused.
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._mixes = mix is not None
        plans = [self.plan(index) for index in range(len(self.dsps) + 1)]
        decode_plan = RingPlan.of(fmt, pacing, pacing.decode_ahead_ms)
        for dsp in self.dsps:
            self.expect_to_hold(dsp)
        self.rings: list[Ring] = []
        self._heard = origin
        #: Where the clock was set to last; None: never.
        self.clock_set_to: int | None = None
        heads: list[Ring] = []
        try:
            for rings, made in ((self.rings, plans), (heads, [decode_plan] * 2 if self._mixes else [])):
                for plan in made:
                    rings.append(Ring.create(plan.format))
                    rings[-1].set_words(origin)
        except ShmError as error:
            for ring in heads:
                ring.close()
            self._close_rings()
            raise OutputError(f"no memory for the audio rings: {error}", remedy="free some memory") from error
        for index, dsp in enumerate(self.dsps):
            dsp.place(self.rings[index], self.rings[index + 1], plans[index].wake_frames)
        self.sink.place(self.rings[-1], plans[-1].wake_frames)
        first, second = (
            DecodeSeat(opener, fmt.sample_rate_hz, ring, formats) for ring in heads or (self.rings[0],) * 2
        )
        self._decode = first
        #: Where tracks fade into each other; None where one begins when the one before it ends.
        self.crossfade: Crossfade | None = None
        if mix is not None:
            mix.place(heads[0], self.rings[0], decode_plan.wake_frames)
            self.crossfade = Crossfade((first, second), mix, fade_frames, batched=pacing.batched)

    @property
    def decode(self) -> DecodeSeat:
        """Where the track decodes that joined last."""
        return self._decode if self.crossfade is None else self.crossfade.decode

    @property
    def decoders(self) -> tuple[DecodeSeat, ...]:
        """Where tracks decode: while one fades into the next, the one that goes comes first."""
        return (self._decode,) if self.crossfade is None else self.crossfade.decoders

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All seats in the order of the music; ring 0 is before the first effect, ring ``n + 1`` after effect ``n``."""
        return (*self.decoders, *(() if self.crossfade is None else (self.crossfade.mix,)), *self.dsps, self.sink)

    @property
    def latency_frames(self) -> int:
        """By how much the programme is later behind the effects than before them, as they are now."""
        return sum(dsp.delay_frames for dsp in self.dsps)

    def expect_to_hold(self, dsp: DspSeat) -> None:
        """Raises: OutputError when an effect delays the programme by more than the rings keep."""
        if dsp.latency_frames > RingPlan.of(self.format, self.pacing, self.pacing.ring_ahead_ms).format.history_frames:
            raise OutputError("an effect delays longer than the history", remedy="raise [pipeline] history_ms")

    # ---- effects come and go ----

    def reader(self, index: int) -> ReadingSeat:
        """Who reads ring ``index``: the effect of that index, or the sink."""
        return self.dsps[index] if index < len(self.dsps) else self.sink

    def plan(self, index: int) -> RingPlan:
        """The sizes of ring ``index``, which may not be there yet."""
        ahead_ms = self.pacing.ring_ahead_ms if index or self._mixes else self.pacing.decode_ahead_ms
        return RingPlan.of(self.format, self.pacing, ahead_ms)

    def insert(self, index: int, dsp: DspSeat, after: Ring) -> None:
        """The effect has taken ring ``index`` over from its reader, who reads ``after`` from now on."""
        self.dsps = (*self.dsps[:index], dsp, *self.dsps[index:])
        self.rings.insert(index + 1, after)

    def take_out(self, index: int) -> None:
        """The effect of this index is no more, and the ring after it: who read that reads ring ``index``."""
        self.dsps = (*self.dsps[:index], *self.dsps[index + 1 :])
        self.rings.pop(index + 1).close()

    @property
    def position(self) -> int:
        """Frames the sink has taken."""
        return words_of(self.rings[-1]).read_pos

    @property
    def last_position(self) -> int:
        """Frames the sink had taken when ``note_position`` last saw rings that can be."""
        return self._heard

    def note_position(self) -> None:
        """Remembers how far the sink is, for the case that the rings are destroyed."""
        with suppress(RingsBroken):
            self._heard = self.position

    @property
    def ready(self) -> int:
        """Frames that the sink could have taken by now."""
        return words_of(self.rings[-1]).write_pos

    def set_clock(self) -> int:
        """Nobody is in the rings: all their words are set behind all that was written, to a position on the grid.

        Raises:
            RingsBroken: what they hold cannot be.
        """
        rings = (*self.rings, *(() if self.crossfade is None else self.crossfade.rings))
        position = on_grid(max(words_of(ring).write_pos for ring in rings), self.block_frames)
        for ring in rings:
            ring.set_words(position)
        self._heard = self.clock_set_to = position
        return position

    async def pause(self) -> None:
        """The output takes no more; the rings fill, then all sleep. Changes of the chain wait. Twice is fine."""
        async with self.shape:
            if self.flowing.is_set():
                self.flowing.clear()
                await self.sink.pause()

    async def resume(self) -> None:
        """The music goes on where it stood. Twice is fine."""
        async with self.shape:
            if not self.flowing.is_set():
                self.flowing.set()
                await self.sink.resume()

    async def set_volume(self, volume: float) -> None:
        """A linear gain, reached in a ramp; nothing happens where it is that."""
        if volume != self.sink.volume:
            await self.sink.set_volume(volume, int(self.format.sample_rate_hz * VOLUME_RAMP_S))

    async def start(self, *, volume: float, digest: bool) -> None:
        """Attaches from the sink backwards, so that every ring has its reader before its writer."""
        if not self.flowing.is_set():
            self.sink.paused = self.sink.held = True
        await self.sink.start(volume=volume, digest=digest)
        for dsp in reversed(self.dsps):
            await dsp.start()
        if self.crossfade is not None:
            await self.crossfade.start()

    async def finish(self, position: int) -> int:
        """No more tracks after ``position``: the sink stops exactly at the end, the decoder pads for latency and grid.

        The sink is told first, lest it takes the padding.
        """
        async with self.shape:
            end, padded = end_of_programme(position, self.latency_frames, self.block_frames)
            await self.sink.finish(end)
            if self.crossfade is not None:
                await self.crossfade.forgo()
            if not self._takes_blocks:
                return end
            try:
                await self.decode.finish(padded)
            except Supervised:
                end = await self.finish_unpadded(position)
            return end

    async def finish_unpadded(self, position: int) -> int:
        """Where nobody pads any more, as no decoder is left, effects end at the last whole block of what is there."""
        end, _ = end_of_programme(position, self.latency_frames, self.block_frames)
        whole = self.decode.position // self.block_frames * self.block_frames
        if self._takes_blocks and whole < end:
            end = whole
            await self.sink.finish(end)
        return end

    @property
    def _takes_blocks(self) -> bool:
        """Whether somebody between decoder and sink takes whole blocks only."""
        return bool(self.dsps) or self._mixes

    async def close(self) -> None:
        """Ends all stages, decoder first, then lets go of the rings."""
        async with AsyncExitStack() as stack:
            stack.callback(self._close_rings)
            stack.push_async_callback(self.sink.close)
            for dsp in reversed(self.dsps):
                stack.push_async_callback(dsp.close)
            stack.push_async_callback(self._decode.close if self.crossfade is None else self.crossfade.close)

    def _close_rings(self) -> None:
        for ring in self.rings:
            ring.close()
        self.rings.clear()
