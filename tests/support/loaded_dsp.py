"""One of our effects loaded into this very process, driven through its tables: no worker, no rings, any block size."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from abi.kinds import API_VERSION
from plugin_worker._core import ffi, lib

__all__ = ["LoadedDsp", "PluginSaidNo", "Samples", "library_of"]

Samples = npt.NDArray[np.float32]
ROOT = Path(__file__).resolve().parents[2]


class PluginSaidNo(Exception):
    """An error status: ``code`` is its StStatusCode, the text is for users."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Plan:
    """How a configuration would be taken; ``mode`` and ``cost`` as in abi.kinds."""

    mode: int
    cost: int
    reason: str


def library_of(name: str) -> Path:
    """One of ours, ``dsp_NAME``."""
    return ROOT / f"native_plugins/dsp_{name}/dsp_{name}.so"


class LoadedDsp:
    """An instance. ``files``: descriptors by the strings of the configuration that name them; the caller's."""

    def __init__(
        self,
        library: Path,
        type_id: str,
        config: object,
        *,
        rate: int = 48_000,
        channels: int = 2,
        files: Mapping[str, int] | None = None,
    ) -> None:
        """Raises: PluginSaidNo."""
        self.channels = channels
        self._files = dict(files or {})
        self._take_file = ffi.callback("StStatus(void *, StStr, int32_t *)", self._hand_out)
        self._host = ffi.new("StHostVTable *", {"api_version": API_VERSION, "take_file": self._take_file})
        symbol = ctypes.cast(ctypes.CDLL(str(library)).stellatune_plugin_entry, ctypes.c_void_p).value
        self._module = ffi.cast("StPluginModule *(*)(StHostVTable *)", symbol)(self._host)
        ref = ffi.new("StDspInstanceRef *")
        with _Text(type_id) as name, _Text(json.dumps(config)) as text:
            self._expect(self._module.create_dsp_instance(name.str, rate, channels, text.str, ref))
        self._handle, self._table = ref.handle, ref.vtable

    def process(self, samples: Samples, blocks: Iterable[int] = ()) -> Samples:
        """What comes of ``samples``, shape (frames, channels), in one block, or cut into these as far as they reach."""
        out = np.ascontiguousarray(samples, np.float32).copy()
        at = 0
        for frames in (*blocks, len(out)):
            part = out[at : at + frames]
            if len(part):
                pointer = ffi.from_buffer("float[]", part, require_writable=True)
                self._expect(self._table.process_interleaved_f32_in_place(self._handle, pointer, len(part)))
            at += len(part)
        return out

    def reset(self) -> None:
        """As after a seek."""
        self._expect(self._table.reset(self._handle))

    def export_state(self) -> bytes:
        """The state as bytes."""
        blob = ffi.new("StBlob *")
        self._expect(self._table.instance.export_state_blob(self._handle, blob))
        return bytes(ffi.buffer(blob.ptr, blob.len))

    def import_state(self, state: bytes) -> None:
        """Raises: PluginSaidNo."""
        held = ffi.new("uint8_t[]", state)
        self._expect(self._table.instance.import_state_blob(self._handle, {"ptr": held, "len": len(state)}))

    def plan(self, config: object) -> Plan:
        """How it would take a configuration."""
        plan = ffi.new("StConfigUpdatePlan *")
        with _Text(json.dumps(config)) as text:
            self._expect(self._table.instance.plan_config_update_json_utf8(self._handle, text.str, plan))
        return Plan(plan.mode, plan.cost, self._taken(plan.reason_utf8))

    def apply(self, config: object) -> None:
        """Raises: PluginSaidNo."""
        with _Text(json.dumps(config)) as text:
            self._expect(self._table.instance.apply_config_update_json_utf8(self._handle, text.str))

    def close(self) -> None:
        """Destroys the instance; twice is fine."""
        handle, self._handle = self._handle, ffi.NULL
        if handle:
            self._table.instance.destroy(handle)

    def __enter__(self) -> LoadedDsp:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hand_out(self, _user_data: object, value: object, out: object) -> object:
        fd = self._files.get(ffi.buffer(value.ptr, value.len)[:].decode())  # type: ignore[attr-defined]
        if fd is None:
            return self._status(lib.ST_ERROR_INVALID_ARG)
        out[0] = os.dup(fd)  # type: ignore[index]
        return self._status(lib.ST_OK)

    @staticmethod
    def _status(code: int) -> object:
        """What cffi makes of a mere dict is not cleared."""
        return ffi.new("StStatus *", {"code": code})[0]

    def _expect(self, status: object) -> None:
        code = status.code  # type: ignore[attr-defined]
        text = self._taken(status.message)  # type: ignore[attr-defined]
        if code != lib.ST_OK:
            raise PluginSaidNo(code, text)

    def _taken(self, text: object) -> str:
        """The plugin's text, freed."""
        if not text.ptr:  # type: ignore[attr-defined]
            return ""
        found = ffi.buffer(text.ptr, text.len)[:].decode()  # type: ignore[attr-defined]
        self._module.plugin_free(text.ptr, text.len, 1)  # type: ignore[attr-defined]
        return str(found)


class _Text:
    """A string for the length of a call."""

    def __init__(self, text: str) -> None:
        data = text.encode()
        self._held = ffi.new("char[]", data)
        self.str = {"ptr": self._held, "len": len(data)}

    def __enter__(self) -> _Text:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Held until here."""
