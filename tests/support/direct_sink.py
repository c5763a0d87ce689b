"""The file output without a worker."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import borrow
from tests.support.direct_dsp import Frames
from tests.support.direct_instance import DirectInstance

__all__ = ["DirectFileSink"]


class DirectFileSink(DirectInstance):
    """An instance of type ``file``. Raises: Refused, also from create."""

    def __init__(self, **config: object) -> None:
        super().__init__("sink_file", ffi.new("StOutputSinkInstanceRef *"))
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
