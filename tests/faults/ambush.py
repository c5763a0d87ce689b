"""Failpoints on the way of a storm: so many workers of each plugin end themselves inside checkpoints and commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from host.ids import PluginId
from tests.support.failpoints import Action, Armed, Failpoints

__all__ = ["CHECKPOINT", "COMMIT", "Ambush", "Ambushes"]

CHECKPOINT = ("checkpoint", "checkpoint_cleared", "checkpoint_half", "checkpoint_filled")
COMMIT = ("output", "commit")

#: Of one place passed by all generations of a plugin: two checkpoints in a second of music, a hundred blocks.
_CHECKPOINT_PASSES = (5, 60)
_BLOCK_PASSES = (300, 1500)
_READ_PASSES = (60, 300)


@dataclass(frozen=True, slots=True)
class Ambush:
    """``deaths``: so many are wanted there."""

    plugin_id: PluginId
    place: str
    deaths: int
    armed: Armed

    @property
    def met(self) -> bool:
        """Whether there were enough."""
        return self.armed.fired >= self.deaths


class Ambushes:
    """All of one storm."""

    def __init__(self, ambushes: Sequence[Ambush]) -> None:
        self._all = tuple(ambushes)

    def __iter__(self) -> Iterator[Ambush]:
        return iter(self._all)

    def call_off(self) -> None:
        """Those that had enough."""
        for each in self._all:
            if each.met:
                each.armed.disarm()

    def met(self) -> bool:
        """Whether there were enough everywhere."""
        return all(each.met for each in self._all)

    def inside(self, places: Sequence[str], plugin_id: PluginId) -> int:
        """Deaths of a plugin at these places."""
        return sum(each.armed.fired for each in self._all if each.plugin_id == plugin_id and each.place in places)

    @staticmethod
    def lay(
        failpoints: Failpoints,
        random: Random,
        decoder: PluginId,
        effects: Sequence[PluginId],
        checkpoints: int,
        commits: int,
    ) -> Ambushes:
        """So many deaths of each effect inside checkpoints and around commits, of the decoder before it publishes."""

        def laid(plugin: PluginId, place: str, deaths: int, passes: tuple[int, int]) -> Iterator[Ambush]:
            if deaths:
                first, every = random.randint(1, passes[1]), random.randint(*passes)
                armed = failpoints.arm(place, Action.KILL, let_pass=first, every=every, plugin=plugin)
                yield Ambush(plugin, place, deaths, armed)

        made: list[Ambush] = []
        for effect in effects:
            for places, wanted, passes in (
                (CHECKPOINT, checkpoints, _CHECKPOINT_PASSES),
                (COMMIT, commits, _BLOCK_PASSES),
            ):
                for index, place in enumerate(places):
                    made += laid(effect, place, (wanted + index) // len(places), passes)
        made += laid(decoder, "publish", commits, _READ_PASSES)
        return Ambushes(made)
