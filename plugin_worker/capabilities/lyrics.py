"""Lyrics providers: candidates for a track, and the words of one."""

from __future__ import annotations

from collections.abc import Callable

from abi.wire import Json, Payload
from plugin_worker._core import ffi
from plugin_worker.capabilities.instance import Instance, require
from plugin_worker.ffi_calls import CData, borrow, call, take_json
from plugin_worker.lane import Lane, LaneHome

__all__ = ["LyricsInstance"]


class LyricsInstance(Instance):
    """One lyrics provider."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require(ref.vtable, "lyrics", "search_json_utf8", "fetch_json_utf8")
        super().__init__(home, lane, ref)

    def search(self, query: bytes) -> Json:
        """Candidates as the plugin lists them."""
        return self._asked("search", self.vtable.search_json_utf8, query)

    def fetch(self, track: bytes) -> Json:
        """The words of one candidate."""
        return self._asked("fetch", self.vtable.fetch_json_utf8, track)

    def _asked(self, name: str, function: Callable[..., CData], question: bytes) -> Json:
        text, keep = borrow(question)
        out = ffi.new("StStr *")
        call(self.lane.native, name, function, self.handle, text, out)
        del keep
        return Json(Payload(take_json(self.lane.native, name, out)))
