"""The host's face of a byte stream: it makes the segment, hands the descriptor to both ends, and then only watches."""

from __future__ import annotations

import os
from types import TracebackType
from typing import NamedTuple

from shm_audio._core import ffi, lib
from shm_audio.errors import SegmentError, StreamError
from shm_audio.segment import Segment

__all__ = ["ByteStream", "StreamFormat", "StreamWords"]

MIB = 1 << 20


class StreamFormat(NamedTuple):
    """What is known of a stream. ``size_bytes`` is None where nobody knows it; ``seeks``: from any offset.

    ``history_bytes`` stay readable behind the reader, at most half of the capacity; the rest of it is read ahead.
    """

    seeks: bool
    size_bytes: int | None
    capacity_bytes: int = MIB
    history_bytes: int = MIB // 16


class StreamWords(NamedTuple):
    """Where both ends stand, in bytes of the stream. The first four are the writer's, of ``epoch``.

    ``waits``: the reader has asked for ``seek_offset``, and nobody has answered yet. ``failure``: a StatusCode, or 0.
    """

    base_offset: int
    write_pos: int
    ended: bool
    failure: int
    read_pos: int
    seek_offset: int
    waits: bool


class ByteStream:
    """One stream, at offset 0. Single-threaded: the host's loop."""

    def __init__(self, fmt: StreamFormat) -> None:
        """Makes the segment.

        Raises:
            StreamError: the format contradicts itself.
            SegmentError: the system gives no memory.
        """
        self.format = fmt
        self._face = ffi.new("st_stream *")
        native = ffi.new("st_stream_format *")
        size = -1 if fmt.size_bytes is None else fmt.size_bytes
        if not 0 < fmt.capacity_bytes <= lib.ST_STREAM_MAX_CAPACITY or not 0 <= fmt.history_bytes <= fmt.capacity_bytes:
            raise StreamError(f"a byte stream of {fmt.capacity_bytes} bytes is out of bounds")
        if size > lib.ST_STREAM_MAX_POSITION:
            raise StreamError(f"a stream of {size} bytes is too long")
        native.magic = lib.ST_STREAM_MAGIC
        native.version = lib.ST_STREAM_VERSION
        native.seeks = fmt.seeks
        native.size_bytes = lib.ST_STREAM_UNKNOWN if size < 0 else size
        native.capacity_bytes = fmt.capacity_bytes
        native.history_bytes = fmt.history_bytes
        segment_bytes = lib.st_stream_segment_bytes(native)
        if segment_bytes == 0:
            raise StreamError(f"impossible format of a byte stream: {fmt}")
        self._segment = Segment("stream", segment_bytes)
        try:
            _expect(lib.st_stream_format_segment(self._segment.fd, native))
            # SAFETY: the face stays mapped until close(), which alone unmaps it; the descriptor is this segment's.
            _expect(lib.st_stream_map(self._face, self._segment.fd, lib.ST_STREAM_HOST))
        except BaseException:
            self._segment.close()
            raise

    @property
    def fd(self) -> int:
        """The segment's descriptor, to be passed to both ends."""
        return self._segment.fd

    def words(self) -> StreamWords:
        """Where both sides stand; a hint while they run. Raises: StreamError: closed."""
        self._expect_open()
        hint = ffi.new("st_stream_hint *")
        lib.st_stream_hint_at(self._face, hint)
        return StreamWords(
            base_offset=hint.base_offset,
            write_pos=hint.write_pos,
            ended=bool(hint.ended),
            failure=hint.failure,
            read_pos=hint.read_pos,
            seek_offset=hint.seek_offset,
            waits=hint.epoch != hint.seek_epoch,
        )

    def abandon(self, code: int) -> None:
        """Nobody will write any more: behind what is there, reads fail. Only while no lane writes this stream."""
        self._expect_open()
        lib.st_stream_abandon(self._face, code)

    def _expect_open(self) -> None:
        if self._face.words == ffi.NULL:
            raise StreamError("the byte stream is closed")

    def close(self) -> None:
        """Unmaps and closes; twice is fine. Both ends keep what they have mapped."""
        lib.st_stream_unmap(self._face)
        self._segment.close()

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _expect(result: int) -> None:
    if result == lib.ST_STREAM_OK:
        return
    if result == lib.ST_STREAM_SYSTEM:
        raise SegmentError(f"a new byte stream cannot be mapped: {os.strerror(ffi.errno)}")
    raise StreamError("a new byte stream has an impossible format")
