"""The rings around one stage in a worker, with this process at the far ends."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

import numpy as np

from shm_audio import Checkpoints, Ring, RingFormat
from shm_audio._core import lib
from tests.support.ring_end import Audio, RingEnd, numbered

__all__ = ["BLOCK", "FORMAT", "StageRings"]

FORMAT = RingFormat(sample_rate_hz=48000, channels=2, block_frames=64, ahead_frames=2048, history_frames=512)
BLOCK = FORMAT.block_frames
PATIENCE_S = 10.0
SLOT_BYTES = 64 << 10


class StageRings:
    """``before`` is the ring a stage reads, ``after`` the one it writes."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.before = self._stack.enter_context(Ring.create(FORMAT))
        self.after = self._stack.enter_context(Ring.create(FORMAT))
        self.checkpoints = self._stack.enter_context(Checkpoints(SLOT_BYTES))
        self.source = self._stack.enter_context(RingEnd(self.before.fd, lib.ST_RING_WRITER))
        self.target = self._stack.enter_context(RingEnd(self.after.fd, lib.ST_RING_READER))

    @property
    def around(self) -> list[int]:
        """The descriptors that a dsp is attached with."""
        return [self.before.fd, self.after.fd, self.checkpoints.fd]

    def feed(self, frames: int) -> None:
        """Frame-numbered audio for the stage."""
        end = self.source.position + frames
        while self.source.position < end:
            portion = min(self.source.frames(), BLOCK, end - self.source.position)
            if portion == 0:
                self.source.before_sleep()
                assert self.source.wait(min(BLOCK, end - self.source.position), PATIENCE_S) == lib.ST_RING_OK
            else:
                self.source.put(numbered(self.source.position, portion, FORMAT.channels))
        self.source.before_sleep()

    def taste(self, frames: int) -> Audio:
        """What the stage wrote next, exactly so many frames."""
        parts = [np.zeros(0, np.float32)]
        while frames > 0:
            portion = min(self.target.frames(), frames)
            if portion == 0:
                self.target.before_sleep()
                assert self.target.wait(min(frames, BLOCK), PATIENCE_S) == lib.ST_RING_OK
            else:
                parts.append(self.target.take(portion))
                frames -= portion
        self.target.before_sleep()
        return np.concatenate(parts)

    def __enter__(self) -> StageRings:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
