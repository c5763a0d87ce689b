"""Remembers what each plugin did in each role, and says whether it may run: the policy with a clock.

Belongs to the event loop's thread. It restarts nothing itself: whoever needs the plugin asks here first.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Protocol

from host.ids import PluginId, Role
from host.supervise.policy import CLEAN, Fault, History, Rules, Standing, State, Verdict, after, judge, turned_audible

__all__ = ["Death", "Supervisor"]

_Slot = tuple[PluginId, Role]


class Death(Protocol):
    """What of an autopsy matters here."""

    @property
    def plugin_id(self) -> PluginId:
        """Whose worker it was."""

    @property
    def role(self) -> Role:
        """What it was for."""

    @property
    def progress(self) -> bool:
        """Whether it had done something of use."""


class Supervisor:
    """One per host."""

    def __init__(
        self, rules: Rules | None = None, *, now: Callable[[], float] = time.monotonic, seed: int | None = None
    ) -> None:
        #: Whether somebody listens: only then do faults count by how many there are, or can be heard.
        self.paced = False
        self._rules = rules or Rules()
        self._now = now
        self._random = Random(seed)
        self._drivers: set[PluginId] = set()
        self._histories: dict[_Slot, History] = {}
        self._changed: dict[_Slot, asyncio.Event] = {}

    def lost(self, death: Death, *, lived_s: float = math.inf) -> Verdict:
        """A worker is gone that nobody asked to go, after ``lived_s`` of being loaded: what is to be done now."""
        fault = Fault(self._now(), death.progress, audible=False, paced=self.paced, lived_s=lived_s)
        history, verdict = after(self._history(death.plugin_id, death.role), fault, self._rules)
        self._remember((death.plugin_id, death.role), history)
        return verdict

    def drives_device(self, plugin_id: PluginId) -> None:
        """From now on a hang of it is its device's, which went away, and does not speak against the plugin."""
        self._drivers.add(plugin_id)

    def excuses(self, plugin_id: PluginId) -> bool:
        """Whether a hang of it is put down to a device."""
        return plugin_id in self._drivers

    def audible(self, plugin_id: PluginId, role: Role = Role.PLAY) -> Standing:
        """The newest fault of the plugin was heard: a bypass or a gap. That may be one too many."""
        history, _ = turned_audible(self._history(plugin_id, role), self._now(), self._rules)
        self._remember((plugin_id, role), history)
        return self.standing(plugin_id, role)

    def standing(self, plugin_id: PluginId, role: Role = Role.PLAY) -> Standing:
        """Whether it may run at this moment."""
        return judge(self._history(plugin_id, role), self._now())

    def restarts(self, plugin_id: PluginId, role: Role = Role.PLAY) -> int:
        """Losses since the last reset, each of which cost or will cost a restart."""
        return self._history(plugin_id, role).total

    def seconds_left(self, plugin_id: PluginId, role: Role = Role.PLAY) -> float | None:
        """How long its standing lasts by itself; None: for ever."""
        until_s = self.standing(plugin_id, role).until_s
        return None if until_s is None else max(0.0, until_s - self._now())

    async def permitted(self, plugin_id: PluginId, role: Role = Role.PLAY) -> bool:
        """Waits until it may run; False at once when it is quarantined."""
        return await self._leaves(State.WAIT, plugin_id, role) is State.READY

    async def until_reset(self, plugin_id: PluginId, role: Role = Role.PLAY) -> None:
        """Returns when it is not, or no longer, in quarantine: the term is over or somebody reset it."""
        await self._leaves(State.QUARANTINED, plugin_id, role)

    def reset(self, plugin_id: PluginId, role: Role | None = None) -> None:
        """Forgets everything it did, in one role or in all."""
        for slot in [slot for slot in self._histories if slot[0] == plugin_id and role in (None, slot[1])]:
            self._remember(slot, replace(CLEAN, seed=self._histories[slot].seed))

    async def _leaves(self, state: State, plugin_id: PluginId, role: Role) -> State:
        """Waits for another state, and says which."""
        slot = (plugin_id, role)
        while (standing := self.standing(plugin_id, role)).state is state:
            changed = self._changed.setdefault(slot, asyncio.Event())
            left_s = None if standing.until_s is None else max(0.0, standing.until_s - self._now())
            try:
                async with asyncio.timeout(left_s):
                    await changed.wait()
            except TimeoutError:
                continue  # judged again, as a clock may be a little early
        return standing.state

    def _history(self, plugin_id: PluginId, role: Role) -> History:
        slot = (plugin_id, role)
        if slot not in self._histories:
            self._histories[slot] = replace(CLEAN, seed=self._random.getrandbits(32))
        return self._histories[slot]

    def _remember(self, slot: _Slot, history: History) -> None:
        self._histories[slot] = history
        changed = self._changed.pop(slot, None)
        if changed is not None:
            changed.set()
