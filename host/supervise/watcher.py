"""Looks at workers again and again, and ends those that stand still: in a call of a pump, or deaf to their host.

Calls that were asked for by message have deadlines of their own. A pump's calls have none, as nobody waits for one of
them; here their numbers in the status page are looked at. What counts as standing still is in ``standstill.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from abi.wire import Ping
from host.errors import StellaError
from host.settings import Limits
from host.supervise.standstill import CallLimits, Thread, Vigil, charge
from host.supervise.threads import threads_of
from host.worker import KillKind, WorkerHandle

__all__ = ["LOOK_S", "Watcher"]

LOOK_S = 0.05
#: Between two looks while nothing moves: who hangs then, hangs unheard.
REST_S = 30.0
#: For the request itself: silence is judged here, and long before.
_BACKSTOP_S = 60.0


class _Watch:
    """One worker: what it was charged with, and the question it was asked last."""

    def __init__(self, worker: WorkerHandle, limits: Limits, now_s: float) -> None:
        self.worker = worker
        self._heartbeat_s = limits.heartbeat_ms / 1000
        self._vigil = Vigil(self._heartbeat_s * limits.heartbeat_misses)
        self._threads: dict[int, Thread] = {}
        self._number = 0
        self._asked_at = now_s
        self._asked: asyncio.Task[None] | None = None

    def look(self, limits: CallLimits, now_s: float, elapsed_s: float, *, on_time: bool) -> None:
        lanes = self.worker.status.lanes()
        question = self._number if self._asked is not None and not self._asked.done() else 0
        charged_s, threads = 0.0, {}
        if self._vigil.suspicious(lanes, question, limits):
            threads = threads_of(self.worker.pid)
            charged_s = charge(elapsed_s, on_time=on_time, before=self._threads, now=threads)
        self._threads = threads
        late = self._vigil.look(lanes, question, limits, charged_s)
        if late:
            self.worker.terminate(late, KillKind.HANG)
        elif not question and now_s - self._asked_at >= self._heartbeat_s:
            self._number += 1
            self._asked_at = now_s
            self._asked = asyncio.get_running_loop().create_task(self._ask())

    async def close(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.wait((self._asked,))

    async def _ask(self) -> None:
        with suppress(StellaError):
            await self.worker.request(Ping(), _BACKSTOP_S)


class Watcher:
    """Watches the workers in use of one host until it is closed. The loop's thread."""

    def __init__(self, workers: Callable[[], Iterable[WorkerHandle]], limits: Limits) -> None:
        """``workers`` gives those in which something lives now."""
        self._workers = workers
        self._limits = limits
        self._calls = CallLimits(limits)
        self._watches: dict[WorkerHandle, _Watch] = {}
        self._resting = False
        self._woken = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._main())

    def rest(self, *, resting: bool) -> None:
        """Whether nothing moves for now, so that looks may be rare."""
        self._resting = resting
        self._woken.set()

    def playing(self, rate_hz: int, block_frames: int, *, device: bool) -> None:
        """What plays from now on, which some limits depend on. ``device``: it plays out what it is given."""
        self._calls = replace(self._calls, rate_hz=rate_hz, block_frames=block_frames, device=device)

    def scanning(self) -> None:
        """From now on the calls of scanners are judged one by one."""
        self._calls = replace(self._calls, scanning=True)

    def change_limits(self, limits: Limits) -> None:
        """For calls from now on; how often a worker is asked for a sign of life, for later workers."""
        self._limits = limits
        self._calls = replace(self._calls, limits=limits)

    async def close(self) -> None:
        """Twice is fine."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        watches, self._watches = self._watches, {}
        for watch in watches.values():
            await watch.close()

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        last_s = loop.time()
        while True:
            await self._pause()
            now_s = loop.time()
            elapsed_s, last_s = now_s - last_s, now_s
            await self._keep(self._workers(), now_s)
            for watch in self._watches.values():
                watch.look(self._calls, now_s, elapsed_s, on_time=elapsed_s < 2 * LOOK_S)

    async def _pause(self) -> None:
        """Until the next look is due."""
        if not self._resting:
            await asyncio.sleep(LOOK_S)
            return
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                await self._woken.wait()

    async def _keep(self, workers: Iterable[WorkerHandle], now_s: float) -> None:
        """One watch for each of these, none for any other."""
        living = [worker for worker in workers if not worker.exited.done()]
        kept = {worker: self._watches.get(worker) or _Watch(worker, self._limits, now_s) for worker in living}
        gone = [watch for worker, watch in self._watches.items() if worker not in kept]
        self._watches = kept
        for watch in gone:
            await watch.close()
