"""A pipeline of one format: the rings between decode, effects and sink, and the order in which stages join and leave.

Owns the rings. Knows nothing of files or tracks: a decoder comes and goes at positions of the one frame clock, the rest
stays. Positions count frames of the pipeline since its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from host.capabilities import Decoder, Dsp, Sink
from host.errors import OutputError, ProtocolViolated, StellaError, Supervised
from host.settings import PipelineSizes
from shm_audio import Checkpoints, Ring, RingError, RingFormat, RingWords, ShmError

__all__ = ["Pacing", "Pipeline", "PipelineFormat", "RingPlan", "end_of_programme"]


@dataclass(frozen=True, slots=True)
class PipelineFormat:
    """What every ring of a pipeline carries."""

    sample_rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class Pacing:
    """How far stages run ahead of each other, and how long a reader may sleep.

    ``paced``: a device sets the pace; short rings bound how late a change is heard, and readers wake for one block.
    ``unpaced``: nobody listens; deeper rings, and readers sleep until half of what fits is there: few, long runs.
    """

    decode_ahead_ms: int
    ring_ahead_ms: int
    history_ms: int
    block_frames: int
    batched: bool
    checkpoint_bytes: int

    @staticmethod
    def paced(sizes: PipelineSizes) -> Pacing:
        """For listening."""
        return Pacing(
            sizes.decode_ahead_ms,
            sizes.ring_ahead_ms,
            sizes.history_ms,
            sizes.block_frames,
            batched=False,
            checkpoint_bytes=sizes.checkpoint_kib << 10,
        )

    @staticmethod
    def unpaced(sizes: PipelineSizes) -> Pacing:
        """For rendering. The same history, so that a fault costs as much as in playback."""
        ahead_ms = max(sizes.ring_ahead_ms, UNPACED_AHEAD_MS)
        return Pacing(
            max(sizes.decode_ahead_ms, ahead_ms),
            ahead_ms,
            sizes.history_ms,
            sizes.block_frames,
            batched=True,
            checkpoint_bytes=sizes.checkpoint_kib << 10,
        )


UNPACED_AHEAD_MS = 1000
MIN_AHEAD_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class RingPlan:
    """Sizes of one ring, in frames of its rate."""

    format: RingFormat
    wake_frames: int

    @staticmethod
    def of(pipeline: PipelineFormat, pacing: Pacing, ahead_ms: int) -> RingPlan:
        """Whole blocks ahead, at least four; history as long as asked for."""
        block = pacing.block_frames
        rate = pipeline.sample_rate_hz
        ahead = max(MIN_AHEAD_BLOCKS, -(-rate * ahead_ms // (1000 * block))) * block
        history = -(-rate * pacing.history_ms // 1000)
        wake = ahead // (2 * block) * block if pacing.batched else block
        return RingPlan(RingFormat(rate, pipeline.channels, block, ahead, history), wake)


CHECKPOINT_MS = 250


def checkpoint_frames(fmt: RingFormat) -> int:
    """How often an effect's state is kept: at least twice per history, in whole blocks."""
    wished = min(fmt.sample_rate_hz * CHECKPOINT_MS // 1000, fmt.history_frames // 2)
    return max(1, wished // fmt.block_frames) * fmt.block_frames


def end_of_programme(position: int, latency_frames: int, block_frames: int) -> tuple[int, int]:
    """Where the sink stops and up to where the decoder pads: the end with latency, and that on the block grid."""
    end = position + latency_frames
    return end, -(-end // block_frames) * block_frames


class Pipeline:
    """Rings and stages from decode to sink. ``close`` detaches and destroys what is in it; closing twice is fine."""

    def __init__(self, fmt: PipelineFormat, pacing: Pacing, dsps: Sequence[Dsp], sink: Sink) -> None:
        """Takes over effects and sink, which live and, for the sink, are open.

        Raises:
            OutputError: no memory for the rings, or more latency than history; the stages stay the caller's.
        """
        self.format = fmt
        self.dsps = tuple(dsps)
        self.sink = sink
        self.latency_frames = sum(dsp.latency_frames for dsp in self.dsps)
        self.block_frames = pacing.block_frames
        self._epoch = 1
        self._decoder: Decoder | None = None
        plans = [RingPlan.of(fmt, pacing, pacing.decode_ahead_ms)]
        plans += [RingPlan.of(fmt, pacing, pacing.ring_ahead_ms) for _ in self.dsps]
        if any(dsp.latency_frames > plans[0].format.history_frames for dsp in self.dsps):
            raise OutputError("an effect delays longer than the history", remedy="raise [pipeline] history_ms")
        self._wakes = [plan.wake_frames for plan in plans]
        self._checkpoint_frames = checkpoint_frames(plans[0].format)
        self._rings: list[Ring] = []
        self._checkpoints: list[Checkpoints] = []
        try:
            for plan in plans:
                self._rings.append(Ring.create(plan.format))
            for _ in self.dsps:
                self._checkpoints.append(Checkpoints(pacing.checkpoint_bytes))
        except ShmError as error:
            self._close_rings()
            raise OutputError(f"no memory for the audio rings: {error}", remedy="free some memory") from error

    @property
    def position(self) -> int:
        """Frames the sink has taken."""
        return self._words(-1).read_pos

    @property
    def decoded(self) -> int:
        """Frames that decoders have given."""
        return self._words(0).write_pos

    @property
    def ready(self) -> int:
        """Frames that the sink could have taken by now."""
        return self._words(-1).write_pos

    def _words(self, index: int) -> RingWords:
        try:
            return self._rings[index].words()
        except RingError as error:
            raise ProtocolViolated(
                f"a worker wrote impossible positions: {error}", remedy="a plugin is at fault"
            ) from error

    async def start(self, *, volume: float, digest: bool, silence_after_ms: int) -> None:
        """Attaches from the sink backwards, so that every ring has its reader before its writer."""
        await self.sink.attach(
            self._rings[-1],
            self._epoch,
            wake_frames=self._wakes[-1],
            volume=volume,
            digest=digest,
            silence_after_ms=silence_after_ms,
        )
        for index in reversed(range(len(self.dsps))):
            await self.dsps[index].attach(
                self._rings[index],
                self._rings[index + 1],
                epoch=self._epoch,
                config_gen=1,
                wake_frames=self._wakes[index],
                checkpoints=self._checkpoints[index],
                checkpoint_frames=self._checkpoint_frames,
                replay_from=self._rings[index + 1].words().write_pos,
            )

    async def join(self, decoder: Decoder, *, skip_frames: int, take_frames: int) -> int:
        """Attaches a decoder where the last one ended; says where that is. The pipeline owns it from now on."""
        if self._decoder is not None:
            raise RuntimeError("the last decoder has not left")
        position = await decoder.attach(self._rings[0], self._epoch, skip_frames=skip_frames, take_frames=take_frames)
        self._decoder = decoder
        return position

    async def leave(self) -> int:
        """Detaches the decoder, which may be dead, and gives it back to the caller; says where its frames end."""
        decoder, self._decoder = self._decoder, None
        self._epoch += 1
        if decoder is None:
            return self.decoded
        try:
            return await decoder.detach()
        except StellaError:
            await decoder.destroy()  # dead after this, whatever it was before: the ring's word is the truth
            return self.decoded

    async def finish(self, position: int) -> int:
        """No more tracks after ``position``: the sink stops exactly at the end, the decoder pads for latency and grid.

        The sink is told first, lest it takes the padding. Where the last decoder has died nobody can pad: the effects
        then end at the last whole block.
        """
        end, padded = end_of_programme(position, self.latency_frames, self.block_frames)
        await self.sink.finish(end)
        if not self.dsps:
            return end
        try:
            if self._decoder is None:
                raise Supervised("the decoder is gone")
            await self._decoder.finish(padded)
        except Supervised:
            end = position // self.block_frames * self.block_frames
            await self.sink.finish(end)
        return end

    async def close(self) -> None:
        """Destroys all stages, decoder first, then lets go of the rings."""
        async with AsyncExitStack() as stack:
            stack.callback(self._close_rings)
            stack.push_async_callback(self.sink.destroy)
            for dsp in reversed(self.dsps):
                stack.push_async_callback(dsp.destroy)
            decoder, self._decoder = self._decoder, None
            if decoder is not None:
                stack.push_async_callback(decoder.destroy)

    def _close_rings(self) -> None:
        for ring in self._rings:
            ring.close()
        self._rings.clear()
        for checkpoints in self._checkpoints:
            checkpoints.close()
        self._checkpoints.clear()
