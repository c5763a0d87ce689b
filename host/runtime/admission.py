"""Who may be loaded: not what the user switched off, not what failed too often, and nobody before the time is up."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

from host.errors import PluginDisabled, PluginQuarantined
from host.ids import PluginId, Role
from host.runtime.disabled import DisabledPlugins, Disablement
from host.supervise import State, Supervisor

__all__ = ["Admission"]


class Admission:
    """Asked before every load and create."""

    def __init__(self, supervisor: Supervisor, state_dir: Path) -> None:
        self._supervisor = supervisor
        self._file = DisabledPlugins(state_dir)
        self._known: Disablement | None = None

    async def disabled(self) -> Disablement:
        """What the user switched off; read once, when it is first needed."""
        if self._known is None:
            self._known = await asyncio.to_thread(self._file.read)
        return self._known

    async def switch(self, plugin_id: PluginId, *, off: bool) -> None:
        """Remembers it, too. Raises: PackageError when that cannot be written."""
        self._known = await asyncio.to_thread(self._file.set, plugin_id, off)

    async def check(self, plugin_id: PluginId, role: Role) -> None:
        """Passes when it may be used. Raises: PluginDisabled, PluginQuarantined."""
        if plugin_id in (await self.disabled()).plugins:
            raise PluginDisabled(
                f"{plugin_id} is disabled", remedy=f"`stellatune plugins enable {plugin_id}` switches it on again"
            )
        if self._supervisor.standing(plugin_id, role).state is State.QUARANTINED:
            raise self._quarantined(plugin_id, role)

    async def wait(self, plugin_id: PluginId, role: Role) -> None:
        """Passes when it may be started, which is a while after it failed. Raises: PluginQuarantined."""
        if not await self._supervisor.permitted(plugin_id, role):
            raise self._quarantined(plugin_id, role)

    def _quarantined(self, plugin_id: PluginId, role: Role) -> PluginQuarantined:
        left_s = self._supervisor.seconds_left(plugin_id, role)
        span = "until it is reset" if left_s is None else f"for {math.ceil(left_s)} s more"
        failed = self._supervisor.restarts(plugin_id, role)
        return PluginQuarantined(
            f"{plugin_id} is quarantined {span}: it failed {failed} times",
            remedy=f"`stellatune plugins reset {plugin_id}` lets it in at once",
        )
