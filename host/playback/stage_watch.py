"""What the stages of one playback report: how they ended, which could not be mended, which digests came.

One reader: the player, whenever it waits. A stage whose worker dies has not ended: recovery puts a successor there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from abi.kinds import CapabilityKind
from abi.wire import StopReason
from host.errors import PluginRefused, StellaError
from host.events import DigestDone, StageEnded, StageGivenUp, StageMended, Subscription, Topic, WorkerExited
from host.playback.faults import Fault, crash_in_destroy
from host.playback.output_failures import output_failure
from host.records import record
from host.runtime import Instance

__all__ = ["StageEnd", "StageWatch", "Stages", "Watched"]


class Watched(Protocol):
    """A stage: a place where instances work, one after the other."""

    failure: StellaError | None

    @property
    def instance(self) -> Instance:
        """The instance that works there now."""

    @property
    def epoch(self) -> int:
        """What it says of an earlier one counts no more."""

    def outlives(self, reason: StopReason, code: int, /) -> bool:
        """Whether somebody else goes on there after such an end of the occupant."""


@record
class StageEnd:
    """How a stage stopped for good; ``failure`` None: in order."""

    stage: Watched
    failure: StellaError | None = None


class Stages(Iterable[Watched]):
    """The stages that there are whenever somebody goes through them."""

    def __init__(self, now: Callable[[], Iterable[Watched]]) -> None:
        self._now = now

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._now())


class StageWatch:
    """Reads a subscription to the facts in ``FACTS``, and remembers."""

    FACTS = (StageEnded, StageGivenUp, StageMended, DigestDone, WorkerExited)

    def __init__(self, facts: Subscription[Topic]) -> None:
        self._facts = facts
        self._ends: dict[tuple[str, int], StageEnded] = {}
        self._digests: dict[int, tuple[int, str]] = {}
        self._crashes: list[Fault] = []

    async def first_end(self, stages: Iterable[Watched]) -> StageEnd:
        """Waits until one of these stages has ended; the first in the given order if several have.

        They are gone through again after each fact.
        """
        while True:
            for stage in stages:
                end = self._end_of(stage)
                if end is not None:
                    return end
            await self._take()

    async def digest(
        self, start: int, end: int, stages: Iterable[Watched] = (), lost: Callable[[], bool] = lambda: False
    ) -> str:
        """Waits for the digest of these frames; empty when the output was replaced among them, and nobody knows it.

        ``lost``: whether the output was replaced behind them, so that none will come any more.

        Raises:
            StellaError: one of the stages failed before.
        """
        while end not in self._digests:
            if lost():
                return ""
            for stage in stages:
                ended = self._end_of(stage)
                if ended is not None and ended.failure is not None:
                    raise ended.failure
            await self._take()
        began, sha256 = self._digests[end]
        return sha256 if began == start else ""

    def forget(self, stage: Watched) -> None:
        """The stage begins anew: what it reported counts no more."""
        self._ends.pop((stage.instance.plugin_id, stage.instance.id), None)

    def crashes(self) -> tuple[Fault, ...]:
        """Workers that ended while they destroyed an instance, as far as that is known."""
        self._catch_up()
        return tuple(self._crashes)

    def _catch_up(self) -> None:
        while (fact := self._facts.poll()) is not None:
            self._remember(fact)

    def _end_of(self, stage: Watched) -> StageEnd | None:
        if stage.failure is not None:
            return StageEnd(stage, stage.failure)
        ended = self._ends.get((stage.instance.plugin_id, stage.instance.id))
        if ended is None or ended.epoch != stage.epoch or stage.outlives(ended.reason, ended.code):
            return None
        return StageEnd(stage, _refusal(stage.instance, ended) if ended.reason is StopReason.PLUGIN_ERROR else None)

    async def _take(self) -> None:
        self._remember(await anext(self._facts))

    def _remember(self, fact: Topic) -> None:
        match fact:
            case StageEnded() as ended:
                self._ends[ended.plugin_id, ended.instance] = ended
            case DigestDone() as done:
                self._digests[done.end] = (done.start, done.sha256)
            case WorkerExited() as exited:
                crash = crash_in_destroy(exited)
                if crash is not None:
                    self._crashes.append(crash)


def _refusal(instance: Instance, ended: StageEnded) -> StellaError:
    text = f"{instance.plugin_id} ({instance.type_id}): {ended.text or 'failed without a word'}"
    refused = PluginRefused(text, status=ended.code)
    return output_failure(refused) if instance.kind is CapabilityKind.OUTPUT_SINK else refused
