"""What a plugin in this process emits: its host table, with the test behind the one callback."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData
from plugin_worker.module import open_library
from tests.support.child import ROOT
from tests.support.direct_instance import table_of

__all__ = ["DirectEvents"]


class DirectEvents:
    """Events of ``native_plugins/PLUGIN`` while it is entered. ``cancelled``: the call in progress should give up."""

    def __init__(self, plugin: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.cancelled = False
        #: How often the plugin looked whether it should.
        self.looks = 0
        table_of(plugin)  # from now on nobody but this loads it with another host table
        self._library = str(ROOT / f"native_plugins/{plugin}/{plugin}.so")
        self._usual = lib.st_host_table(b"/", 1)
        self._table = ffi.new("StHostVTable *", self._usual[0])
        self._callbacks = (
            ffi.callback("StStatus(void *, StStr)", self._emit),
            ffi.callback("uint8_t(void *)", self._is_cancelled),
        )
        self._table.emit_event_json_utf8, self._table.call_cancelled = self._callbacks

    def _emit(self, user_data: CData, text: CData) -> CData:
        del user_data
        self.events.append(json.loads(bytes(ffi.buffer(text.ptr, text.len)).decode()))
        return ffi.new("StStatus *")[0]

    def _is_cancelled(self, user_data: CData) -> int:
        del user_data
        self.looks += 1
        return int(self.cancelled)

    def __enter__(self) -> Self:
        open_library(self._library, self._table)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        open_library(self._library, self._usual)
