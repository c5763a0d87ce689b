"""What a worker is started for."""

from __future__ import annotations

from dataclasses import dataclass

from host.ids import Generation, PluginId, Role

__all__ = ["WorkerSpec"]


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One process is one generation of one plugin in one role."""

    plugin_id: PluginId
    role: Role
    generation: Generation
