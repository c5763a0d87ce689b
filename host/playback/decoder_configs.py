"""With which configuration decoders of each type are made: what was chosen at the start, and what replaced it since."""

from __future__ import annotations

from collections.abc import Callable

from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.stage_spec import StageSpec

__all__ = ["DecoderConfigs"]

NAME = "decoder"


class DecoderConfigs:
    """Of one host. ``chosen`` gives the configuration that a type begins with."""

    def __init__(self, chosen: Callable[[PluginId, TypeId], JsonObject]) -> None:
        self._chosen = chosen
        self._specs: dict[tuple[PluginId, TypeId], StageSpec] = {}

    def of(self, plugin_id: PluginId, type_id: TypeId) -> StageSpec:
        """What the next decoder of this type is made from."""
        found = self._specs.get((plugin_id, type_id))
        if found is None:
            found = StageSpec(NAME, plugin_id, type_id, self._chosen(plugin_id, type_id))
            self._specs[plugin_id, type_id] = found
        return found

    def adopt(self, spec: StageSpec) -> None:
        """From now on this."""
        self._specs[spec.plugin_id, spec.type_id] = spec
