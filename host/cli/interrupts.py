"""SIGINT and SIGTERM: the first one cancels the work, which then cleans up; the second ends the process at once.

Workers notice the end of their host by themselves, so ending at once leaves no process behind; ``abandon`` removes what
else would stay.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine

from host.cli.exits import Exit

__all__ = ["Interrupts", "run_interruptible"]

_EXITS = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


class Interrupts:
    """What came in, and what to remove when the second one comes."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._abandon: list[Callable[[], None]] = []

    def on_abandon(self, remove: Callable[[], None]) -> None:
        """Called, quickly and without waiting, before the process ends at once."""
        self._abandon.append(remove)

    def arrive(self, number: signal.Signals, work: asyncio.Task[int]) -> None:
        """One signal."""
        if self.received is None:
            self.received = number
            work.cancel()
            return
        for remove in self._abandon:
            with contextlib.suppress(OSError):
                remove()
        os._exit(_EXITS[number])


def run_interruptible(work: Callable[[Interrupts], Coroutine[None, None, int]]) -> int:
    """Runs ``work`` on a loop of its own; gives its exit code, or 130 or 143 where a signal ended it."""
    interrupts = Interrupts()

    async def supervise() -> int:
        loop = asyncio.get_running_loop()
        task = loop.create_task(work(interrupts))
        for number in _EXITS:
            loop.add_signal_handler(number, interrupts.arrive, number, task)
        try:
            return await task
        except asyncio.CancelledError:
            if interrupts.received is None:
                raise
            return _EXITS[interrupts.received]
        finally:
            for number in _EXITS:
                loop.remove_signal_handler(number)

    return asyncio.run(supervise())
