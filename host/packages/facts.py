"""What a manifest says of its plugin, as JSON: the same to whoever reads it from disk and whoever asks a host."""

from __future__ import annotations

from host.jsontext import JsonObject
from host.packages.manifest import PluginManifest

__all__ = ["manifest_facts"]


def manifest_facts(manifest: PluginManifest) -> JsonObject:
    """Identity, file, rights, and each type with its configuration. ``not_built``: null for what can be used."""
    absent = manifest.not_built()
    return {
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "licence": manifest.licence,
        "file": str(manifest.entry),
        "python": manifest.is_python,
        "not_built": None
        if absent is None
        else {
            "error": absent.message,
            "remedy": absent.remedy,
            "libraries": [*manifest.needs.libraries],
            "packages": [*manifest.needs.packages],
        },
        "rights": [str(right) for right in sorted(manifest.rights)],
        "group": manifest.group,
        "protective": manifest.protective,
        "capabilities": [
            {
                "kind": each.kind.word,
                "type": each.type_id,
                "name": each.name,
                "extensions": dict(each.scores),
                "config_schema": each.config_schema,
                "default_config": each.default_config,
                "target_schema": each.target_schema,
                "schemes": list(each.schemes),
            }
            for each in manifest.capabilities
        ],
    }
