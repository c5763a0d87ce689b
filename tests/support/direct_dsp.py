"""One of our effects without a worker: its library in this process, its vtable called as a lane would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from types import TracebackType

import numpy as np
import numpy.typing as npt

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow, copy_text
from plugin_worker.module import open_library
from tests.support.child import ROOT

__all__ = ["DirectDsp", "Frames", "Refused"]

#: Shape (frames, channels), float32.
Frames = npt.NDArray[np.float32]


class Refused(Exception):
    """A status that is not OK."""

    def __init__(self, code: StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@cache
def _table(name: str) -> CData:
    """The module of ``native_plugins/dsp_NAME``; libraries stay loaded."""
    root, keep = borrow(b"/")
    table = open_library(str(ROOT / f"native_plugins/dsp_{name}/dsp_{name}.so"), lib.st_host_table(root.ptr, root.len))
    del keep
    return table


class DirectDsp:
    """An instance of type ``name``, of 48 kHz stereo. Raises: Refused, also from create."""

    def __init__(self, name: str, config: Mapping[str, object], rate_hz: int = 48_000, channels: int = 2) -> None:
        self._table = _table(name)
        self.channels = channels
        self._ref = ffi.new("StDspInstanceRef *")
        type_id, keep_type = borrow(name.encode())
        text, keep_text = borrow(json.dumps(config).encode())
        self._expect_ok(self._table.create_dsp_instance(type_id, rate_hz, channels, text, self._ref))
        del keep_type, keep_text

    @property
    def latency_frames(self) -> int:
        return int(self._ref.vtable.latency_frames(self._ref.handle))

    def run(self, samples: Frames, block_frames: int = 512) -> Frames:
        """What becomes of them, cut into blocks."""
        out = np.array(samples, np.float32, order="C")
        process = self._ref.vtable.process_interleaved_f32_in_place
        for at in range(0, len(out), block_frames):
            block = out[at : at + block_frames]
            self._expect_ok(process(self._ref.handle, ffi.from_buffer("float[]", block), len(block)))
        return out

    def reset(self) -> None:
        self._expect_ok(self._ref.vtable.reset(self._ref.handle))

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

    def export_state(self) -> bytes:
        blob = ffi.new("StBlob *")
        self._expect_ok(self._ref.vtable.instance.export_state_blob(self._ref.handle, blob))
        return bytes(ffi.buffer(blob.ptr, blob.len))

    def import_state(self, state: bytes) -> None:
        """From memory of exactly that length."""
        blob = ffi.new("StBlob *")
        copy = ffi.new("uint8_t[]", state)
        blob.ptr, blob.len = copy, len(state)
        self._expect_ok(self._ref.vtable.instance.import_state_blob(self._ref.handle, blob[0]))

    def close(self) -> None:
        if self._ref.handle != ffi.NULL:
            self._ref.vtable.instance.destroy(self._ref.handle)
            self._ref.handle = ffi.NULL

    def __enter__(self) -> DirectDsp:
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
