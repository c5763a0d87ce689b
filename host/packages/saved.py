"""Which configuration of a type is in force when nobody says otherwise: the saved one over the plugin's default.

A saved section that does not fit counts as a whole for nothing: it is named, and stops neither the host nor others.
Where a plugin has one name for types of several kinds, its section holds for those that it fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from host.errors import ConfigRejected
from host.ids import PluginId
from host.jsontext import JsonObject
from host.packages.manifest import CapabilityManifest, PluginManifest
from host.packages.schema import merge_config
from host.records import record
from host.settings import SavedConfig, SavedConfigs

__all__ = ["SavedProblem", "config_in_force", "saved_problems"]


@record
class SavedProblem:
    """A section that counts for nothing. ``installed``: its plugin is there, so that the section is wrong for sure."""

    section: SavedConfig
    text: str
    installed: bool


def config_in_force(plugin: PluginManifest, capability: CapabilityManifest, saved: SavedConfigs) -> JsonObject:
    """A whole configuration that fits the schema."""
    members = saved.of(plugin.id, capability.type_id)
    return capability.default_config if _complaint(plugin, capability, members) else capability.default_config | members


def saved_problems(saved: SavedConfigs, plugins: Mapping[PluginId, PluginManifest]) -> Iterator[SavedProblem]:
    """The sections that count for nothing, in their order; each with one line for people."""
    for section in saved:
        plugin = plugins.get(PluginId(section.plugin_id))
        complaint = "no such plugin is installed" if plugin is None else _section_complaint(plugin, section)
        if complaint:
            yield SavedProblem(section, f"{saved.file}: {section.title} is ignored: {complaint}", plugin is not None)


def _section_complaint(plugin: PluginManifest, section: SavedConfig) -> str:
    mine = [each for each in plugin.capabilities if each.type_id == section.type_id]
    if not mine:
        return (
            f"the plugin has no such type; it has {', '.join(sorted({each.type_id for each in plugin.capabilities}))}"
        )
    complaints = [_complaint(plugin, each, section.config) for each in mine]
    return complaints[0] if all(complaints) else ""


def _complaint(plugin: PluginManifest, capability: CapabilityManifest, members: JsonObject) -> str:
    """Why saved members do not fit; empty when they do."""
    if not members:
        return ""
    try:
        merge_config(
            f"{plugin.id} ({capability.type_id})", capability.config_schema, capability.default_config, members
        )
    except ConfigRejected as error:
        return error.message
    return ""
