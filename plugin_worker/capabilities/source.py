"""Source catalogues: pages of items, and where the bytes of a track are."""

from __future__ import annotations

from abi.kinds import StatusCode
from abi.wire import Json, Payload
from plugin_worker._core import ffi
from plugin_worker.capabilities.instance import Instance, require
from plugin_worker.errors import PluginSaidNo
from plugin_worker.ffi_calls import CData, borrow, call, invoke, take_json
from plugin_worker.lane import Lane, LaneHome

__all__ = ["SourceInstance"]


class SourceInstance(Instance):
    """One source catalogue."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require(ref.vtable, "source", "list_items_json_utf8", "open_stream", "close_stream")
        super().__init__(home, lane, ref)

    def list_items(self, request: bytes) -> Json:
        """A page as the plugin writes it."""
        text, keep = borrow(request)
        out = ffi.new("StStr *")
        call(self.lane.native, "list_items", self.vtable.list_items_json_utf8, self.handle, text, out)
        del keep
        return Json(Payload(take_json(self.lane.native, "list_items", out)))

    def open_stream(self, track: bytes) -> Json:
        """What the plugin says of a track whose bytes the host reads itself.

        Raises:
            PluginSaidNo: there is no such track, or the plugin would serve the bytes; then its stream is closed.
        """
        text, keep = borrow(track)
        io = ffi.new("const StIoVTable **")
        stream = ffi.new("void **")
        out = ffi.new("StStr *")
        call(self.lane.native, "open_stream", self.vtable.open_stream, self.handle, text, io, stream, out)
        del keep
        serves = io[0] != ffi.NULL or stream[0] != ffi.NULL
        if serves:
            # SAFETY: the stream is what the plugin has just given, and nobody reads from it.
            invoke(self.lane.native, "close_stream", self.vtable.close_stream, self.handle, stream[0])
        meta = take_json(self.lane.native, "open_stream", out)
        if serves:
            raise PluginSaidNo(
                "open_stream",
                "the source serves the bytes itself, which is not supported yet: it must answer with a path",
                StatusCode.UNSUPPORTED,
            )
        return Json(Payload(meta))
