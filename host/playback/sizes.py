"""What a pipeline carries, and how much of it is held where: formats, paces, sizes of rings. Pure."""

from __future__ import annotations

from host.records import record
from host.settings import PipelineSizes
from shm_audio import RingFormat

__all__ = ["Pacing", "PipelineFormat", "RingPlan", "checkpoint_frames", "end_of_programme", "on_grid"]


@record
class PipelineFormat:
    """What every ring of a pipeline carries."""

    sample_rate_hz: int
    channels: int


@record
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
        return _pacing(sizes, sizes.ring_ahead_ms, batched=False)

    @staticmethod
    def unpaced(sizes: PipelineSizes) -> Pacing:
        """For rendering. The same history, so that a fault costs as much as in playback."""
        return _pacing(sizes, max(sizes.ring_ahead_ms, UNPACED_AHEAD_MS), batched=True)


def _pacing(sizes: PipelineSizes, ahead_ms: int, *, batched: bool) -> Pacing:
    return Pacing(
        max(sizes.decode_ahead_ms, ahead_ms),
        ahead_ms,
        sizes.history_ms,
        sizes.block_frames,
        batched,
        sizes.checkpoint_kib * 1024,
    )


UNPACED_AHEAD_MS = 1000
MIN_AHEAD_BLOCKS = 4


@record
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


def end_of_programme(position: int, latency_frames: int, block_frames: int) -> tuple[int, int]:
    """Where the sink stops and up to where the decoder pads: the end with latency, and that on the block grid."""
    end = position + latency_frames
    return end, on_grid(end, block_frames)


CHECKPOINT_MS = 250


def checkpoint_frames(fmt: RingFormat) -> int:
    """How often the state of an effect is kept, in frames of programme: whole blocks.

    Two checkpoints must lie within the history, lest a successor lacks the input that follows the older one.
    """
    wanted = min(fmt.sample_rate_hz * CHECKPOINT_MS // 1000, fmt.history_frames // 2)
    return max(1, wanted // fmt.block_frames) * fmt.block_frames


def on_grid(position: int, block_frames: int) -> int:
    """The next position on the block grid, or this one."""
    return -(-position // block_frames) * block_frames
