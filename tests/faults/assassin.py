"""Strikes workers from outside at moments that a seed chooses; only who has done something already, but for a few."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from host.ids import PluginId
from host.runtime import Instance, PluginRuntime

__all__ = ["Assassin", "Blow"]

#: So many workers of each plugin may be struck before their first block: each costs the plugin a longer delay.
_MOST_TOO_EARLY = 2
_EARLY_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Blow:
    """One signal sent; ``at_s``: of the loop's clock."""

    at_s: float
    plugin_id: PluginId
    pid: int


class Assassin:
    """Of one host. ``pause_s``: the longest time between two blows."""

    def __init__(self, runtime: PluginRuntime, random: Random, number: signal.Signals, pause_s: float) -> None:
        self.blows: list[Blow] = []
        self._runtime = runtime
        self._random = random
        self._signal = number
        self._pause_s = pause_s
        self._early: Counter[PluginId] = Counter()

    async def strike(self, wanted: Callable[[], Sequence[PluginId]]) -> None:
        """Until nobody is ``wanted`` any more, or it is cancelled."""
        while victims := wanted():
            await asyncio.sleep(self._random.uniform(0, self._pause_s))
            self.blow(self._random.choice(victims))

    def finds(self, plugin_id: PluginId) -> bool:
        """Whether somebody of that plugin has done something."""
        return any(one.plugin_id == plugin_id and _lives(one) and _blocks(one) for one in self._runtime.instances())

    def blow(self, plugin_id: PluginId) -> bool:
        """Whether it struck; nobody of that plugin may be at work. Nothing is awaited, so that the pid is still his."""
        struck = {blow.pid for blow in self.blows}
        living = [one for one in self._runtime.instances() if one.plugin_id == plugin_id and _lives(one)]
        living = [one for one in living if one.pid not in struck]
        if not living:
            return False
        victim = max(living, key=_blocks)
        if _blocks(victim) == 0:
            if self._random.random() > _EARLY_SHARE or self._early[plugin_id] >= _MOST_TOO_EARLY:
                return False
            self._early[plugin_id] += 1
        os.kill(victim.pid, self._signal)
        self.blows.append(Blow(asyncio.get_running_loop().time(), plugin_id, victim.pid))
        return True


def _lives(instance: Instance) -> bool:
    return instance.alive and not instance.worker.exited.done() and not instance.worker.doomed


def _blocks(instance: Instance) -> int:
    """Blocks that the instance has moved."""
    return sum(lane.blocks for lane in instance.worker.status.lanes() if lane.instance == instance.id)
