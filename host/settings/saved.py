"""Configurations of plugins as the file holds them: ``[plugins."stellatune.dsp.gain".gain]``.

Only their form is checked here. Whether one fits is a matter of the plugin's schema (``host.packages``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

from host.jsontext import JsonObject
from host.records import record

__all__ = ["NOTHING_SAVED", "PLUGINS", "SavedConfig", "SavedConfigs", "read_saved", "title_of"]

PLUGINS = "plugins"


@record
class SavedConfig:
    """Members for one type, which go over the plugin's default."""

    plugin_id: str
    type_id: str
    config: JsonObject

    @property
    def title(self) -> str:
        """The head of its section."""
        return title_of(self.plugin_id, self.type_id)


@record
class SavedConfigs:
    """All of one file, in its order; ``file`` is what messages call it."""

    configs: tuple[SavedConfig, ...] = ()
    file: str = ""

    def __iter__(self) -> Iterator[SavedConfig]:
        return iter(self.configs)

    def of(self, plugin_id: str, type_id: str) -> JsonObject:
        """The members for a type; none where nothing is saved."""
        mine = (each.config for each in self.configs if (each.plugin_id, each.type_id) == (plugin_id, type_id))
        return next(mine, {})


NOTHING_SAVED = SavedConfigs()


def title_of(plugin_id: str, type_id: str = "") -> str:
    """A section as the file calls it."""
    bare = type_id and all(char.isascii() and (char.isalnum() or char in "_-") for char in type_id)
    last = type_id if bare else f'"{type_id}"'
    return f'[{PLUGINS}."{plugin_id}".{last}]' if type_id else f'[{PLUGINS}."{plugin_id}"]'


def read_saved(table: object, file: str, problems: list[str]) -> SavedConfigs:
    """The sections of form, from what stands under ``plugins``; the others are named in ``problems``."""
    if not isinstance(table, dict):
        problems.append(f"[{PLUGINS}] must be a table; it is ignored")
        return SavedConfigs(file=file)
    found: list[SavedConfig] = []
    for plugin_id, types in table.items():
        if "." not in plugin_id:
            remedy = 'an id stands in quotes, such as [plugins."stellatune.dsp.gain".gain]'
            problems.append(f'[{PLUGINS}.{plugin_id}] is ignored: "{plugin_id}" is no plugin\'s id; {remedy}')
        elif not isinstance(types, dict):
            problems.append(f"{title_of(plugin_id)} must be a table; it is ignored")
        else:
            found += _of_plugin(plugin_id, types, problems)
    return SavedConfigs(tuple(found), file)


def _of_plugin(plugin_id: str, types: dict[str, object], problems: list[str]) -> Iterator[SavedConfig]:
    for type_id, config in types.items():
        title = title_of(plugin_id, type_id)
        if not isinstance(config, dict):
            problems.append(f"{title} must be a table; it is ignored")
        elif stray := _not_json(config):
            problems.append(f"{title} is ignored: {stray} is nothing that JSON can hold")
        else:
            yield SavedConfig(plugin_id, type_id, cast("JsonObject", config))


def _not_json(value: object) -> str:
    """The first value inside that has no JSON form, as text; empty when all have."""
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return next((stray for each in inside if (stray := _not_json(each))), "")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return "" if isinstance(value, str | int | float | bool) else str(value)
