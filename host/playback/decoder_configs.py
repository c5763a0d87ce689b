"""With which configuration decoders of each type are made: what is chosen, and what replaced that while it played."""

from __future__ import annotations

from collections.abc import Callable

from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.stage_spec import StageSpec

__all__ = ["DecoderConfigs"]

NAME = "decoder"


class DecoderConfigs:
    """Of one playback. ``chosen`` gives what a type is to be made with; it is asked again each time."""

    def __init__(self, chosen: Callable[[PluginId, TypeId], JsonObject]) -> None:
        self._chosen = chosen
        self._specs: dict[tuple[PluginId, TypeId], tuple[JsonObject, StageSpec]] = {}

    def of(self, plugin_id: PluginId, type_id: TypeId) -> StageSpec:
        """What the next decoder of this type is made from: what was adopted, until another choice is made."""
        chosen = self._chosen(plugin_id, type_id)
        before, spec = self._specs.get((plugin_id, type_id), (chosen, StageSpec(NAME, plugin_id, type_id, chosen)))
        if before != chosen and spec.config != chosen:
            spec = StageSpec(NAME, plugin_id, type_id, chosen, spec.config_gen + 1)
        self._specs[plugin_id, type_id] = chosen, spec
        return spec

    def adopt(self, spec: StageSpec) -> None:
        """From now on this."""
        self._specs[spec.plugin_id, spec.type_id] = self._chosen(spec.plugin_id, spec.type_id), spec
