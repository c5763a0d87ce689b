"""Who did the work at one place of a chain."""

from __future__ import annotations

from dataclasses import field

from host.ids import Generation, InstanceId, PluginId, TypeId
from host.records import record

__all__ = ["StageUse"]


@record
class StageUse:
    """Who did the work at one place of the chain. ``instance`` is for those who look closer, and makes no other use."""

    name: str
    plugin_id: PluginId
    type_id: TypeId
    generation: Generation
    pid: int
    instance: InstanceId = field(default=InstanceId(0), compare=False)
