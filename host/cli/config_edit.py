"""``stellatune config set|unset``: changes the file, after looking whether what it is to hold is allowed."""

from __future__ import annotations

from collections.abc import Sequence

import click

from host.app import files_from_here
from host.cli.completing import config_keys
from host.cli.config_live import Told, stages_in_force, tell_host, update_stage, what_host_keeps
from host.cli.config_parts import Configuration, Key, Part, read_configuration
from host.cli.console import Console, plain
from host.errors import ConfigRejected, NotFound
from host.jsontext import Json, JsonObject, dump_json, parse_json
from host.packages import merge_config
from host.settings import SECTIONS, ConfigFile, KeyPath, complaint_about

__all__ = ["set_value", "unset", "value_from"]


@click.command("set", context_settings={"ignore_unknown_options": True})  # a value may begin with a minus
@click.argument("name", metavar="KEY", shell_complete=config_keys)
@click.argument("text", metavar="VALUE")
@click.option("--live", is_flag=True, help="Change the stage of that name in the running chain, and save nothing.")
@click.pass_obj
def set_value(console: Console, name: str, text: str, live: bool) -> int:
    """Save a value (gain.gain_db -3), or all of a type as a JSON object; what plays with that type takes it at once."""
    if live:
        return _set_live(console, name, text)
    found = read_configuration(console)
    file = ConfigFile(found.file)
    file.expect_toml()  # told before what is wrong with the value
    key = found.key(name)
    value = _named_from_here(key, value_from(key, text))
    if key.member is None:
        members = _object(key, value)
        _expect_fit(key.parts, members)
        file.put_members(key.path, members)
    else:
        _expect_fit(key.parts, {key.member: value})
        file.put(key.path, value)
    return _tell(console, read_configuration(console), key, f"{key} = {dump_json(value)}", {"value": value})


def _set_live(console: Console, name: str, text: str) -> int:
    """NAME VALUE for a whole configuration, NAME.MEMBER VALUE for one member."""
    stage, dot, member = name.partition(".")
    try:
        value = parse_json(text)
    except ValueError:
        value = text  # a bare word
    if not dot and not isinstance(value, dict):
        raise ConfigRejected(f"config of {stage}: must be a JSON object", remedy=f"name one member: {stage}.NAME")
    members: JsonObject = {member: value} if dot else value if isinstance(value, dict) else {}
    members = files_from_here(_schema_of(console, stage), members)
    told = update_stage(console, stage, members, merge=bool(dot))
    if console.json:
        console.document("stellatune.config-change/1", {"key": name, "value": value, "file": None, **told.facts})
    else:
        told.show(console)
    return told.code


@click.command()
@click.argument("name", metavar="KEY", shell_complete=config_keys)
@click.pass_obj
def unset(console: Console, name: str) -> int:
    """Take a value out of the file, or all that is saved of a type; the default holds again."""
    found = read_configuration(console)
    path, key = _path_to_unset(found, name)
    removed = ConfigFile(found.file).remove(path)
    what = f"{key or name}  {'taken out' if removed else 'was not saved'}"
    return _tell(console, read_configuration(console), key, what, {"removed": removed}, changed=removed)


def _path_to_unset(found: Configuration, name: str) -> tuple[KeyPath, Key | None]:
    """What a KEY means, or a section of a plugin that is not installed, by its id or ``id:type``. Raises: NotFound."""
    try:
        key = found.key(name)
    except NotFound:
        for each in found.saved:
            if name == each.plugin_id:
                return ("plugins", each.plugin_id), None
            if name == f"{each.plugin_id}:{each.type_id}":
                return ("plugins", each.plugin_id, each.type_id), None
        raise
    return key.path, key


def value_from(key: Key, text: str) -> Json:
    """What was typed, as JSON; a bare word where the schema wants a text or knows that word. Raises: ConfigRejected."""
    schema: JsonObject = {} if key.member is None else key.part.member_schema(key.member)
    wants_text, words = _wants_text(schema), schema.get("enum")
    try:
        value = parse_json(text)
    except ValueError as error:
        if wants_text or (isinstance(words, list) and text in words):
            return text
        raise ConfigRejected(f"{key}: {error}", remedy="write the value as JSON") from error
    return text if wants_text and not isinstance(value, str) else value


def _named_from_here(key: Key, value: Json) -> Json:
    """With the files in it named from the root on."""
    if key.member is None:
        return files_from_here(key.part.schema, value) if isinstance(value, dict) else value
    return files_from_here(key.part.schema, {key.member: value})[key.member]


def _schema_of(console: Console, stage: str) -> JsonObject:
    """Of the stage's type; empty where no stage is called so, which the host then says."""
    found = (each.get("schema") for each in stages_in_force(console) if each.get("name") == stage)
    return next((schema for schema in found if isinstance(schema, dict)), {})


def _wants_text(schema: JsonObject) -> bool:
    choices = schema.get("enum")
    among = isinstance(choices, list) and all(isinstance(each, str) for each in choices)
    return schema.get("type") == "string" or ("type" not in schema and among)


def _object(key: Key, value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise ConfigRejected(f"config of {key}: must be a JSON object", remedy=f"name one member: {key}.NAME")
    return value


def _expect_fit(parts: Sequence[Part], members: JsonObject) -> None:
    """Of several parts one must take it. Raises: ConfigRejected that names the member and what is allowed."""
    refused: list[ConfigRejected] = []
    for part in parts:
        try:
            _expect_part_fits(part, members)
        except ConfigRejected as error:
            refused.append(error)
    if len(refused) == len(parts):
        raise refused[0]


def _expect_part_fits(part: Part, members: JsonObject) -> None:
    if part.owner is not None:
        plugin, capability = part.owner
        merge_config(f"{plugin.id} ({capability.type_id})", part.schema, part.default, members)
        return
    for name, value in members.items():
        complaint = complaint_about(SECTIONS[part.name], name, value)
        if complaint:
            raise ConfigRejected(
                f"config of {part.name}: {complaint}", remedy=f"see `stellatune config schema {part.name}`"
            )


def _tell(
    console: Console, after: Configuration, key: Key | None, what: str, facts: JsonObject, *, changed: bool = True
) -> int:
    """What was done, where, what is still wrong there, and what a running host makes of it."""
    told = _tell_host(console, after, key) if changed else Told(live=False)
    for problem in after.problems:
        console.failed(problem)
    if console.json:
        name = None if key is None else str(key)
        members: JsonObject = {"key": name, **facts, "file": str(after.file), **told.facts}
        console.document("stellatune.config-change/1", members)
    else:
        console.result(plain(f"{what}  ({after.file})"))
        told.show(console)
    return told.code


def _tell_host(console: Console, after: Configuration, key: Key | None) -> Told:
    part = None if key is None else after.named(key.part.name)[0]
    if part is None or part.owner is None:
        return what_host_keeps(console)
    plugin, capability = part.owner
    member = None if key is None else key.member
    members = part.config if member is None else {name: part.config[name] for name in (member,) if name in part.config}
    return tell_host(console, plugin.id, capability.type_id, members)
