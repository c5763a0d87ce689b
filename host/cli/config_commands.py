"""``stellatune config``: what is in force, from where, and what may be set. It changes nothing and starts nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from host.cli.completing import config_keys
from host.cli.config_edit import set_value, unset
from host.cli.config_live import stages_in_force
from host.cli.config_parts import Configuration, Part, read_configuration
from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.cli.rows import text
from host.jsontext import Json, JsonObject, dump_json

__all__ = ["config"]


@click.group()
def config() -> None:
    """What is set, from where, and what could be."""


config.add_command(set_value)
config.add_command(unset)


@config.command("show")
@click.argument("name", metavar="[TYPE|SECTION]", required=False, shell_complete=config_keys)
@click.option("--live", is_flag=True, help="What is in force at the stages that play now.")
@click.pass_obj
def show(console: Console, name: str | None, live: bool) -> int:
    """Every value in force, and where it comes from; what is wrong in the file is named."""
    if live:
        return _show_live(console, name)
    found = read_configuration(console)
    parts = found.parts if name is None else found.named(name)
    if console.json:
        rows: list[Json] = [_row(found, each) for each in parts]
        members: JsonObject = {"file": str(found.file), "parts": rows, "problems": [*map(plain, found.problems)]}
        console.document("stellatune.config/1", members)
    else:
        _show(console, found, parts)
        for problem in found.problems:
            console.failed(problem)
    return Exit.PROBLEMS_FOUND if found.problems else Exit.DONE


def _show_live(console: Console, name: str | None) -> int:
    stages = [each for each in stages_in_force(console) if name in (None, each.get("name"))]
    if console.json:
        rows: list[Json] = [*stages]
        console.document("stellatune.config-live/1", {"stages": rows})
        return Exit.DONE
    for each in stages:
        config = dump_json(each.get("config"))
        console.result(
            plain(f"{text(each, 'name')}  {text(each, 'type')}  config_gen {text(each, 'config_gen')}  {config}")
        )
    return Exit.DONE


def _row(found: Configuration, part: Part) -> JsonObject:
    values: list[Json] = [
        {
            "key": f"{part.name}.{member}",
            "value": value,
            "origin": "file" if member in part.saved else "default",
            "line": found.line(part, member),
        }
        for member, value in part.config.items()
    ]
    owner: JsonObject = {"plugin": None, "kind": None, "type": None}
    if part.owner is not None:
        plugin, capability = part.owner
        owner = {"plugin": plugin.id, "kind": capability.kind.word, "type": capability.type_id}
    return {"name": part.name, **owner, "values": values}


def _show(console: Console, found: Configuration, parts: Sequence[Part]) -> None:
    lines = [
        (f"{part.name}.{member}", dump_json(value), _origin(found, part, member))
        for part in parts
        for member, value in part.config.items()
    ]
    width = max((len(key) for key, _, _ in lines), default=0)
    room = max((len(value) for _, value, _ in lines if len(value) <= 24), default=0)
    for key, value, origin in lines:
        console.result(plain(f"{key:{width}}  {value:{room}}  {origin}"))


def _origin(found: Configuration, part: Part, member: str) -> str:
    if member not in part.saved:
        return "default"
    line = found.line(part, member)
    return str(found.file) if line is None else f"{found.file}:{line}"


@config.command("get")
@click.argument("key", metavar="KEY", shell_complete=config_keys)
@click.pass_obj
def get(console: Console, key: str) -> int:
    """One value in force, or all of a type, as JSON."""
    found = read_configuration(console)
    for problem in found.problems:
        console.warn(problem)
    wanted = found.key(key)
    value = found.value(wanted)
    if console.json:
        members: JsonObject = {"key": str(wanted), "value": value}
        if wanted.member is not None:
            saved = wanted.member in wanted.part.saved
            members |= {"origin": "file" if saved else "default", "line": found.line(wanted.part, wanted.member)}
        console.document("stellatune.config-value/1", members)
    else:
        console.result(dump_json(value))
    return Exit.DONE


@config.command("schema")
@click.argument("name", metavar="[TYPE|SECTION]", required=False, shell_complete=config_keys)
@click.pass_obj
def schema(console: Console, name: str | None) -> int:
    """What may be set, as a JSON schema: of one part, or of the whole file."""
    found = read_configuration(console)
    what = _file_schema(found.parts) if name is None else found.named(name)[0].schema
    if console.json:
        console.document("stellatune.config-schema/1", {"name": name, "json_schema": what})
    else:
        console.result(json.dumps(what, indent=2, ensure_ascii=False))
    return Exit.DONE


def _file_schema(parts: Sequence[Part]) -> JsonObject:
    """The schema of the file as a whole, which editors may check it with."""
    top: JsonObject = {}
    plugins: dict[str, JsonObject] = {}
    for part in parts:
        if part.owner is None:
            top[part.name] = part.schema
        else:
            _, plugin_id, type_id = part.path
            plugins.setdefault(plugin_id, {}).setdefault(type_id, part.schema)
    types: JsonObject = {
        plugin_id: {"type": "object", "additionalProperties": False, "properties": of}
        for plugin_id, of in plugins.items()
    }
    top["plugins"] = {"type": "object", "properties": types}
    return {"type": "object", "additionalProperties": False, "properties": top}
