"""Which files wait for which decoder, and which may fly together: pure.

Files of one decoder fly in batches. When a worker dies, every file that was in flight in it is a suspect; as long as a
plugin has suspects, they fly alone, one after the other, and nothing else of that plugin flies.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from host.capabilities import MOST_FILES, Candidate
from host.ids import PluginId, TypeId
from host.library.facts import FileStamp, Problem
from host.records import record

__all__ = ["Batch", "Board", "Job"]

_Decoder = tuple[PluginId, TypeId]


@dataclass(slots=True)
class Job:
    """One file on its way. ``candidates``: who is still to be asked, next first; ``refusals``: who said no, and why.

    ``crashed``: whom it has killed. ``left_out``: somebody who might read it was not asked. ``lost``: how often its
    worker was ended by somebody else while it flew alone.
    """

    path: bytes
    stamp: FileStamp
    known: bool
    candidates: tuple[Candidate, ...]
    side_cover: bytes | None = None
    refusals: list[tuple[Candidate, str]] = field(default_factory=list)
    crashed: list[Problem] = field(default_factory=list)
    left_out: bool = False
    lost: int = 0

    @property
    def next_decoder(self) -> _Decoder:
        """Who is to be asked."""
        return (self.candidates[0].plugin_id, self.candidates[0].type_id)

    def pass_on(self) -> None:
        """Whoever was asked is not asked again."""
        self.candidates = self.candidates[1:]


@record
class Batch:
    """Files that fly together. ``alone``: nothing else is in their worker."""

    decoder: _Decoder
    jobs: list[Job]
    alone: bool

    @property
    def plugin_id(self) -> PluginId:
        """Whose decoder."""
        return self.decoder[0]


class Board:
    """All files that wait or fly. Every job has a candidate as long as it is here."""

    def __init__(self) -> None:
        self._waiting: dict[_Decoder, deque[Job]] = {}
        self._suspects: dict[PluginId, deque[Job]] = {}
        self._flying: Counter[PluginId] = Counter()
        self._alone: set[PluginId] = set()

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing flies."""
        return not self._flying.total() and not any(self._waiting.values()) and not any(self._suspects.values())

    def add(self, job: Job) -> None:
        """It waits for its next decoder."""
        self._waiting.setdefault(job.next_decoder, deque()).append(job)

    def put_back(self, jobs: Iterable[Job]) -> None:
        """They did not fly, and are the next again."""
        for job in reversed(list(jobs)):
            self._waiting.setdefault(job.next_decoder, deque()).appendleft(job)

    def suspect(self, jobs: Iterable[Job], *, first: bool = False) -> None:
        """They fly alone, ``first`` before all other suspects."""
        for job in jobs:
            suspects = self._suspects.setdefault(job.candidates[0].plugin_id, deque())
            if first:
                suspects.appendleft(job)
            else:
                suspects.append(job)

    def clear(self, job: Job) -> None:
        """It is no suspect any more, and not on the board."""
        self._suspects[job.candidates[0].plugin_id].remove(job)

    def drop(self, plugin_id: PluginId) -> list[Job]:
        """Takes out all that wait for a plugin."""
        dropped = list(self._suspects.pop(plugin_id, ()))
        for decoder in [decoder for decoder in self._waiting if decoder[0] == plugin_id]:
            dropped.extend(self._waiting.pop(decoder))
        return dropped

    def pick(self, *, partial: bool) -> Batch | None:
        """Who flies next, None when nobody may. ``partial``: also a batch that is not full."""
        for plugin_id, suspects in self._suspects.items():
            if suspects and not self._flying[plugin_id]:
                job = suspects.popleft()
                return self._fly(Batch(job.next_decoder, [job], alone=True))
        free = [
            (min(len(jobs), MOST_FILES), -self._flying[decoder[0]], len(jobs), decoder)
            for decoder, jobs in self._waiting.items()
            if jobs and decoder[0] not in self._alone and not self._suspects.get(decoder[0])
        ]
        count, _, _, decoder = max(free, default=(0, 0, 0, None), key=lambda each: each[:3])
        if decoder is None or (count < MOST_FILES and not partial):
            return None
        jobs = self._waiting[decoder]
        return self._fly(Batch(decoder, [jobs.popleft() for _ in range(count)], alone=False))

    def landed(self, batch: Batch) -> None:
        """It flies no more, however it went."""
        self._flying[batch.plugin_id] -= 1
        if batch.alone:
            self._alone.discard(batch.plugin_id)

    def _fly(self, batch: Batch) -> Batch:
        self._flying[batch.plugin_id] += 1
        if batch.alone:
            self._alone.add(batch.plugin_id)
        return batch
