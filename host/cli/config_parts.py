"""What can be configured, and what is in force of it: sections of settings, and types of plugins, named as people do.

Reads the file and the manifests; nothing is started and nothing changed.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from host.cli.console import Console
from host.cli.talking import short
from host.errors import NotFound
from host.ids import PluginId
from host.jsontext import Json, JsonObject
from host.packages import (
    CapabilityManifest,
    PluginManifest,
    config_in_force,
    discover,
    find_type,
    saved_problems,
    search_path,
)
from host.records import record
from host.settings import (
    KeyPath,
    Paths,
    SavedConfigs,
    Section,
    Settings,
    complaint_about,
    lines_of,
    load_settings,
    section_schema,
)

__all__ = ["Configuration", "Key", "Part", "read_configuration"]


@record
class Part:
    """What is configured as one. ``owner`` is its plugin and type, None for a section of the host's own settings.

    ``path`` leads to it in the file; ``saved`` are the members whose value in force comes from there.
    """

    name: str
    path: KeyPath
    schema: JsonObject
    default: JsonObject
    config: JsonObject
    saved: frozenset[str]
    owner: tuple[PluginManifest, CapabilityManifest] | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """Those that have a value, and those that could have one."""
        return tuple(dict.fromkeys([*_properties(self.schema), *self.config]))

    def member_schema(self, member: str) -> JsonObject:
        """What is allowed there; empty where the schema does not say."""
        found = _properties(self.schema).get(member)
        return found if isinstance(found, dict) else {}


@record
class Key:
    """What a KEY means: a part as a whole, or a member. Several parts: one name for types of several kinds."""

    parts: tuple[Part, ...]
    member: str | None

    @property
    def part(self) -> Part:
        """The one to ask for values: the first that the file says something about, else the first."""
        return next((each for each in self.parts if each.saved), self.parts[0])

    @property
    def path(self) -> KeyPath:
        """Where it stands in the file."""
        return self.part.path if self.member is None else (*self.part.path, self.member)

    def __str__(self) -> str:
        return self.part.name if self.member is None else f"{self.part.name}.{self.member}"


@record
class Configuration:
    """All of it. ``problems`` are one line each; ``lines`` says where in ``file`` a path begins."""

    file: Path
    parts: tuple[Part, ...]
    lines: Mapping[KeyPath, int]
    problems: tuple[str, ...]
    saved: SavedConfigs
    plugins: Mapping[PluginId, PluginManifest]

    def named(self, name: str) -> tuple[Part, ...]:
        """The parts of a name: a section, or a type of whatever kinds. Raises: NotFound, Usage."""
        section = tuple(each for each in self.parts if each.path == (name,))
        if section:
            return section
        plugin, capabilities = find_type(name, self.plugins)
        return tuple(each for each in self.parts if each.owner in [(plugin, mine) for mine in capabilities])

    def key(self, text: str) -> Key:
        """What a KEY means; a type in full beats one with a member. Raises: NotFound, Usage."""
        head, dot, tail = text.rpartition(".")
        try:
            return Key(self.named(text), None)
        except NotFound:
            if not dot:
                raise
        while True:
            try:
                return Key(self.named(head), tail)
            except NotFound:
                head, dot, more = head.rpartition(".")
                if not dot:
                    break
                tail = f"{more}.{tail}"
        raise NotFound(f"no key {text!r}", remedy=self._remedy(text.rpartition(".")[0]))

    def _remedy(self, head: str) -> str:
        """What to do about a name that means nothing."""
        try:
            self.named(head)
        except NotFound as error:
            return error.remedy
        return ""

    def value(self, key: Key) -> Json:
        """What is in force. Raises: NotFound when there is no such member, or it has no value."""
        if key.member is None:
            return key.part.config
        if key.member in key.part.config:
            return key.part.config[key.member]
        if key.member in key.part.members:
            raise NotFound(f"{key} has no value", remedy="`stellatune config schema` shows what it may have")
        near = difflib.get_close_matches(key.member, key.part.members, n=1)
        known = f"did you mean {near[0]}?" if near else f"there are: {', '.join(key.part.members) or 'none'}"
        raise NotFound(f"{key.part.name} has no member {key.member!r}", remedy=known)

    def line(self, part: Part, member: str) -> int | None:
        """The line of the file that a value in force stands on; None for a default."""
        return self.lines.get((*part.path, member)) if member in part.saved else None


def read_configuration(console: Console) -> Configuration:
    """What is in force with nothing on the command line. A file that cannot be read leaves the defaults."""
    places = Paths.of_user()
    file = console.config_file or places.config_file
    settings = load_settings(file, required=console.config_file is not None)
    plugins = discover(search_path(places)).plugins
    text, document = _read(file)
    unfit = (each.text for each in saved_problems(settings.plugins, plugins))
    sections = (
        ("pipeline", settings.pipeline),
        ("limits", settings.limits),
        ("replaygain", settings.replay_gain),
        ("output", settings.output),
        ("playback", settings.playback),
        ("lyrics", settings.lyrics),
        ("library", settings.library),
        ("log", settings.log),
    )
    return Configuration(
        file,
        (*(_section(name, section, document.get(name)) for name, section in sections), *_types(plugins, settings)),
        lines_of(text),
        (*settings.problems, *unfit),
        settings.plugins,
        plugins,
    )


def _read(file: Path) -> tuple[str, dict[str, object]]:
    """The text and what it holds; nothing where that cannot be told, for which ``Settings`` has the problem."""
    try:
        text = file.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return "", {}


def _section(name: str, section: Section, table: object) -> Part:
    written = table if isinstance(table, dict) else {}
    taken = frozenset(key for key, value in written.items() if not complaint_about(section, key, value))
    return Part(name, (name,), section_schema(section), asdict(type(section)()), asdict(section), taken)


def _types(plugins: Mapping[PluginId, PluginManifest], settings: Settings) -> Iterator[Part]:
    for plugin in plugins.values():
        alone = len({each.type_id for each in plugin.capabilities}) == 1
        for capability in plugin.capabilities:
            config = config_in_force(plugin, capability, settings.plugins)
            members = settings.plugins.of(plugin.id, capability.type_id)
            taken = members if config == capability.default_config | members else ()
            yield Part(
                short(plugin.id) if alone else f"{short(plugin.id)}:{capability.type_id}",
                ("plugins", plugin.id, capability.type_id),
                capability.config_schema,
                capability.default_config,
                config,
                frozenset(taken),
                (plugin, capability),
            )


def _properties(schema: JsonObject) -> JsonObject:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}
