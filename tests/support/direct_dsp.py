"""One of our effects without a worker."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from plugin_worker._core import ffi
from plugin_worker.ffi_calls import borrow
from tests.support.direct_instance import DirectInstance

__all__ = ["DirectDsp", "Frames"]

#: Shape (frames, channels), float32.
Frames = npt.NDArray[np.float32]


class DirectDsp(DirectInstance):
    """An instance of type ``name``, of 48 kHz stereo. Raises: Refused, also from create."""

    def __init__(self, name: str, config: Mapping[str, object], rate_hz: int = 48_000, channels: int = 2) -> None:
        super().__init__(f"dsp_{name}", ffi.new("StDspInstanceRef *"))
        self.channels = channels
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
