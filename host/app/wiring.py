"""From names that people use to a stage or an output: names looked up, configurations checked, nothing started."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from abi.kinds import CapabilityKind
from host.errors import Usage
from host.ids import PluginId
from host.jsontext import JsonObject
from host.packages import (
    CapabilityManifest,
    FileMode,
    PluginManifest,
    change_file_strings,
    check_config,
    config_in_force,
    file_strings,
    find_capability,
    merge_config,
)
from host.playback import Output, StageSpec
from host.settings import NOTHING_SAVED, LostOutput, SavedConfigs

__all__ = [
    "DEVICE_SILENCE_MS",
    "TAKEN_NAMES",
    "Plugins",
    "files_from_here",
    "files_to_write",
    "free_name",
    "output",
    "stage",
]

Plugins = Mapping[PluginId, PluginManifest]

#: What the stages before and behind the effects are called; no effect may be, or it could not be told from them.
TAKEN_NAMES = frozenset({"source", "decoder", "output"})

#: A device that starves for so long gets silence; files and the null output simply wait.
DEVICE_SILENCE_MS = 100

#: Of the null output that plays while a device is away: in real time, and nobody asks what it got.
_UNHEARD = {"paced": True, "hash": False}


def stage(
    name: str,
    kind: CapabilityKind,
    type_name: str,
    config: JsonObject | None,
    plugins: Plugins,
    saved: SavedConfigs = NOTHING_SAVED,
) -> StageSpec:
    """One stage by the name people use; ``config`` goes over what is saved, and that over the default.

    Raises:
        NotFound, Usage, ConfigRejected.
    """
    plugin, capability = find_capability(type_name, kind, plugins)
    owner = f"{plugin.id} ({capability.type_id})"
    merged = merge_config(owner, capability.config_schema, config_in_force(plugin, capability, saved), config or {})
    return StageSpec(name, plugin.id, capability.type_id, files_from_here(capability.config_schema, merged))


def files_from_here(schema: JsonObject, config: JsonObject) -> JsonObject:
    """The configuration with its files named from the root on: who reads it later may be elsewhere."""

    def absolute(_mode: FileMode, name: str) -> str:
        with suppress(OSError):  # the folder we are in is gone; opening the file will tell
            return str(Path(name).absolute()) if name else name
        return name

    return cast("JsonObject", change_file_strings(schema, config, absolute))


def free_name(wished: str, taken: Collection[str]) -> str:
    """What a stage is called that was given no name: as wished, or with the first number that nobody has."""
    name, count = wished, 2
    while name in taken or name in TAKEN_NAMES:
        name, count = f"{wished}{count}", count + 1
    return name


def output(
    type_name: str,
    target_name: str | None,
    config: JsonObject | None,
    plugins: Plugins,
    saved: SavedConfigs = NOTHING_SAVED,
    lost: LostOutput = LostOutput.WAIT,
) -> Output:
    """The output with its target, files not opened yet; ``lost``: what is done when its device goes away.

    Raises: NotFound, Usage, ConfigRejected.
    """
    spec = stage("output", CapabilityKind.OUTPUT_SINK, type_name, config, plugins, saved)
    _, capability = find_capability(type_name, CapabilityKind.OUTPUT_SINK, plugins)
    target = _target(target_name, capability)
    if capability.target_schema is not None:
        check_config(f"the target of output {capability.type_id}", capability.target_schema, target)
    own_time = spec.config.get("paced") is True  # an output that can keep the time of a device says so there
    waits = not own_time and (capability.type_id == "null" or bool(files_to_write(capability, target)))
    if waits:
        return Output(spec, target)
    unheard = None
    if lost is LostOutput.NULL:
        unheard = Output(stage("output", CapabilityKind.OUTPUT_SINK, "null", dict(_UNHEARD), plugins, saved), {})
    waited_for = lost is not LostOutput.STOP
    return Output(spec, target, silence_after_ms=DEVICE_SILENCE_MS, waits=waited_for, stand_in=unheard)


def _target(name: str | None, capability: CapabilityManifest) -> JsonObject:
    properties = (capability.target_schema or {}).get("properties", {})
    known = properties if isinstance(properties, dict) else {}
    if name is None:
        if "path" in known:
            raise Usage(f"output {capability.type_id} needs a file", remedy=f"--output {capability.type_id}:PATH")
        return {}
    if "path" in known:
        if not name.isprintable():
            raise Usage(f"{name}: the name of an output must be printable UTF-8", remedy="choose another name")
        return {"path": name}
    if capability.type_id == "null":
        raise Usage("the null output takes no target", remedy="--output null")
    return {"id": name}


def files_to_write(capability: CapabilityManifest, target: JsonObject) -> tuple[str, ...]:
    """The files that a target names; the host opens them."""
    found = file_strings(capability.target_schema or {}, target)
    return tuple(value for mode, value in found if mode is FileMode.WRITE)
