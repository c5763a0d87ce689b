"""One stage as it is wished for."""

from __future__ import annotations

from dataclasses import dataclass

from host.ids import PluginId, TypeId
from host.jsontext import JsonObject

__all__ = ["StageSpec"]


@dataclass(frozen=True, slots=True)
class StageSpec:
    """``name`` is what people call it, ``config`` fits its schema; ``config_gen`` counts those that were accepted."""

    name: str
    plugin_id: PluginId
    type_id: TypeId
    config: JsonObject
    config_gen: int = 1
