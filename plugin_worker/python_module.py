"""Hosts a plugin that is a Python module: its vtables are callbacks into this interpreter.

The module offers ``create(kind, type_id, config, host)``, and ``shutdown()`` if it likes; who it is and what it can do
stands in its plugin.toml. What its instances must offer is told by the protocols in ``python_contract.py``. An
exception becomes a status: ValueError INVALID_ARG, NotImplementedError UNSUPPORTED, OSError IO, others INTERNAL.
"""

from __future__ import annotations

import importlib.util
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from abi.kinds import API_VERSION, CapabilityKind, StatusCode
from plugin_worker._core import ffi, lib
from plugin_worker.ffi_calls import CData, copy_text
from plugin_worker.python_contract import HostFace

__all__ = ["PythonModule", "current_module", "failure", "handed_out", "succeed"]

_CREATE = {
    CapabilityKind.DECODER: ("create_decoder_instance", "py_create_decoder"),
    CapabilityKind.DSP: ("create_dsp_instance", "py_create_dsp"),
    CapabilityKind.SOURCE_CATALOG: ("create_source_catalog_instance", "py_create_source"),
    CapabilityKind.LYRICS_PROVIDER: ("create_lyrics_provider_instance", "py_create_lyrics"),
    CapabilityKind.OUTPUT_SINK: ("create_output_sink_instance", "py_create_sink"),
}


class PythonModule:
    """The one Python module of this process. Module lane; ``create`` and ``forget`` on instance lanes."""

    def __init__(self, path: str, root: str, host: CData, vtables: dict[CapabilityKind, CData]) -> None:
        """Reads plugin.toml and imports the module.

        Raises:
            OSError, ValueError, SyntaxError, ImportError, AttributeError, KeyError: with the reason.
        """
        global _module
        manifest = tomllib.loads(Path(root, "plugin.toml").read_text(encoding="utf-8"))
        self.vtables = vtables
        self._keep: list[CData] = []
        self._handles: dict[CData, Any] = {}
        self.channels: dict[int, int] = {}  # of each open decoder, by its object's id
        self._host = HostFace(host, root)
        self.capabilities = [self._descriptor(entry) for entry in manifest["capabilities"]]
        self.scores = {
            entry["type_id"]: [self._score(ext, score) for ext, score in entry.get("extensions", {}).items()]
            for entry in manifest["capabilities"]
        }
        self.metadata = self._text(json.dumps(_metadata(manifest)))
        self.table = self._table(manifest)
        self._module = _import(path)
        if not callable(getattr(self._module, "create", None)):
            raise AttributeError("plugin.py has no function create(kind, type_id, config, host)")
        _module = self

    def create(self, kind: CapabilityKind, type_id: str, config: str, **spec: int) -> CData:
        """A handle for a new instance of the Python module."""
        made = self._module.create(kind.word, type_id, json.loads(config or "{}"), self._host, **spec)
        handle = ffi.new_handle(made)
        self._handles[handle] = made
        return handle

    def forget(self, handle: CData) -> None:
        """The instance is gone."""
        self.channels.pop(id(self._handles.pop(handle, None)), None)

    def shutdown(self) -> None:
        """Calls the module's own shutdown if it has one."""
        hook: Callable[[], object] | None = getattr(self._module, "shutdown", None)
        if hook is not None:
            hook()

    def _text(self, text: str) -> CData:
        data = ffi.new("char[]", text.encode())
        value = ffi.new("StStr *")
        value.ptr = data
        value.len = len(data) - 1
        self._keep += [data, value]
        return value[0]

    def _descriptor(self, entry: dict[str, Any]) -> CData:
        descriptor = ffi.new("StCapabilityDescriptor *")
        descriptor.kind = CapabilityKind.from_word(entry["kind"])
        descriptor.type_id_utf8 = self._text(entry["type_id"])
        descriptor.display_name_utf8 = self._text(entry["name"])
        descriptor.config_schema_json_utf8 = self._text(entry["config_schema"])
        descriptor.default_config_json_utf8 = self._text(entry["default_config"])
        return descriptor

    def _score(self, extension: str, number: int) -> CData:
        score = ffi.new("StDecoderExtScore *")
        score.ext_utf8 = self._text(extension)
        score.score = number
        return score

    def _table(self, manifest: dict[str, Any]) -> CData:
        table = ffi.new("StPluginModule *")
        table.api_version = API_VERSION
        major, minor, patch = (int(number) for number in manifest["version"].split("."))
        table.plugin_version.major = major
        table.plugin_version.minor = minor
        table.plugin_version.patch = patch
        table.plugin_free = lib.py_plugin_free
        table.metadata_json_utf8 = lib.py_metadata
        table.capability_count = lib.py_capability_count
        table.capability_get = lib.py_capability_get
        table.decoder_ext_score_count = lib.py_ext_score_count
        table.decoder_ext_score_get = lib.py_ext_score_get
        table.shutdown = lib.py_shutdown
        for entry in manifest["capabilities"]:
            field, function = _CREATE[CapabilityKind.from_word(entry["kind"])]
            setattr(table, field, getattr(lib, function))
        return table


_module: PythonModule | None = None


def current_module() -> PythonModule:
    """The module that the callbacks serve."""
    assert _module is not None, "callbacks exist only while a Python module is loaded"
    return _module


def _metadata(manifest: dict[str, Any]) -> dict[str, object]:
    major, minor, patch = (int(number) for number in manifest["version"].split("."))
    metadata: dict[str, object] = {
        "id": manifest["id"],
        "name": manifest["name"],
        "api_version": manifest["api_version"],
        "version": {"major": major, "minor": minor, "patch": patch},
        "licence": manifest.get("licence", ""),
    }
    targets = {c["type_id"]: json.loads(c["target_schema"]) for c in manifest["capabilities"] if "target_schema" in c}
    if targets:
        metadata["target_schemas"] = targets
    return metadata


def _import(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("stellatune_plugin", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def handed_out(text: str) -> CData:
    """A text on the C heap, which the runtime frees through ``plugin_free``."""
    data = text.encode("utf-8", "replace")
    value = ffi.new("StStr *")
    memory = lib.malloc(max(len(data), 1))
    if memory != ffi.NULL:
        # SAFETY: memory has room for data; its owner is whoever receives the StStr.
        ffi.memmove(memory, data, len(data))
        value.ptr = ffi.cast("const char *", memory)
        value.len = len(data)
    return value[0]


def succeed() -> CData:
    """ST_OK."""
    return ffi.new("StStatus *")[0]


def failure(error: Exception) -> CData:
    """The status that an exception becomes."""
    match error:
        case ValueError() | TypeError() | KeyError():
            code = StatusCode.INVALID_ARG
        case NotImplementedError():
            code = StatusCode.UNSUPPORTED
        case OSError():
            code = StatusCode.IO
        case _:
            code = StatusCode.INTERNAL
    status = ffi.new("StStatus *")
    status.code = int(code)
    status.message = handed_out(str(error) or type(error).__name__)
    return status[0]


@ffi.def_extern()
def py_plugin_free(ptr: CData, _len: int, _align: int) -> None:
    lib.free(ptr)


@ffi.def_extern()
def py_metadata() -> CData:
    return current_module().metadata


@ffi.def_extern()
def py_capability_count() -> int:
    return len(current_module().capabilities)


@ffi.def_extern()
def py_capability_get(index: int) -> CData:
    capabilities = current_module().capabilities
    return capabilities[index] if index < len(capabilities) else ffi.NULL


@ffi.def_extern()
def py_ext_score_count(type_id: CData) -> int:
    return len(current_module().scores.get(copy_text(type_id, 64), []))


@ffi.def_extern()
def py_ext_score_get(type_id: CData, index: int) -> CData:
    scores = current_module().scores.get(copy_text(type_id, 64), [])
    return scores[index] if index < len(scores) else ffi.NULL


@ffi.def_extern()
def py_shutdown() -> CData:
    try:
        current_module().shutdown()
    except Exception as error:  # noqa: BLE001  the boundary to plugin code: everything becomes a status
        return failure(error)
    return succeed()
