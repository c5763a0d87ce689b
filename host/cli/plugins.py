"""``stellatune plugins``: what is installed and what it offers, from a running host or from manifests alone."""

from __future__ import annotations

import click

from host.cli.completing import plugin_ids
from host.cli.config import paths_of, settings_of
from host.cli.console import Console, plain
from host.cli.plugin_control import disable, enable, reload, reset, restart, unload
from host.cli.plugin_history import crashes, logs
from host.cli.rows import objects, refusals, text, texts
from host.cli.talking import ANSWER_S, host_if_any
from host.cli.top import top
from host.ids import PluginId
from host.jsontext import Json, JsonObject, dump_json
from host.packages import Discovery, discover, find_owner, manifest_facts, search_path
from host.settings import Paths

__all__ = ["plugins"]


@click.group()
def plugins() -> None:
    """What is installed, what lives, and what to do about it."""


for _command in (restart, reload, unload, enable, disable, reset, crashes, logs, top):
    plugins.add_command(_command)


def _discovery(console: Console) -> Discovery:
    places = paths_of(console)
    settings_of(console, places)
    found = discover(search_path(places))
    for problem in found.problems:
        console.warn(str(problem.error))
    return found


@plugins.command("list")
@click.pass_obj
def list_plugins(console: Console) -> int:
    """All plugins with their types, and what lives of them where a host runs."""
    with host_if_any(console) as client:
        live = client is not None
        found = _on_disk(console) if client is None else client.ask("plugins.list", {}, ANSWER_S)
    rows = objects(found, "plugins")
    if console.json:
        console.document("stellatune.plugins/1", {"live": live, **found})
        return 0
    width = max((len(text(row, "id")) for row in rows), default=0)
    for row in rows:
        types = ", ".join(f"{text(each, 'kind')} {text(each, 'type')}" for each in objects(row, "capabilities"))
        told = "  ".join([text(row, "description"), *_states(row)])
        console.result(f"{text(row, 'id'):{width}}  {text(row, 'version'):8} {types:18} {told}")
    return 0


def _states(row: JsonObject) -> list[str]:
    """What lives of a plugin, and what is held against it."""
    lives = [
        f"[gen {text(each, 'generation')} {text(each, 'state')} pid {text(each, 'pid')}{refusals(each)}]"
        for each in objects(row, "generations")
    ]
    held = [f"[{text(each, 'state')}]" for each in objects(row, "standing") if each.get("state") != "ready"]
    absent = row.get("not_built")
    built = [f"[not built: {text(absent, 'remedy')}]"] if isinstance(absent, dict) else []
    return [*lives, *held, *(["[disabled]"] if row.get("disabled") else []), *built]


def _on_disk(console: Console, name: str | None = None) -> JsonObject:
    found = _discovery(console)
    disabled = _disabled()
    problems: list[Json] = [{"folder": str(each.folder), "error": str(each.error)} for each in found.problems]
    known = found.known()
    wanted = known.values() if name is None else (find_owner(name, known),)
    rows: list[Json] = [
        {**manifest_facts(each), "disabled": each.id in disabled, "generations": [], "standing": []} for each in wanted
    ]
    return {"plugins": rows, "problems": problems}


def _disabled() -> frozenset[PluginId]:
    from host.runtime import DisabledPlugins

    return DisabledPlugins(Paths.of_user().state_dir).read().plugins


@plugins.command("info")
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@click.pass_obj
def info(console: Console, name: str) -> int:
    """One plugin: its types, their configuration, extensions and scores."""
    with host_if_any(console) as client:
        live = client is not None
        found = _on_disk(console, name) if client is None else client.ask("plugins.list", {"id": name}, ANSWER_S)
    for row in objects(found, "plugins"):
        if console.json:
            console.document("stellatune.plugin/1", {"live": live, **row})
        else:
            _show_plugin(console, row)
    return 0


def _show_plugin(console: Console, row: JsonObject) -> None:
    console.result(f"{text(row, 'id')} {text(row, 'version')}: {text(row, 'name')}")
    if row.get("description"):
        console.result(f"  {text(row, 'description')}")
    console.result(f"  licence    {text(row, 'licence') if row.get('licence') else 'not told'}")
    runs = "a Python module: its lane shares its worker's interpreter lock" if row.get("python") else "a shared library"
    console.result(f"  file       {text(row, 'file')} ({runs})")
    console.result(f"  rights     {', '.join(texts(row, 'rights')) or 'none'}")
    for state in _states(row):
        console.result(f"  now        {state.strip('[]')}")
    for capability in objects(row, "capabilities"):
        _show_capability(console, capability)


def _show_capability(console: Console, capability: JsonObject) -> None:
    console.result(f"  {text(capability, 'kind')} {text(capability, 'type')}: {text(capability, 'name')}")
    extensions = capability.get("extensions")
    if isinstance(extensions, dict) and extensions:
        console.result("    extensions " + " ".join(f"{plain(name)}={score}" for name, score in extensions.items()))
    schemes = capability.get("schemes")
    if isinstance(schemes, list) and schemes:
        console.result("    schemes    " + " ".join(plain(str(each)) for each in schemes))
    console.result(f"    default    {dump_json(capability.get('default_config'))}")
    console.result(f"    schema     {dump_json(capability.get('config_schema'))}")
    if capability.get("target_schema") is not None:
        console.result(f"    target     {dump_json(capability.get('target_schema'))}")
