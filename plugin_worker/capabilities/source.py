"""Source catalogues: pages of items, and the bytes of a track, in a local file or from the source itself."""

from __future__ import annotations

from abi.kinds import StatusCode
from abi.wire import AttachStream, Json, Payload, StreamOpened
from plugin_worker._core import ffi
from plugin_worker.capabilities.feed import StreamFeed
from plugin_worker.capabilities.instance import Instance, require
from plugin_worker.errors import ContractBroken, Misuse, PluginSaidNo
from plugin_worker.ffi_calls import CData, borrow, call, invoke, take_json
from plugin_worker.lane import Lane, LaneHome

__all__ = ["SourceInstance"]

_UNKNOWN_SIZE = -1
_MAX_SIZE_BYTES = 1 << 62


class SourceInstance(Instance):
    """One source catalogue, with at most one open stream."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require(ref.vtable, "source", "list_items_json_utf8", "open_stream", "close_stream")
        super().__init__(home, lane, ref)
        self._io: CData = ffi.NULL
        self._stream: CData = ffi.NULL
        self._feed: StreamFeed | None = None
        self._given = 0

    def list_items(self, request: bytes) -> Json:
        """A page as the plugin writes it."""
        text, keep = borrow(request)
        out = ffi.new("StStr *")
        call(self.lane.native, "list_items", self.vtable.list_items_json_utf8, self.handle, text, out)
        del keep
        return Json(Payload(take_json(self.lane.native, "list_items", out)))

    def open_stream(self, track: bytes) -> StreamOpened:
        """What the plugin says of a track; where it serves the bytes itself, its stream stays open.

        Raises:
            Misuse: a stream is open already.
            PluginSaidNo: there is no such track, or no bytes of it.
            ContractBroken: its stream cannot be read.
        """
        if self._io != ffi.NULL:
            raise Misuse("open_stream", "the instance has a stream open already; close it first")
        text, keep = borrow(track)
        io = ffi.new("const StIoVTable **")
        stream = ffi.new("void **")
        out = ffi.new("StStr *")
        call(self.lane.native, "open_stream", self.vtable.open_stream, self.handle, text, io, stream, out)
        del keep
        if io[0] == ffi.NULL:
            meta = Payload(take_json(self.lane.native, "open_stream", out))
            return StreamOpened(meta, serves=False, seeks=False, size_bytes=_UNKNOWN_SIZE)
        self._io, self._stream = io[0], stream[0]
        try:
            meta = Payload(take_json(self.lane.native, "open_stream", out))
            if self._io.read == ffi.NULL:
                raise ContractBroken("open_stream", "the stream's read is null")
            return StreamOpened(meta, True, self._io.seek != ffi.NULL, self._size_bytes())
        except BaseException:
            self.close_stream()
            raise

    def _size_bytes(self) -> int:
        if self._io.size == ffi.NULL:
            return _UNKNOWN_SIZE
        size = ffi.new("uint64_t *")
        try:
            call(self.lane.native, "open_stream", self._io.size, self._stream, size)
        except PluginSaidNo as refusal:
            if refusal.code == StatusCode.UNSUPPORTED:
                return _UNKNOWN_SIZE
            raise
        if size[0] > _MAX_SIZE_BYTES:
            raise ContractBroken("open_stream", f"a stream of {size[0]} bytes cannot be")
        return int(size[0])

    def attach(self, request: AttachStream, segment: int) -> int:
        """The open stream becomes the writer of a byte stream; says from where on.

        Raises:
            Misuse: no stream is open, or it has a reader already, or it cannot seek where the reader may want it to.
            WorkerFault: no memory, or the segment is none.
        """
        if self._io == ffi.NULL:
            raise Misuse("attach", "no stream is open")
        if self._feed is not None:
            raise Misuse("attach", "the stream is attached already; detach it first")
        given = self._given if request.counted else None
        self._feed = StreamFeed(self.home, self.lane, request.epoch, segment, self._io, self._stream, given)
        self.lane.stage = self._feed
        return self._feed.position

    def detach(self) -> int:
        """Lets go of the segment; says where the writer stood. Raises: Misuse: it holds none."""
        if self._feed is None:
            raise Misuse("detach", "no stream is attached")
        feed, self._feed = self._feed, None
        self.lane.stage = None
        position = feed.position
        self._given = feed.given
        feed.close()
        return position

    def close_stream(self) -> None:
        """Closes what is open; twice is fine."""
        if self._feed is not None:
            self.detach()
        if self._io == ffi.NULL:
            return
        stream, self._io, self._stream = self._stream, ffi.NULL, ffi.NULL
        self._given = 0
        # SAFETY: the stream is what the plugin gave, and no pump runs: this is the lane's own thread.
        invoke(self.lane.native, "close_stream", self.vtable.close_stream, self.handle, stream)

    def destroy(self) -> None:
        """Closes the stream, then ends the instance."""
        self.close_stream()
        super().destroy()
