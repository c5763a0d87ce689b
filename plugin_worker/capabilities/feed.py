"""A source's stream at its work: the pump that fills a byte stream from the plugin's io."""

from __future__ import annotations

import os

from abi.wire import StageStopped, StopReason
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.stage import REASONS, map_stream, text_of
from plugin_worker.errors import Misuse, WorkerFault
from plugin_worker.ffi_calls import CData
from plugin_worker.lane import Lane, LaneHome

__all__ = ["StreamFeed"]

_CHUNK_BYTES = 64 << 10
_SAMPLE_BYTES = 4


class StreamFeed:
    """The writer of one byte stream, from attach to detach. Lane thread, but for ``call_out``."""

    def __init__(
        self, home: LaneHome, lane: Lane, epoch: int, segment: int, io: CData, stream: CData, given: int | None
    ) -> None:
        """``io`` and ``stream`` are the plugin's, and stay open as long as this lives; so stands the segment.

        ``given``: bytes that were read of it already; None: what it gives goes on wherever it is.

        Raises:
            Misuse: the reader may seek, and the io cannot; or more was read than the segment holds.
            WorkerFault: no memory, or the segment is none.
        """
        self._home = home
        self._lane = lane
        self._epoch = epoch
        self._native = ffi.new("st_feed *")
        self._stop = ffi.new("st_stop *")
        face = ffi.addressof(self._native, "stream")
        map_stream(face, segment, lib.ST_STREAM_WRITER)
        try:
            if face.format.seeks and io.seek == ffi.NULL:
                raise Misuse("attach", "the reader of this byte stream may seek, and the source's stream cannot")
            if not face.format.seeks and given is not None and given > face.own_pos:
                raise Misuse("attach", f"{given} bytes were read of the stream, the segment holds {face.own_pos}")
            self._native.chunk_bytes = min(_CHUNK_BYTES, face.format.capacity_bytes // 4)
            scratch = ffi.addressof(self._native, "scratch")
            if lib.st_scratch_make(scratch, self._native.chunk_bytes // _SAMPLE_BYTES) != 0:
                raise WorkerFault("attach", f"no memory for a chunk: {os.strerror(ffi.errno)}")
        except WorkerFault:
            lib.st_stream_unmap(face)
            raise
        self._native.io = io
        self._native.handle = stream
        if face.format.seeks:
            self._native.io_pos = lib.ST_STREAM_UNKNOWN
        else:
            self._native.io_pos = face.own_pos if given is None else given
        lib.st_stream_greet(face)

    @property
    def position(self) -> int:
        """Bytes before it are published."""
        return int(self._native.stream.own_pos)

    @property
    def given(self) -> int:
        """Bytes that were read of what cannot seek."""
        return int(self._native.io_pos)

    def pump(self) -> bool:
        """As ever; goes on after a failure of the plugin, too, for the reader may ask for another offset."""
        # SAFETY: lane thread; stream, scratch and the plugin's io live until close(), which only this thread calls.
        lib.st_feed_pump(self._lane.native, self._native, self._stop)
        if self._stop.reason == lib.ST_STOP_INTERRUPTED:
            return True
        reason = int(REASONS[self._stop.reason])
        text = text_of(self._stop)
        self._home.emit(StageStopped(self._lane.instance, self._epoch, reason, self.position, self._stop.code, text))
        return reason == StopReason.PLUGIN_ERROR

    def between_pumps(self) -> None:
        """Nothing is exchanged here."""

    def call_out(self) -> None:
        # SAFETY: under the lane's door, so that the segment stays mapped.
        lib.st_lane_interrupt_stream(self._lane.native, ffi.addressof(self._native, "stream"))

    def close(self) -> None:
        """Lets go of the segment."""
        lib.st_stream_unmap(ffi.addressof(self._native, "stream"))
        lib.st_scratch_free(ffi.addressof(self._native, "scratch"))
