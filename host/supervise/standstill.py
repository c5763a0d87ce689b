"""When a worker stands still: a function of what was seen, so that a test needs neither clock nor process.

Time is *charged*, not measured. A look that came late charges nothing: the host was starved, and so was the worker. A
worker that wants a processor is charged what it got of one; one that waits for storage a tenth; one that sleeps, or was
stopped, all of it. What is charged to one call, or to one unanswered sign of life, decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from host.records import record
from host.settings import Limits
from shm_audio import LaneStatus

__all__ = ["CallLimits", "Thread", "Vigil", "charge"]

STORAGE_SHARE = 0.1
PROCESS_BLOCKS = 20
LEAST_S = 0.1


@record
class Thread:
    """One thread of a worker: its state, as the kernel's letter, and the processor time it has had."""

    state: str
    cpu_s: float


Threads = Mapping[int, Thread]


def charge(elapsed_s: float, *, on_time: bool, before: Threads, now: Threads) -> float:
    """How much of the time between two looks counts; ``before`` empty: the first look that was closer."""
    if not on_time:
        return 0.0
    wants = [number for number, thread in now.items() if thread.state == "R"]
    if wants:
        if not before:
            return elapsed_s
        got = max(now[number].cpu_s - (before[number].cpu_s if number in before else 0.0) for number in wants)
        return min(elapsed_s, max(got, 0.0))
    if any(thread.state == "D" for thread in now.values()):
        return elapsed_s * STORAGE_SHARE
    return elapsed_s


@record
class CallLimits:
    """How long a call may stand still. Without ``rate_hz`` nobody has said yet what plays: then a flush has no limit.

    ``device``: what is flushed plays out in its own time. A file is completed, at worst encoded as a whole, and gets as
    long as what it was given would play. ``scanning``: one request means many calls, each of which is judged here.
    """

    limits: Limits
    rate_hz: int = 0
    block_frames: int = 0
    device: bool = False
    scanning: bool = False

    def of(self, lane: LaneStatus) -> float | None:
        """Seconds; None for a call that is not judged here, as it has a deadline of its own."""
        match lane.call:
            case "read":
                return self.limits.read_ms / 1000
            case "process":
                return self._process_s()
            case "write":
                return (self.limits.write_ms if lane.blocks else self.limits.first_write_ms) / 1000
            case "query_status":
                return self.limits.query_ms / 1000
            case "export":
                return self.limits.update_ms / 1000
            case "stream_read" | "stream_seek":
                return self.limits.source_ms / 1000
            case "flush" if self.rate_hz:
                frames = lane.queued_frames if self.device else lane.blocks * self.block_frames
                return self.limits.flush_ms / 1000 + frames / self.rate_hz
            case "create" if self.scanning:
                return self.limits.create_ms / 1000
            case "open" if self.scanning:
                return self.limits.open_ms / 1000
            case "get_info" | "get_metadata" if self.scanning:
                return self.limits.read_ms / 1000
            case "destroy" if self.scanning:
                return self.limits.destroy_ms / 1000
            case _:
                return None

    def _process_s(self) -> float:
        blocks_s = PROCESS_BLOCKS * self.block_frames / self.rate_hz if self.rate_hz else math.inf
        return min(self.limits.process_ms / 1000, max(blocks_s, LEAST_S))


class Vigil:
    """What one worker has been charged with so far."""

    def __init__(self, silence_s: float) -> None:
        """``silence_s``: how long it may leave a question of its host unanswered."""
        self._silence_s = silence_s
        self._calls: dict[int, tuple[int, float]] = {}
        self._silent: tuple[int, float] = (0, 0.0)

    def suspicious(self, lanes: Iterable[LaneStatus], question: int, limits: CallLimits) -> bool:
        """Whether anything stands where it stood at the last look, so that a closer one is worth its price."""
        return bool(question and question == self._silent[0]) or any(
            limits.of(lane) is not None and self._calls.get(lane.slot, (-1, 0.0))[0] == lane.call_seq for lane in lanes
        )

    def look(self, lanes: Iterable[LaneStatus], question: int, limits: CallLimits, charged_s: float) -> str:
        """Why the worker is to be ended; empty while all is well.

        ``question``: the number of the one that waits for its answer, 0 for none. ``charged_s``: since the last look.
        """
        late = ""
        calls: dict[int, tuple[int, float]] = {}
        for lane in lanes:
            limit_s = limits.of(lane)
            if limit_s is None:
                continue
            number, stood_s = self._calls.get(lane.slot, (-1, 0.0))
            stood_s = stood_s + charged_s if number == lane.call_seq else 0.0
            calls[lane.slot] = (lane.call_seq, stood_s)
            if not late and stood_s >= limit_s:
                late = f"{lane.call} stood still for {limit_s:g} s"
        asked, silent_s = self._silent
        self._silent = (question, silent_s + charged_s if question and asked == question else 0.0)
        self._calls = calls
        if not late and self._silent[1] >= self._silence_s:
            late = f"it gave no sign of life for {self._silence_s:g} s"
        return late
