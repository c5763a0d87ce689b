"""The configuration file read again while the host runs: what differs, what of it holds at once, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from host.app.config_commands import ConfigCommands
from host.errors import NotFound, NotRunning, StellaError
from host.events import ConfigReloaded
from host.ids import PluginId
from host.jsontext import Json, JsonObject, dump_json
from host.packages import PluginManifest, config_in_force, saved_problems
from host.records import record
from host.settings import SavedConfigs, Section, Settings

__all__ = ["reloaded"]


async def reloaded(
    before: Settings, now: Settings, plugins: Mapping[PluginId, PluginManifest], configs: ConfigCommands
) -> ConfigReloaded:
    """What plays takes the configurations that were saved since; says what became of every difference."""
    changed = [*_section_changes("limits", before.limits, now.limits), *_section_changes("log", before.log, now.log)]
    changed += _section_changes("lyrics", before.lyrics, now.lyrics)
    changed += (f"{line}, for the next command" for line in _section_changes("library", before.library, now.library))
    gains = _section_changes("replaygain", before.replay_gain, now.replay_gain)
    changed += (f"{line}, from the next track that is opened" for line in gains)
    later = [f"{line}, for the next playback" for line in _section_changes("pipeline", before.pipeline, now.pipeline)]
    later += (f"{line}, for the next host" for line in _section_changes("output", before.output, now.output))
    problems = [*now.problems]
    problems += (each.text for each in saved_problems(now.plugins, plugins) if each.installed)
    for change in _type_changes(before.plugins, now.plugins, plugins):
        later += (f"{change.name}.{member} has no value any more" for member in change.gone)
        if not change.members:
            continue
        try:
            answer = await configs.update(change.name, change.members, merge=True)
        except (NotRunning, NotFound):
            changed.append(f"{change.name}: for what is opened from now on")
        except StellaError as error:
            problems.append(f"{change.name}: {error}")
        else:
            for outcome in _objects(answer["outcomes"]):
                line = f"{outcome['name']} ({change.name}): {outcome['outcome']}"
                if outcome["ok"]:
                    changed.append(line)
                else:
                    problems.append(f"{line}: {outcome['reason']}")
    return ConfigReloaded(tuple(changed), tuple(later), tuple(problems))


def _objects(value: Json) -> Iterator[JsonObject]:
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))


@record
class _TypeChange:
    """Members of a type's configuration that have another value now; ``gone``: those that have none any more."""

    name: str
    members: JsonObject
    gone: tuple[str, ...]


def _section_changes(name: str, before: Section, now: Section) -> tuple[str, ...]:
    """One line for each value that differs, such as ``log.level: info -> debug``."""
    old, new = asdict(before), asdict(now)
    return tuple(f"{name}.{key}: {old[key]} -> {value}" for key, value in new.items() if value != old[key])


def _type_changes(
    before: SavedConfigs, now: SavedConfigs, plugins: Mapping[PluginId, PluginManifest]
) -> Iterator[_TypeChange]:
    """The types whose configuration without anybody's wish is another one now."""
    for plugin in plugins.values():
        for capability in plugin.capabilities:
            old, new = config_in_force(plugin, capability, before), config_in_force(plugin, capability, now)
            members = {key: value for key, value in new.items() if key not in old or _differ(old[key], value)}
            gone = tuple(key for key in old if key not in new)
            if members or gone:
                yield _TypeChange(f"{plugin.id}:{capability.type_id}", members, gone)


def _differ(one: Json, other: Json) -> bool:
    return dump_json(one) != dump_json(other)  # true is not 1 here
