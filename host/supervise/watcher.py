"""Ends workers that stand still: a call of a pump that does not return, a control thread that does not answer.

Calls that were asked for by message have deadlines of their own. A pump's calls have none, as nobody waits for one of
them; here their numbers in the status page are looked at, and a worker in which one does not rise is killed. The
judgement is a function of what was seen and now, so that a test needs no clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from abi.wire import Ping
from host.errors import StellaError
from host.worker import WorkerHandle
from shm_audio import LaneStatus

__all__ = ["Standstill", "Watcher"]

#: Calls that only pumps make, block for block.
PUMPED = frozenset({"read", "process", "write", "query_status"})
LOOKS_PER_LIMIT = 20


class Standstill:
    """How long each lane of one worker has been in the same call of its pump."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: dict[int, tuple[int, float]] = {}

    def look(self, lanes: Iterable[LaneStatus], now_s: float) -> LaneStatus | None:
        """The first lane whose call is over the limit; None while all is well."""
        seen: dict[int, tuple[int, float]] = {}
        late: LaneStatus | None = None
        for lane in lanes:
            if lane.call not in PUMPED:
                continue
            number, since = self._since.get(lane.slot, (-1, now_s))
            seen[lane.slot] = (lane.call_seq, since if number == lane.call_seq else now_s)
            if late is None and now_s - seen[lane.slot][1] > self._limit_s:
                late = lane
        self._since = seen
        return late


class Watcher:
    """Watches all workers of one host until it is closed. The loop's thread."""

    def __init__(self, workers: Callable[[], Iterable[WorkerHandle]], limit_s: float) -> None:
        """``workers`` gives those that live now; ``limit_s`` is for a call, and for an answer."""
        self._workers = workers
        self._limit_s = limit_s
        self._seen: dict[WorkerHandle, Standstill] = {}
        self._asked: dict[WorkerHandle, asyncio.Task[None]] = {}
        self._task = asyncio.get_running_loop().create_task(self._main())

    async def close(self) -> None:
        """Twice is fine."""
        tasks = (self._task, *self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._limit_s / LOOKS_PER_LIMIT)
            living = {worker for worker in self._workers() if not worker.exited.done()}
            self._seen = {worker: self._seen.get(worker) or Standstill(self._limit_s) for worker in living}
            self._asked = {worker: task for worker, task in self._asked.items() if not task.done()}
            for worker, standstill in self._seen.items():
                late = standstill.look(worker.status.lanes(), loop.time())
                if late is not None:
                    worker.terminate(f"{late.call} stood still for {self._limit_s:g} s")
                elif worker not in self._asked:
                    self._asked[worker] = loop.create_task(self._ask(worker))

    async def _ask(self, worker: WorkerHandle) -> None:
        """One heartbeat; an answer that does not come in time is the end of the worker by itself."""
        with suppress(StellaError):
            await worker.request(Ping(), self._limit_s)
            await asyncio.sleep(self._limit_s / 4)
