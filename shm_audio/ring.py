"""The host's face of a ring: it makes the segment, hands the descriptor to both ends, and from then on only watches."""

from __future__ import annotations

import os
from types import TracebackType
from typing import NamedTuple

from shm_audio._core import ffi, lib
from shm_audio.errors import RingError, SegmentError
from shm_audio.segment import Segment

__all__ = ["Ring", "RingFormat", "RingWords"]


class RingFormat(NamedTuple):
    """What a ring carries. ``ahead_frames`` bounds latency; ``history_frames`` stay readable behind the reader."""

    sample_rate_hz: int
    channels: int
    block_frames: int
    ahead_frames: int
    history_frames: int

    @property
    def capacity_frames(self) -> int:
        """The power of two that holds it all."""
        return 1 << max(self.ahead_frames + self.history_frames + 2 * self.block_frames - 1, 1).bit_length()


class RingWords(NamedTuple):
    """Positions in frames, each loaded once: ``retain_pos <= read_pos <= write_pos``."""

    write_pos: int
    read_pos: int
    retain_pos: int


class Ring:
    """One ring. Single-threaded: the host's loop."""

    def __init__(self, segment: Segment, fmt: RingFormat) -> None:
        """Takes over the segment, which holds a formatted ring. Raises: RingError."""
        self._segment = segment
        self._face = ffi.new("st_ring *")
        self.format = fmt
        # SAFETY: the face stays mapped until close(), which alone unmaps it; the descriptor is this segment's.
        _expect(lib.st_ring_map(self._face, segment.fd, lib.ST_RING_HOST), "a new ring")

    @classmethod
    def create(cls, fmt: RingFormat) -> Ring:
        """A new ring at position 0.

        Raises:
            RingError: the format contradicts itself.
            SegmentError: the system gives no memory.
        """
        native = ffi.new("st_ring_format *")
        if fmt.capacity_frames > lib.ST_RING_MAX_CAPACITY or not 0 < fmt.channels <= lib.ST_RING_MAX_CHANNELS:
            raise RingError(f"a ring of {fmt.capacity_frames} frames of {fmt.channels} channels is out of bounds")
        native.magic = lib.ST_RING_MAGIC
        native.version = lib.ST_RING_VERSION
        native.sample_rate_hz = fmt.sample_rate_hz
        native.channels = fmt.channels
        native.block_frames = fmt.block_frames
        native.capacity_frames = fmt.capacity_frames
        native.ahead_frames = fmt.ahead_frames
        native.history_frames = fmt.history_frames
        size = lib.st_ring_bytes(native)
        if size == 0:
            raise RingError(f"impossible ring format: {fmt}")
        segment = Segment("ring", size)
        try:
            _expect(lib.st_ring_format_segment(segment.fd, native), "a new ring")
            return cls(segment, fmt)
        except BaseException:
            segment.close()
            raise

    @property
    def fd(self) -> int:
        """The segment's descriptor, to be passed to both ends."""
        return self._segment.fd

    @property
    def capacity_frames(self) -> int:
        return self.format.capacity_frames

    def words(self) -> RingWords:
        """Where both sides stand.

        Raises:
            RingError: the positions contradict each other; one side is broken or hostile.
        """
        out = ffi.new("uint64_t[3]")
        _expect(lib.st_ring_look(self._face, out, out + 1, out + 2), "a ring's positions")
        return RingWords(write_pos=out[0], read_pos=out[1], retain_pos=out[2])

    def set_words(self, position: int) -> None:
        """Moves all positions. Only while no lane runs on this ring."""
        lib.st_ring_set_words(self._face, position)

    def set_reader(self, retain_pos: int, read_pos: int) -> None:
        """Moves the reader's positions. Only while no lane reads this ring."""
        lib.st_ring_set_reader(self._face, retain_pos, read_pos)

    def close(self) -> None:
        """Unmaps and closes; twice is fine. Both ends keep what they have mapped."""
        lib.st_ring_unmap(self._face)
        self._segment.close()

    def __enter__(self) -> Ring:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _expect(result: int, what: str) -> None:
    if result == lib.ST_RING_OK:
        return
    if result == lib.ST_RING_SYSTEM:
        raise SegmentError(f"{what} cannot be mapped: {os.strerror(ffi.errno)}")
    raise RingError(f"{what}: {'impossible positions' if result == lib.ST_RING_IMPOSSIBLE else 'impossible format'}")
