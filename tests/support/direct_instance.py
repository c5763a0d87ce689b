"""An instance of one of our plugins without a worker: the library in this process, called as a lane would call it."""

from __future__ import annotations

import json
from functools import cache
from types import TracebackType
from typing import Self

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow, copy_text
from plugin_worker.module import open_library
from tests.support.child import ROOT

__all__ = ["DirectInstance", "Refused", "table_of"]


class Refused(Exception):
    """A status that is not OK."""

    def __init__(self, code: StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@cache
def table_of(plugin: str) -> CData:
    """The module of ``native_plugins/PLUGIN``; libraries stay loaded."""
    root, keep = borrow(b"/")
    library = ROOT / f"native_plugins/{plugin}/{plugin}.so"
    table = open_library(str(library), lib.st_host_table(root.ptr, root.len))
    del keep
    return table


class DirectInstance:
    """What all kinds have in common. Whoever inherits creates ``_ref``."""

    def __init__(self, plugin: str, ref: CData) -> None:
        """``ref``: where the instance is to be put."""
        self._table = table_of(plugin)
        self._ref = ref

    def plan(self, **config: object) -> tuple[ConfigUpdateMode, ConfigUpdateCost, str]:
        """Mode, cost and reason."""
        text, keep = borrow(json.dumps(config).encode())
        plan = ffi.new("StConfigUpdatePlan *")
        self._expect_ok(self._ref.vtable.instance.plan_config_update_json_utf8(self._ref.handle, text, plan))
        del keep
        return ConfigUpdateMode(plan.mode), ConfigUpdateCost(plan.cost), self._taken(plan.reason_utf8)

    def apply(self, **config: object) -> None:
        text, keep = borrow(json.dumps(config).encode())
        self._expect_ok(self._ref.vtable.instance.apply_config_update_json_utf8(self._ref.handle, text))
        del keep

    def close(self) -> None:
        if self._ref.handle != ffi.NULL:
            self._ref.vtable.instance.destroy(self._ref.handle)
            self._ref.handle = ffi.NULL

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _expect_ok(self, status: CData) -> None:
        text = self._taken(status.message)
        if status.code != StatusCode.OK:
            raise Refused(StatusCode(status.code), text)

    def _taken(self, text: CData) -> str:
        """The text, which is freed."""
        copied = copy_text(text, 2000)
        if text.ptr != ffi.NULL:
            self._table.plugin_free(ffi.cast("void *", text.ptr), text.len, 1)
        return copied
