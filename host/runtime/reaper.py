"""Ends processes that nothing needs any more: looks at a generation whenever one of its counts changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from abi.wire import Shutdown
from host.errors import StellaError
from host.runtime.live import LiveGeneration
from host.settings import Limits
from host.worker import KillKind, WorkerHandle

__all__ = ["KILL_S", "Reaper"]

#: How long SIGKILL may take before a process counts as unkillable (uninterruptible sleep).
KILL_S = 0.5


class Reaper:
    """Asks a quiet generation to end, then insists."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._ends: dict[LiveGeneration, asyncio.Task[None]] = {}

    def change_limits(self, limits: Limits) -> None:
        """For those that are asked to end from now on."""
        self._limits = limits

    def look(self, generation: LiveGeneration) -> None:
        """To be called on every change; acts once per generation."""
        if generation.state.quiet and generation not in self._ends:
            task = asyncio.get_running_loop().create_task(self._end(generation.handle))
            self._ends[generation] = task
            task.add_done_callback(lambda _: self._ends.pop(generation))

    async def settle(self) -> None:
        """Waits until every process that was asked to end has ended, or cannot be killed."""
        while self._ends:
            await asyncio.wait(tuple(self._ends.values()))

    async def _end(self, handle: WorkerHandle) -> None:
        shutdown_s, terminate_s = self._limits.shutdown_ms / 1000, self._limits.terminate_ms / 1000
        # The request's own deadline would kill at once; SIGTERM gets its chance before.
        asked = asyncio.get_running_loop().create_task(
            handle.request(Shutdown(), shutdown_s + terminate_s + 2 * KILL_S)
        )
        if await handle.wait_exit(shutdown_s) is None:
            handle.ask_to_end()
            if await handle.wait_exit(terminate_s) is None:
                handle.terminate("it ignored the request to shut down, and SIGTERM", KillKind.HANG)
                await handle.wait_exit(KILL_S)
        with suppress(StellaError):  # it may end without an answer; how, the exit tells
            await asked
