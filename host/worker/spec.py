"""What a worker is started for."""

from __future__ import annotations

from host.ids import Generation, PluginId, Role
from host.records import record

__all__ = ["WorkerSpec"]


@record
class WorkerSpec:
    """One process is one generation of one plugin in one role."""

    plugin_id: PluginId
    role: Role
    generation: Generation
