"""Everything that a host told while it was maltreated, each fact with the moment at which it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from host.events import EventBus, PluginFault, StageBypassed, StageGivenUp, StageMended, Topic, WorkerExited
from host.ids import PluginId

__all__ = ["Told", "Witness", "witnessing"]

T = TypeVar("T", bound=Topic)

_FACTS = (WorkerExited, PluginFault, StageMended, StageBypassed, StageGivenUp)
_CAPACITY = 1 << 16


@dataclass(frozen=True, slots=True)
class Told:
    """One fact; ``at_s``: of the loop's clock."""

    at_s: float
    fact: Topic


@dataclass(slots=True)
class Witness:
    """Grows while its host lives."""

    told: list[Told] = field(default_factory=list)

    def facts(self, kind: type[T]) -> list[T]:
        """All of one type, oldest first."""
        return [each.fact for each in self.told if isinstance(each.fact, kind)]

    def times(self, kind: type[T]) -> list[tuple[float, T]]:
        """The same with their moments."""
        return [(each.at_s, each.fact) for each in self.told if isinstance(each.fact, kind)]

    @property
    def deaths(self) -> list[WorkerExited]:
        """Processes that ended without having been asked to, by what the kernel says of their end."""
        return [exit_ for exit_ in self.facts(WorkerExited) if not exit_.expected]

    def deaths_of(self, plugin_id: PluginId) -> int:
        """How many of one plugin's."""
        return sum(death.plugin_id == plugin_id for death in self.deaths)


@asynccontextmanager
async def witnessing(bus: EventBus) -> AsyncIterator[Witness]:
    """A witness of all that is told until the block is left. Raises: AssertionError when it missed anything."""
    witness, clock = Witness(), asyncio.get_running_loop().time
    with bus.subscribe(*_FACTS, capacity=_CAPACITY) as facts:

        async def listen() -> None:
            async for fact in facts:
                witness.told.append(Told(clock(), fact))

        task = asyncio.create_task(listen())
        try:
            yield witness
        finally:
            facts.close()
            await task
            assert facts.dropped == 0, f"{facts.dropped} facts were missed"
