"""What the stages of one playback report: how they ended, which workers died, which digests came.

One reader: the player, whenever it waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from abi.kinds import CapabilityKind
from abi.wire import StopReason
from host.errors import PluginRefused, ProtocolViolated, StellaError, WorkerLost
from host.events import DigestDone, StageEnded, Subscription, Topic, WorkerExited
from host.playback.faults import Fault, crash_in_destroy
from host.playback.output_failures import output_failure
from host.runtime import Instance

__all__ = ["StageEnd", "StageWatch", "Watched"]


class Watched(Protocol):
    """A stage: whatever holds an instance."""

    @property
    def instance(self) -> Instance:
        """The instance that works there."""


@dataclass(frozen=True, slots=True)
class StageEnd:
    """How a stage stopped; ``reason`` None: its worker is gone."""

    stage: Watched
    reason: StopReason | None
    position: int
    code: int
    text: str

    def failure(self) -> StellaError | None:
        """The error, where this is one."""
        name = f"{self.stage.instance.plugin_id} ({self.stage.instance.type_id})"
        match self.reason:
            case StopReason.END_OF_STREAM | StopReason.FINISHED:
                return None
            case None:
                return WorkerLost(f"{name}: {self.text}", remedy="see -v for what its worker said")
            case StopReason.PLUGIN_ERROR:
                refused = PluginRefused(f"{name}: {self.text or 'failed without a word'}", status=self.code)
                is_sink = self.stage.instance.kind is CapabilityKind.OUTPUT_SINK
                return output_failure(refused) if is_sink else refused
            case StopReason.CONTRACT | StopReason.RING:
                return ProtocolViolated(f"{name}: {self.text or 'broke the contract'}", remedy="the plugin is at fault")


class StageWatch:
    """Reads a subscription to ``StageEnded``, ``DigestDone`` and ``WorkerExited``, and remembers."""

    def __init__(self, facts: Subscription[Topic]) -> None:
        self._facts = facts
        self._ends: dict[tuple[str, int], StageEnded] = {}
        self._gone: dict[tuple[str, int], str] = {}
        self._digests: dict[tuple[int, int], str] = {}
        self._crashes: list[Fault] = []

    async def first_end(self, stages: Iterable[Watched]) -> StageEnd:
        """Waits until one of these stages has ended; the first in the given order if several have."""
        watched = tuple(stages)
        while True:
            for stage in watched:
                end = self._end_of(stage)
                if end is not None:
                    return end
            await self._take()

    async def digest(self, start: int, end: int, stages: Iterable[Watched] = ()) -> str:
        """Waits for the digest of these frames. Raises: StellaError when one of the stages fails before."""
        watched = tuple(stages)
        while (start, end) not in self._digests:
            for stage in watched:
                ended = self._end_of(stage)
                failure = ended.failure() if ended is not None else None
                if failure is not None:
                    raise failure
            await self._take()
        return self._digests[start, end]

    def forget(self, stage: Watched) -> None:
        """The stage begins anew: what it reported counts no more."""
        self._ends.pop((stage.instance.plugin_id, stage.instance.id), None)

    def is_gone(self, stage: Watched) -> bool:
        """Whether its worker is known to be dead."""
        self._catch_up()
        return (stage.instance.plugin_id, stage.instance.generation) in self._gone

    def crashes(self) -> tuple[Fault, ...]:
        """Workers that ended while they destroyed an instance, as far as that is known."""
        self._catch_up()
        return tuple(self._crashes)

    def _catch_up(self) -> None:
        while (fact := self._facts.poll()) is not None:
            self._remember(fact)

    def _end_of(self, stage: Watched) -> StageEnd | None:
        instance = stage.instance
        ended = self._ends.get((instance.plugin_id, instance.id))
        if ended is not None:
            return StageEnd(stage, ended.reason, ended.position, ended.code, ended.text)
        gone = self._gone.get((instance.plugin_id, instance.generation))
        return None if gone is None else StageEnd(stage, None, 0, 0, gone)

    async def _take(self) -> None:
        self._remember(await anext(self._facts))

    def _remember(self, fact: Topic) -> None:
        match fact:
            case StageEnded() as ended:
                self._ends[ended.plugin_id, ended.instance] = ended
            case DigestDone() as done:
                self._digests[done.start, done.end] = done.sha256
            case WorkerExited() as exited:
                reason = f" ({exited.reason})" if exited.reason else ""
                self._gone[exited.plugin_id, exited.generation] = f"its worker ended: {exited.how}{reason}"
                crash = crash_in_destroy(exited)
                if crash is not None:
                    self._crashes.append(crash)
