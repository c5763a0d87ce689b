"""With which configuration decoders, or sources, of each type are made: what is chosen, and what replaced that while it
played."""

from __future__ import annotations

from collections.abc import Callable

from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.stage_spec import StageSpec

__all__ = ["TypeConfigs"]


class TypeConfigs:
    """Of one playback. ``name``: of the stage; ``chosen`` gives what a type is to be made with, asked each time."""

    def __init__(self, name: str, chosen: Callable[[PluginId, TypeId], JsonObject]) -> None:
        self._name = name
        self._chosen = chosen
        self._specs: dict[tuple[PluginId, TypeId], tuple[JsonObject, StageSpec]] = {}

    def of(self, plugin_id: PluginId, type_id: TypeId) -> StageSpec:
        """What the next one of this type is made from: what was adopted, until another choice is made."""
        chosen = self._chosen(plugin_id, type_id)
        fresh = StageSpec(self._name, plugin_id, type_id, chosen)
        before, spec = self._specs.get((plugin_id, type_id), (chosen, fresh))
        if before != chosen and spec.config != chosen:
            spec = StageSpec(self._name, plugin_id, type_id, chosen, spec.config_gen + 1)
        self._specs[plugin_id, type_id] = chosen, spec
        return spec

    def adopt(self, spec: StageSpec) -> None:
        """From now on this."""
        self._specs[spec.plugin_id, spec.type_id] = self._chosen(spec.plugin_id, spec.type_id), spec
