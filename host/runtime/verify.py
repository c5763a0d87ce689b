"""Holds what a loaded module says it is against its plugin.toml, which the host has relied on so far."""

from __future__ import annotations

from collections.abc import Iterable

from abi.kinds import API_VERSION, CapabilityKind
from abi.wire import ModuleInfo
from host.errors import LoadFailed
from host.jsontext import Json
from host.packages import PluginManifest
from host.printable import printable
from host.runtime.plugin_json import parse_plugin_json

__all__ = ["verify_module"]


def verify_module(info: ModuleInfo, manifest: PluginManifest) -> None:
    """Passes when they agree.

    Raises:
        LoadFailed: naming the field that differs, and both values.
    """
    metadata = _metadata(info, manifest)
    _same(manifest, "id", manifest.id, info.plugin_id)
    _same(manifest, "version", manifest.version, info.version)
    _same(manifest, "api_version", API_VERSION, metadata.get("api_version", API_VERSION))
    listed = _words((one.kind.word, one.type_id) for one in manifest.capabilities)
    found = _words((_kind_word(one.kind), one.type_id) for one in info.capabilities)
    _same(manifest, "capabilities", listed, found)


def _metadata(info: ModuleInfo, manifest: PluginManifest) -> dict[str, Json]:
    try:
        value = parse_plugin_json(info.metadata)
    except ValueError as error:
        raise _differs(manifest, f"its metadata_json cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise _differs(manifest, "its metadata_json is no object")
    return value


def _kind_word(kind: int) -> str:
    try:
        return CapabilityKind(kind).word
    except ValueError:
        return f"kind {kind}"


def _words(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(sorted(f"{kind} {type_id}" for kind, type_id in pairs))


def _same(manifest: PluginManifest, field: str, listed: Json, found: Json) -> None:
    if listed != found:
        raise _differs(manifest, f"{field} is {listed!r} in plugin.toml, but {found!r} in {manifest.entry.name}")


def _differs(manifest: PluginManifest, text: str) -> LoadFailed:
    return LoadFailed(
        f"{manifest.id} cannot be loaded: {printable(text)}",
        remedy=f"install a {manifest.id} whose plugin.toml and {manifest.entry.name} belong together",
    )
