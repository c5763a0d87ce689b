"""Loads the one module of this process and checks every table of it before anything else is called.

The text of each error names the field that is wrong.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from abi.kinds import API_VERSION, CapabilityKind
from abi.wire import CapabilityInfo, ExtScore, ModuleInfo, Payload
from plugin_worker._core import ffi, lib
from plugin_worker.errors import Incompatible, LoadFault
from plugin_worker.ffi_calls import CData, borrow, invoke

__all__ = ["LoadedModule", "check_module", "open_library"]

_TYPE_ID = re.compile(r"[a-z0-9._-]{1,64}")
_MAX_TEXT = 1 << 20
_MAX_SCORES = 256
_CREATE = {
    CapabilityKind.DECODER: "create_decoder_instance",
    CapabilityKind.DSP: "create_dsp_instance",
    CapabilityKind.SOURCE_CATALOG: "create_source_catalog_instance",
    CapabilityKind.LYRICS_PROVIDER: "create_lyrics_provider_instance",
    CapabilityKind.OUTPUT_SINK: "create_output_sink_instance",
}


class LoadedModule(NamedTuple):
    """The table, and what it was found to say. The table is the plugin's static memory."""

    table: CData
    info: ModuleInfo

    def has(self, kind: CapabilityKind, type_id: str) -> bool:
        return any(c.kind == kind and c.type_id == type_id for c in self.info.capabilities)


def open_library(path: str, host: CData, copy_fd: int | None = None) -> CData:
    """dlopen, entry symbol, entry call: a pointer to the plugin's module table.

    With ``copy_fd``, a private copy of the file, that is what is loaded; it may be closed afterwards.

    Raises:
        LoadFault: no ELF file, a missing symbol, or an entry that returned null.
    """
    out = ffi.new("const StPluginModule **")
    error = ffi.new("char[]", 1024)
    source = path if copy_fd is None else f"/proc/self/fd/{copy_fd}"
    # SAFETY: plugin code runs from here on (constructors, entry); what it breaks is this process only.
    result = lib.st_module_open(source.encode(), host, out, error, 1024)
    if result == lib.ST_OPEN_NO_LIBRARY:
        text = ffi.string(error).decode("utf-8", "replace").replace(source, path)
        raise LoadFault("load", f"not a loadable library: {text}")
    if result == lib.ST_OPEN_NO_SYMBOL:
        raise LoadFault("load", "the library has no symbol stellatune_plugin_entry; is it a StellaTune plugin?")
    if result == lib.ST_OPEN_NULL:
        raise LoadFault("entry", "stellatune_plugin_entry returned null: the plugin says it cannot work with this host")
    return out[0]


def check_module(lane: CData, table: CData) -> LoadedModule:
    """Reads the whole table.

    Raises:
        Incompatible: another api_version; nothing of it was called.
        LoadFault: a required pointer is null, or a text or number is not what ABI.md allows.
    """
    if table.api_version != API_VERSION:
        raise Incompatible(
            "load",
            f"the plugin has api_version {table.api_version}, this host {API_VERSION}: rebuild it with these headers",
        )
    for field in ("metadata_json_utf8", "capability_count", "capability_get"):
        if getattr(table, field) == ffi.NULL:
            raise LoadFault("load", f"StPluginModule.{field} is null")
    lane.plugin_free = table.plugin_free
    metadata = _static_text(invoke(lane, "describe", table.metadata_json_utf8), "metadata_json")
    identity = _identity(metadata)
    count = invoke(lane, "describe", table.capability_count)
    if not 1 <= count <= 256:
        raise LoadFault("describe", f"capability_count is {count}; 1 to 256 are allowed")
    capabilities = tuple(_capability(lane, table, index) for index in range(count))
    seen: set[tuple[int, str]] = set()
    for capability in capabilities:
        if (capability.kind, capability.type_id) in seen:
            raise LoadFault("describe", f"type id {capability.type_id!r} stands twice; ids are unique per kind")
        seen.add((capability.kind, capability.type_id))
    version = table.plugin_version
    info = ModuleInfo(
        plugin_id=identity[0],
        name=identity[1],
        version=f"{version.major}.{version.minor}.{version.patch}",
        metadata=Payload(metadata),
        capabilities=capabilities,
    )
    return LoadedModule(table, info)


def _static_text(text: CData, field: str) -> bytes:
    if text.ptr == ffi.NULL or text.len == 0:
        return b""
    if text.len > _MAX_TEXT:
        raise LoadFault("describe", f"{field} has {text.len} bytes; at most {_MAX_TEXT} are allowed")
    # SAFETY: static memory of the plugin as the contract says; a lie ends this process only.
    data = bytes(ffi.buffer(text.ptr, text.len))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LoadFault("describe", f"{field} is not UTF-8: {error}") from error
    if b"\0" in data:
        raise LoadFault("describe", f"{field} holds a NUL; lengths are given, texts do not end with one")
    return data


def _json_object(data: bytes, field: str) -> dict[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise LoadFault("describe", f"{field} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise LoadFault("describe", f"{field} is no JSON object")
    return value


def _identity(metadata: bytes) -> tuple[str, str]:
    value = _json_object(metadata, "metadata_json")
    if value.get("api_version") != API_VERSION:
        found = value.get("api_version")
        raise Incompatible("describe", f"metadata_json says api_version {found}, this host {API_VERSION}")
    plugin_id, name = value.get("id"), value.get("name")
    if not isinstance(plugin_id, str) or not isinstance(name, str):
        raise LoadFault("describe", "metadata_json needs the texts id and name")
    if not all(each.isprintable() for each in (plugin_id, name)):
        raise LoadFault("describe", "metadata_json: id or name holds characters that cannot be shown")
    return plugin_id[:256], name[:256]


def _capability(lane: CData, table: CData, index: int) -> CapabilityInfo:
    descriptor = invoke(lane, "describe", table.capability_get, index)
    where = f"capability {index}"
    if descriptor == ffi.NULL:
        raise LoadFault("describe", f"{where} is null")
    try:
        kind = CapabilityKind(descriptor.kind)
    except ValueError:
        raise LoadFault("describe", f"{where} has kind {descriptor.kind}; kinds are 1 to 5") from None
    type_id = _static_text(descriptor.type_id_utf8, f"{where}: type_id").decode()
    if not _TYPE_ID.fullmatch(type_id):
        raise LoadFault("describe", f"{where}: type_id {type_id[:80]!r} is not 1 to 64 of a-z 0-9 . _ -")
    schema = _static_text(descriptor.config_schema_json_utf8, f"{where}: config_schema")
    default = _static_text(descriptor.default_config_json_utf8, f"{where}: default_config")
    _json_object(schema, f"{where}: config_schema")
    _json_object(default, f"{where}: default_config")
    if getattr(table, _CREATE[kind]) == ffi.NULL:
        raise LoadFault("describe", f"StPluginModule.{_CREATE[kind]} is null, but {where} ({type_id}) is a {kind.word}")
    return CapabilityInfo(
        kind=int(kind),
        type_id=type_id,
        name=_static_text(descriptor.display_name_utf8, f"{where}: display_name").decode()[:256],
        config_schema=Payload(schema),
        default_config=Payload(default),
        scores=_scores(lane, table, type_id, where) if kind is CapabilityKind.DECODER else (),
    )


def _scores(lane: CData, table: CData, type_id: str, where: str) -> tuple[ExtScore, ...]:
    if table.decoder_ext_score_count == ffi.NULL or table.decoder_ext_score_get == ffi.NULL:
        return ()
    text, keep = borrow(type_id.encode())
    count = invoke(lane, "describe", table.decoder_ext_score_count, text)
    if count > _MAX_SCORES:
        raise LoadFault("describe", f"{where}: {count} extension scores; at most {_MAX_SCORES} are allowed")
    scores: list[ExtScore] = []
    for index in range(count):
        score = invoke(lane, "describe", table.decoder_ext_score_get, text, index)
        if score == ffi.NULL:
            raise LoadFault("describe", f"{where}: extension score {index} is null")
        extension = _static_text(score.ext_utf8, f"{where}: extension {index}").decode()
        scores.append(ExtScore(extension=extension[:64], score=score.score))
    del keep
    return tuple(scores)
