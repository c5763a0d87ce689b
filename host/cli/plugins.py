"""``stellatune plugins``: what is installed and what it offers, read from manifests alone; no plugin code is loaded."""

from __future__ import annotations

import click

from host.cli.config import settings_of
from host.cli.console import Console, plain
from host.jsontext import Json, JsonObject, dump_json
from host.packages import CapabilityManifest, Discovery, PluginManifest, discover, find_plugin, search_path
from host.settings import Paths

__all__ = ["plugins"]


@click.group()
def plugins() -> None:
    """What is installed, and what it offers."""


def _discovery(console: Console) -> Discovery:
    places = Paths.of_user()
    settings_of(console, places)
    found = discover(search_path(places))
    for problem in found.problems:
        console.warn(str(problem.error))
    return found


@plugins.command("list")
@click.pass_obj
def list_plugins(console: Console) -> int:
    """All plugins with their types."""
    found = _discovery(console)
    if console.json:
        problems: list[Json] = [{"folder": str(each.folder), "error": str(each.error)} for each in found.problems]
        rows: list[Json] = [_facts(manifest) for manifest in found.plugins.values()]
        console.document("stellatune.plugins/1", {"live": False, "plugins": rows, "problems": problems})
        return 0
    width = max((len(plugin_id) for plugin_id in found.plugins), default=0)
    for manifest in found.plugins.values():
        types = ", ".join(f"{each.kind.word} {each.type_id}" for each in manifest.capabilities)
        console.result(f"{manifest.id:{width}}  {manifest.version:8} {types:18} {plain(manifest.description)}")
    return 0


@plugins.command("info")
@click.argument("name", metavar="ID")
@click.pass_obj
def info(console: Console, name: str) -> int:
    """One plugin: its types, their configuration, extensions and scores."""
    manifest = find_plugin(name, _discovery(console).plugins)
    if console.json:
        console.document("stellatune.plugin/1", {"live": False, **_facts(manifest)})
        return 0
    console.result(f"{manifest.id} {manifest.version}: {plain(manifest.name)}")
    if manifest.description:
        console.result(f"  {plain(manifest.description)}")
    console.result(f"  licence    {plain(manifest.licence) or 'not told'}")
    runs = (
        "a Python module: its lane shares its worker's interpreter lock" if manifest.is_python else "a shared library"
    )
    console.result(f"  file       {manifest.entry} ({runs})")
    console.result(f"  rights     {', '.join(sorted(manifest.rights)) or 'none'}")
    for capability in manifest.capabilities:
        _show(console, capability)
    return 0


def _show(console: Console, capability: CapabilityManifest) -> None:
    console.result(f"  {capability.kind.word} {capability.type_id}: {plain(capability.name)}")
    if capability.scores:
        console.result("    extensions " + " ".join(f"{extension}={score}" for extension, score in capability.scores))
    console.result(f"    default    {dump_json(capability.default_config)}")
    console.result(f"    schema     {dump_json(capability.config_schema)}")
    if capability.target_schema is not None:
        console.result(f"    target     {dump_json(capability.target_schema)}")


def _facts(manifest: PluginManifest) -> JsonObject:
    return {
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "licence": manifest.licence,
        "file": str(manifest.entry),
        "python": manifest.is_python,
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
            }
            for each in manifest.capabilities
        ],
    }
