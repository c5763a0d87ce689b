"""One end of a byte stream for tests: the very C that workers run, with positions and words in plain sight.

Byte n of a stream is ``content(n)``, which no power of two repeats: what is lost, doubled or torn shows itself.
"""

from __future__ import annotations

import mmap
import struct
from types import TracebackType
from typing import ClassVar

from shm_audio._core import ffi, lib

__all__ = ["RawStreamWords", "StreamEnd", "content"]

_PERIOD = 65_521
_WHEEL = bytes(n * 31 % 251 ^ n * 7 // 13 % 256 for n in range(_PERIOD)) * 4


def content(start: int, count: int) -> bytes:
    """Bytes ``[start, start + count)`` of every test's stream."""
    assert count <= 2 * _PERIOD
    return _WHEEL[start % _PERIOD : start % _PERIOD + count]


class StreamEnd:
    """``lib.ST_STREAM_WRITER`` or ``lib.ST_STREAM_READER``. One thread, but for ``interrupt``."""

    def __init__(self, fd: int, side: int) -> None:
        """Maps the stream; ``map_result`` says how that went."""
        self.side = side
        self._face = ffi.new("st_stream *")
        self._interrupt = ffi.new("uint32_t *")
        self.map_result: int = lib.st_stream_map(self._face, fd, side)

    @property
    def position(self) -> int:
        """``write_pos`` or ``read_pos``, as this end knows it."""
        return int(self._face.own_pos)

    @property
    def cursor(self) -> int:
        """Reader: where the next byte is taken."""
        return int(self._face.cursor)

    @cursor.setter
    def cursor(self, position: int) -> None:
        self._face.cursor = position

    @property
    def epoch(self) -> int:
        return int(self._face.epoch)

    @property
    def ended(self) -> bool:
        """Writer: it has told the end of this epoch."""
        return bool(self._face.ended)

    def look(self) -> tuple[int, int]:
        """Result, and bytes of room (writer) or data (reader)."""
        out = ffi.new("uint32_t *")
        look = lib.st_stream_room if self.side == lib.ST_STREAM_WRITER else lib.st_stream_look
        return int(look(self._face, out)), int(out[0])

    @property
    def is_asked(self) -> bool:
        return bool(lib.st_stream_is_asked(self._face))

    def put(self, data: bytes) -> None:
        lib.st_stream_put(self._face, data, len(data))

    def end(self) -> None:
        lib.st_stream_end(self._face)

    def fail(self, code: int) -> None:
        lib.st_stream_fail(self._face, code)

    def answer(self) -> int:
        return int(lib.st_stream_answer(self._face))

    def take(self, count: int) -> bytes:
        out = ffi.new("uint8_t[]", count)
        lib.st_stream_take(self._face, out, count)
        return bytes(ffi.buffer(out, count))

    def ask(self) -> None:
        lib.st_stream_ask(self._face)

    def greet(self) -> None:
        lib.st_stream_greet(self._face)

    def wait(self, count: int, within_s: float) -> int:
        """Sleeps until there is a reason to be awake, or the deadline."""
        deadline_ns = lib.st_now_ns() + int(within_s * 1e9)
        return int(lib.st_stream_wait_for(self._face, count, self._interrupt, deadline_ns))

    def interrupt(self) -> None:
        """From another thread: the flag, then the bell."""
        self._interrupt[0] = 1
        lib.st_stream_ring(self._face.words, self.side)

    def close(self) -> None:
        lib.st_stream_unmap(self._face)

    def __enter__(self) -> StreamEnd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RawStreamWords:
    """The second page as anybody with the descriptor can write it; offsets as in byte_stream.h."""

    _PLACES: ClassVar = {
        "base_offset": (0, "=Q"),
        "write_pos": (8, "=Q"),
        "epoch": (16, "=Q"),
        "ended": (24, "=I"),
        "failure": (28, "=I"),
        "writer_wants": (32, "=Q"),
        "writer_bell": (40, "=I"),
        "read_pos": (64, "=Q"),
        "read_epoch": (72, "=Q"),
        "seek_offset": (80, "=Q"),
        "seek_epoch": (88, "=Q"),
        "reader_wants": (96, "=Q"),
        "reader_bell": (104, "=I"),
    }

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, 4096, offset=4096)

    def get(self, word: str) -> int:
        place, form = self._PLACES[word]
        return int(struct.unpack_from(form, self._map, place)[0])

    def set(self, **words: int) -> None:
        for word, value in words.items():
            place, form = self._PLACES[word]
            struct.pack_into(form, self._map, place, value)

    def page(self) -> bytes:
        """All words, as they stand."""
        return self._map[:128]

    def restore(self, page: bytes) -> None:
        self._map[:128] = page

    def close(self) -> None:
        self._map.close()
