"""The options of the C decoders, asked of their own functions: how a change would be taken, and what it does."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import ConfigUpdateMode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, borrow
from plugin_worker.module import open_library
from tests.support.worker_peer import ROOT

FRAMES = 1000
FLAC, SNDFILE = "flac", "sndfile"


class PluginDecoder:
    """One decoder instance, in this process."""

    def __init__(self, type_id: str, config: str) -> None:
        root, self._keep = borrow(b"/")
        library = ROOT / f"native_plugins/decoder_{type_id}/decoder_{type_id}.so"
        self.table = open_library(str(library), lib.st_host_table(root.ptr, root.len))
        self.ref = ffi.new("StDecoderInstanceRef *")
        self.code = self._status(self.table.create_decoder_instance, type_id, config, self.ref)
        self.handle = self.ref.handle
        self._io = ffi.new("st_file_io *")

    @property
    def instance(self) -> CData:
        return self.ref.vtable.instance

    def _status(self, function: CData, *arguments: object) -> int:
        kept = [borrow(each.encode()) if isinstance(each, str) else (each, None) for each in arguments]
        status = function(*(each for each, _ in kept))
        self.message = bytes(ffi.buffer(status.message.ptr, status.message.len)).decode() if status.message.len else ""
        self.table.plugin_free(ffi.cast("void *", status.message.ptr), status.message.len, 1)
        return int(status.code)

    def plan(self, config: str) -> ConfigUpdateMode:
        plan = ffi.new("StConfigUpdatePlan *")
        assert self._status(self.instance.plan_config_update_json_utf8, self.handle, config, plan) == 0
        reason = plan.reason_utf8
        self.table.plugin_free(ffi.cast("void *", reason.ptr), reason.len, 1)
        return ConfigUpdateMode(plan.mode)

    def apply(self, config: str) -> int:
        return self._status(self.instance.apply_config_update_json_utf8, self.handle, config)

    def open(self, path: Path) -> None:
        self._io.fd = os.open(path, os.O_RDONLY)
        args = ffi.new("StDecoderOpenArgs *")
        args.io_vtable, args.io_handle = lib.st_file_io_table(), self._io
        assert self._status(self.ref.vtable.open, self.handle, args[0]) == 0, self.message

    def read(self, frames: int) -> list[float]:
        """Mono samples."""
        out, got, eof = ffi.new("float[]", frames), ffi.new("uint32_t *"), ffi.new("uint8_t *")
        assert self._status(self.ref.vtable.read_interleaved_f32, self.handle, frames, out, got, eof) == 0
        return [float(each) for each in out[0 : got[0]]]

    def close(self) -> None:
        if self.handle:
            self.instance.destroy(self.handle)
        if self._io.fd > 0:
            os.close(self._io.fd)


@contextmanager
def decoder(type_id: str, config: str = "{}") -> Iterator[PluginDecoder]:
    made = PluginDecoder(type_id, config)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(("type_id", "member"), [(FLAC, "verify_md5"), (SNDFILE, "clip")])
def test_what_is_no_choice_is_rejected(type_id: str, member: str) -> None:
    with decoder(type_id, f'{{"{member}": 1}}') as refused:
        assert refused.code != 0
        assert f"{member} is neither true nor false" in refused.message
    with decoder(type_id) as made:
        assert made.plan(f'{{"{member}": "yes"}}') is ConfigUpdateMode.REJECT
        assert made.apply(f'{{"{member}": null}}') != 0
        assert f"{member} is neither" in made.message


def test_verifying_is_chosen_for_a_life() -> None:
    with decoder(FLAC, '{"verify_md5": true}') as made:
        assert made.plan('{"verify_md5": true}') is ConfigUpdateMode.HOT_APPLY
        assert made.apply('{"verify_md5": true}') == 0
        assert made.plan("{}") is made.plan('{"verify_md5": false}') is ConfigUpdateMode.RECREATE
        assert made.apply('{"verify_md5": false}') != 0


def test_clipping_is_taken_in_place(tmp_path: Path) -> None:
    loud = np.linspace(-2, 2, FRAMES).astype(np.float32)
    path = tmp_path / "loud.au"
    path.write_bytes(struct.pack(">4s5I", b".snd", 24, loud.nbytes, 6, 44_100, 1) + loud.astype(">f4").tobytes())
    with decoder(SNDFILE) as made:
        made.open(path)
        heard = made.read(100)
        assert made.plan('{"clip": true}') is ConfigUpdateMode.HOT_APPLY
        assert made.apply('{"clip": true}') == 0
        heard += made.read(800)
        assert made.apply("{}") == 0
        heard += made.read(100)
    assert heard == [*loud[:100], *np.clip(loud[100:900], -1, 1), *loud[900:]]
