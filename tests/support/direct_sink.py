"""The file output without a worker: its library in this process, its vtable called as a lane would."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType

import numpy as np

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow, copy_text
from plugin_worker.module import open_library
from tests.support.child import ROOT
from tests.support.direct_dsp import Frames, Refused

__all__ = ["DirectFileSink"]


def _table() -> CData:
    root, keep = borrow(b"/")
    library = ROOT / "native_plugins/sink_file/sink_file.so"
    table = open_library(str(library), lib.st_host_table(root.ptr, root.len))
    del keep
    return table


class DirectFileSink:
    """An instance of type ``file``. Raises: Refused, also from create."""

    def __init__(self, **config: object) -> None:
        self._table = _table()
        self._ref = ffi.new("StOutputSinkInstanceRef *")
        self._channels = 0
        type_id, keep_type = borrow(b"file")
        text, keep_text = borrow(json.dumps(config).encode())
        self._expect_ok(self._table.create_output_sink_instance(type_id, text, self._ref))
        del keep_type, keep_text

    def open(self, path: Path, rate_hz: int, channels: int, start_frame: int = 0) -> None:
        value = str(path).encode()
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        assert lib.st_files_grant(value, len(value), fd) == 0
        spec = ffi.new("StAudioSpec *", {"sample_rate_hz": rate_hz, "channels": channels})
        target, keep = borrow(json.dumps({"path": str(path)}).encode())
        try:
            self._expect_ok(self._ref.vtable.open(self._ref.handle, target, spec[0], start_frame))
        finally:
            lib.st_files_end()
            del keep
        self._channels = channels

    def write(self, samples: Frames, block_frames: int = 512) -> None:
        """All frames, cut into blocks."""
        accepted = ffi.new("uint32_t *")
        for at in range(0, len(samples), block_frames):
            block = np.ascontiguousarray(samples[at : at + block_frames])
            data = ffi.from_buffer("float[]", block)
            write = self._ref.vtable.write_interleaved_f32
            self._expect_ok(write(self._ref.handle, len(block), self._channels, data, accepted))
            assert accepted[0] == len(block)

    def reset(self, next_frame: int) -> None:
        self._expect_ok(self._ref.vtable.reset(self._ref.handle, next_frame))

    def flush(self) -> None:
        self._expect_ok(self._ref.vtable.flush(self._ref.handle))

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

    def __enter__(self) -> DirectFileSink:
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
