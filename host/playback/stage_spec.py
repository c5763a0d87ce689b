"""One stage as it is wished for, with the files that its configuration names."""

from __future__ import annotations

from dataclasses import replace

from abi.kinds import CapabilityKind
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import PluginManifest
from host.playback.config_files import NO_FILES, ConfigFiles, open_config_files
from host.records import record

__all__ = ["StageSpec", "with_files"]


@record
class StageSpec:
    """``name`` is what people call it, ``config`` fits its schema, and ``config_gen`` counts those that were accepted.

    ``files``: what the configuration names, once it is open.
    """

    name: str
    plugin_id: PluginId
    type_id: TypeId
    config: JsonObject
    config_gen: int = 1
    files: ConfigFiles = NO_FILES

    def held(self) -> StageSpec:
        """The same with files of its own, which whoever holds it closes. Raises: ConfigRejected: too many are open."""
        return replace(self, files=self.files.copy())

    def closed(self) -> StageSpec:
        """The same with no file open."""
        return replace(self, files=NO_FILES)


async def with_files(spec: StageSpec, kind: CapabilityKind, manifest: PluginManifest, timeout_s: float) -> StageSpec:
    """The stage with the files of its configuration open, which the caller closes.

    Raises:
        ConfigRejected: one of them cannot be opened.
    """
    schema = manifest.capability(kind, spec.type_id).config_schema
    owner = f"{spec.plugin_id} ({spec.type_id})"
    return replace(spec, files=await open_config_files(owner, schema, spec.config, timeout_s))
