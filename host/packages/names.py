"""What people may call a plugin or a type: any ending of its name that leaves no doubt.

`stellatune.dsp.gain` answers to `gain`, `dsp.gain` and its whole id; a type also to its own id, and where one plugin
has several types, to `<plugin>:<type>`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from abi.kinds import CapabilityKind
from host.errors import NotFound, Usage
from host.ids import PluginId, TypeId
from host.packages.manifest import CapabilityManifest, PluginManifest

__all__ = ["endings_of", "find_capability", "find_owner", "find_plugin", "find_type"]

Thing = TypeVar("Thing")


def _is_ending(name: str, full: str) -> bool:
    return full == name or full.endswith(f".{name}")


def _choose(name: str, what: str, things: Iterable[Thing], known: Callable[[Thing], tuple[str, ...]]) -> Thing:
    """The one thing that `name` can mean. A name in full beats an ending."""
    everything = list(things)
    exact = [thing for thing in everything if name in known(thing)]
    found = exact or [thing for thing in everything if any(_is_ending(name, full) for full in known(thing))]
    if len(found) == 1 and name:
        return found[0]
    if found and name:
        candidates = sorted(known(thing)[0] for thing in found)
        raise Usage(f"{what} {name!r} is ambiguous", remedy=f"say which: {', '.join(candidates)}", code="ambiguous")
    words = {word: known(thing)[0] for thing in everything for full in known(thing) for word in endings_of(full)}
    near = sorted({words[word] for word in difflib.get_close_matches(name, words, n=3, cutoff=0.6)})
    if near:
        raise NotFound(f"no {what} {name!r}", remedy=f"did you mean {' or '.join(near)}?")
    listed = ", ".join(sorted(known(thing)[0] for thing in everything)) or "none"
    raise NotFound(f"no {what} {name!r}", remedy=f"there are: {listed}")


def endings_of(full: str) -> list[str]:
    """All that a dotted name may be called, itself first."""
    parts = full.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def find_plugin(name: str, plugins: Mapping[PluginId, PluginManifest]) -> PluginManifest:
    """The plugin a name means. Raises: NotFound, or Usage when several could be meant."""
    return _choose(name, "plugin", plugins.values(), lambda plugin: (plugin.id,))


def find_owner(name: str, plugins: Mapping[PluginId, PluginManifest]) -> PluginManifest:
    """The plugin meant by its own name or, failing that, a type's: `equalizer`, `dsp.equalizer`, `<plugin>:<type>`.

    Raises:
        NotFound, or Usage when several could be meant.
    """
    try:
        return find_plugin(name, plugins)
    except NotFound as error:
        owners = [plugin for plugin in plugins.values() if name in _type_names(plugin)]
        if not owners:
            raise error from None
    if len(owners) > 1:
        candidates = ", ".join(sorted(plugin.id for plugin in owners))
        raise Usage(f"plugin {name!r} is ambiguous", remedy=f"say which: {candidates}", code="ambiguous")
    return owners[0]


def _type_names(plugin: PluginManifest) -> set[str]:
    return {
        word
        for each in plugin.capabilities
        for word in (each.type_id, f"{each.kind.word}.{each.type_id}", f"{plugin.id}:{each.type_id}")
    }


def find_capability(
    name: str, kind: CapabilityKind, plugins: Mapping[PluginId, PluginManifest]
) -> tuple[PluginManifest, CapabilityManifest]:
    """The capability of a kind that a name means. Raises: NotFound, or Usage when several could be meant."""
    everything = [
        (plugin, capability)
        for plugin in plugins.values()
        for capability in plugin.capabilities
        if capability.kind is kind
    ]
    alone = {plugin.id for plugin, _ in everything if sum(other is plugin for other, _ in everything) == 1}

    def known(pair: tuple[PluginManifest, CapabilityManifest]) -> tuple[str, ...]:
        plugin, capability = pair
        full = f"{plugin.id}:{capability.type_id}"
        return (plugin.id, full, capability.type_id) if plugin.id in alone else (full, capability.type_id)

    return _choose(name, f"{kind.word} type", everything, known)


def find_type(
    name: str, plugins: Mapping[PluginId, PluginManifest]
) -> tuple[PluginManifest, tuple[CapabilityManifest, ...]]:
    """The type a name means, of whatever kind; several capabilities where a plugin has one name for several kinds.

    Raises:
        NotFound, or Usage when several could be meant.
    """
    everything = [
        (plugin, type_id)
        for plugin in plugins.values()
        for type_id in dict.fromkeys(each.type_id for each in plugin.capabilities)
    ]

    def known(pair: tuple[PluginManifest, TypeId]) -> tuple[str, ...]:
        plugin, type_id = pair
        full = f"{plugin.id}:{type_id}"
        alone = all(each.type_id == type_id for each in plugin.capabilities)
        return (plugin.id, full, type_id) if alone else (full, type_id)

    plugin, type_id = _choose(name, "type", everything, known)
    return plugin, tuple(each for each in plugin.capabilities if each.type_id == type_id)
