"""One end of a ring for tests: the very C that workers run, with positions and words in plain sight.

Audio is numbered: every sample of frame n is float(n), so that a lost, doubled or torn frame shows itself.
"""

from __future__ import annotations

import mmap
import struct
from types import TracebackType
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shm_audio._core import ffi, lib

__all__ = ["Audio", "RawWords", "RingEnd", "numbered"]

Audio = npt.NDArray[np.float32]


def numbered(start: int, frames: int, channels: int) -> Audio:
    """Frames ``[start, start + frames)``; exact below 2**24."""
    column = np.arange(start, start + frames, dtype=np.float32)
    return np.repeat(column[:, None], channels, axis=1).reshape(-1)


class RingEnd:
    """``lib.ST_RING_WRITER`` or ``lib.ST_RING_READER``. One thread, but for ``interrupt``."""

    def __init__(self, fd: int, side: int) -> None:
        """Maps the ring; ``map_result`` says how that went."""
        self.side = side
        self._face = ffi.new("st_ring *")
        self._interrupt = ffi.new("uint32_t *")
        self.map_result: int = lib.st_ring_map(self._face, fd, side)

    @property
    def position(self) -> int:
        return int(self._face.own_pos)

    @property
    def channels(self) -> int:
        return int(self._face.format.channels)

    def ready(self) -> tuple[int, int]:
        """Result, and frames of room (writer) or data (reader)."""
        out = ffi.new("uint32_t *")
        look = lib.st_ring_room if self.side == lib.ST_RING_WRITER else lib.st_ring_available
        return int(look(self._face, out)), int(out[0])

    def frames(self) -> int:
        """Room or data; the words must be possible."""
        result, frames = self.ready()
        assert result == lib.ST_RING_OK
        return frames

    def put(self, samples: Audio) -> int:
        """Writes and publishes; says how many samples were scrubbed."""
        scrubbed = ffi.new("uint64_t *")
        count = len(samples) // self.channels
        lib.st_ring_put(self._face, ffi.from_buffer("float[]", samples), count, scrubbed)
        lib.st_ring_publish_write(self._face, count)
        return int(scrubbed[0])

    def put_silence(self, frames: int) -> None:
        lib.st_ring_put_silence(self._face, frames)
        lib.st_ring_publish_write(self._face, frames)

    def peek(self, frames: int) -> Audio:
        """The next frames, not yet consumed."""
        out = np.zeros(frames * self.channels, np.float32)
        lib.st_ring_get(self._face, ffi.from_buffer("float[]", out, require_writable=True), frames)
        return out

    def at(self, position: int, frames: int) -> Audio:
        """Frames from ``position`` on, kept or still to come."""
        out = np.zeros(frames * self.channels, np.float32)
        lib.st_ring_get_at(self._face, position, ffi.from_buffer("float[]", out, require_writable=True), frames)
        return out

    def last(self) -> Audio | None:
        """The last frame that was written, as the writer finds it."""
        out = np.zeros(self.channels, np.float32)
        there = lib.st_ring_get_last(self._face, ffi.from_buffer("float[]", out, require_writable=True))
        return out if there else None

    def take(self, frames: int) -> Audio:
        out = self.peek(frames)
        lib.st_ring_publish_read(self._face, frames)
        return out

    def adopt(self) -> int:
        return int(lib.st_ring_adopt(self._face))

    def before_sleep(self) -> None:
        lib.st_ring_before_sleep(self._face)

    def greet(self) -> None:
        lib.st_ring_greet(self._face)

    def wait(self, frames: int, within_s: float) -> int:
        """Sleeps until so many frames are ready, or the deadline."""
        deadline_ns = lib.st_now_ns() + int(within_s * 1e9)
        return int(lib.st_ring_wait_for(self._face, frames, self._interrupt, deadline_ns))

    def interrupt(self) -> None:
        """From another thread: the flag, then the bell."""
        self._interrupt[0] = 1
        self.ring_own_bell()

    def ring_own_bell(self) -> None:
        lib.st_ring_ring(self._face.words, self.side)

    def close(self) -> None:
        lib.st_ring_unmap(self._face)

    def __enter__(self) -> RingEnd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RawWords:
    """The second page as anybody with the descriptor can write it; offsets as in ring.h."""

    #: The bell is half as wide; zeros follow it.
    _PLACES: ClassVar = {
        "write_pos": 0,
        "writer_wants": 8,
        "read_pos": 64,
        "retain_pos": 72,
        "reader_wants": 80,
        "reader_bell": 88,
    }

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, 4096, offset=4096)

    def get(self, word: str) -> int:
        return int(struct.unpack_from("=Q", self._map, self._PLACES[word])[0])

    def set(self, **words: int) -> None:
        for word, value in words.items():
            struct.pack_into("=Q", self._map, self._PLACES[word], value)

    def close(self) -> None:
        self._map.close()
