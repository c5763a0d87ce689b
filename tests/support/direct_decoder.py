"""One of our decoders without a worker: the library in this process, called as a lane would call it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from abi.kinds import DecoderFlag
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow, copy_text
from plugin_worker.picture import apart, fetched
from tests.e2e.audio import Samples
from tests.support.direct_instance import DirectInstance

__all__ = ["DirectDecoder", "Info"]

BLOCK_FRAMES = 4096
TAGS_BYTES = 18 << 20


@dataclass(frozen=True, slots=True)
class Info:
    """What a decoder tells of its input."""

    rate_hz: int
    channels: int
    total_frames: int
    duration_ms: int
    flags: DecoderFlag


class DirectDecoder(DirectInstance):
    """One decoder instance, of ``native_plugins/decoder_TYPE``, over an open file."""

    def __init__(self, type_id: str, path: Path, io: tuple[CData, CData] | None = None) -> None:
        """``io``: a table and its handle in place of the file's.

        Raises: Refused, and nothing stays open then.
        """
        super().__init__(f"decoder_{type_id}", ffi.new("StDecoderInstanceRef *"))
        self._io = ffi.new("st_file_io *")
        self._io.fd = os.open(path, os.O_RDONLY)
        type_text, keep = borrow(type_id.encode())
        config, kept = borrow(b"{}")
        args = ffi.new("StDecoderOpenArgs *")
        args.io_vtable, args.io_handle = io or (lib.st_file_io_table(), self._io)
        try:
            self._expect_ok(self._table.create_decoder_instance(type_text, config, self._ref))
            self._expect_ok(self._ref.vtable.open(self._ref.handle, args[0]))
        except BaseException:
            self.close()
            raise
        del keep, kept
        self.info = self._info()

    def read(self, frames: int) -> tuple[Samples, bool]:
        """Up to so many frames, shape (frames, channels), and whether the stream ends behind them. Raises: Refused."""
        out = np.empty((frames, self.info.channels), dtype=np.float32)
        got, eof = ffi.new("uint32_t *"), ffi.new("uint8_t *")
        samples = ffi.cast("float *", out.ctypes.data)
        self._expect_ok(self._ref.vtable.read_interleaved_f32(self._ref.handle, frames, samples, got, eof))
        return out[: got[0]], bool(eof[0])

    def rest(self) -> Samples:
        """All frames up to the end. Raises: Refused."""
        blocks, ended = [np.empty((0, self.info.channels), dtype=np.float32)], False
        while not ended:
            block, ended = self.read(BLOCK_FRAMES)
            blocks.append(block)
        return np.concatenate(blocks)

    def take(self, frames: int) -> Samples:
        """So many frames, or fewer at the end. Raises: Refused."""
        blocks, left, ended = [np.empty((0, self.info.channels), dtype=np.float32)], frames, False
        while left and not ended:
            block, ended = self.read(left)
            blocks.append(block)
            left -= len(block)
        return np.concatenate(blocks)

    def seek(self, frame: int) -> int:
        """Where it landed. Raises: Refused."""
        landed = ffi.new("uint64_t *")
        self._expect_ok(self._ref.vtable.seek_frame(self._ref.handle, frame, landed))
        return int(landed[0])

    def tags(self) -> dict[str, Any]:
        out = ffi.new("StStr *")
        self._expect_ok(self._ref.vtable.get_metadata_json_utf8(self._ref.handle, out))
        text = copy_text(out[0], TAGS_BYTES)
        self._table.plugin_free(ffi.cast("void *", out.ptr), out.len, 1)
        found: dict[str, Any] = json.loads(text)
        return found

    def cover(self) -> bytes:
        """The picture, wherever it is."""
        _, picture = apart(json.dumps(self.tags(), ensure_ascii=False, separators=(",", ":")).encode())
        return fetched(picture, self._io.fd)

    def close(self) -> None:
        super().close()
        if self._io.fd >= 0:
            os.close(self._io.fd)
            self._io.fd = -1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _info(self) -> Info:
        out = ffi.new("StDecoderInfo *")
        self._expect_ok(self._ref.vtable.get_info(self._ref.handle, out))
        return Info(
            int(out.spec.sample_rate_hz),
            int(out.spec.channels),
            int(out.total_frames),
            int(out.duration_ms),
            DecoderFlag(out.flags),
        )
