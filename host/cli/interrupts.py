"""Signals that end a command: the first cancels the work, which then cleans up; the second ends the process at once.

Workers notice the end of their host by themselves, so ending at once leaves no process behind; ``abandon`` removes what
else would stay. Outside of the work, ``host.cli.signals`` answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Coroutine

from host.cli.exits import Exit
from host.cli.signals import exit_code, signals_to_answer

__all__ = ["Interrupts", "run_interruptible"]

#: After the work was told to end: what it waits for is killed, and the process ends.
HURRY_S = 1.5
LAST_S = 2.7


class Interrupts:
    """What came in, and what to remove when the second one comes."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        #: Whether somebody asked, by other means than a signal, that the work ends.
        self.stopped = False
        self._work: asyncio.Task[int] | None = None
        self._abandon: list[Callable[[], None]] = []
        self._hurry: Callable[[], None] | None = None

    def on_abandon(self, remove: Callable[[], None]) -> None:
        """Called, quickly and without waiting, before the process ends at once."""
        self._abandon.append(remove)

    def end_in_time(self, hurry: Callable[[], None]) -> None:
        """The work must be over soon after it was told to end: ``hurry`` is called when it is not, and a moment later
        the process ends, whatever hangs.
        """
        self._hurry = hurry

    def begin(self, work: asyncio.Task[int]) -> None:
        """This is the work that is to be ended."""
        self._work = work

    def stop(self) -> None:
        """Ends the work in order, as the first signal does; that is a success. Twice is once."""
        if self._work is not None and not self.stopped and self.received is None:
            self.stopped = True
            self._end(self._work)

    def arrive(self, number: signal.Signals) -> None:
        """One signal."""
        if self.received is None:
            self.received = number
            if self._work is not None and not self.stopped:
                self._end(self._work)
            return
        self._end_at_once(exit_code(number))

    def _end(self, work: asyncio.Task[int]) -> None:
        work.cancel()
        if self._hurry is not None:
            asyncio.get_running_loop().call_later(HURRY_S, self._hurry)
            code = Exit.UNEXPECTED if self.received is None else exit_code(self.received)
            backstop = threading.Timer(LAST_S, self._end_at_once, (code,))
            backstop.daemon = True  # it runs until the process has ended, by itself or by this
            backstop.start()

    def _end_at_once(self, code: int) -> None:
        for remove in self._abandon:
            with contextlib.suppress(OSError):
                remove()
        os._exit(code)


def run_interruptible(work: Callable[[Interrupts], Coroutine[None, None, int]]) -> int:
    """Runs ``work`` on a loop of its own; gives its exit code, or that of the signal which ended it."""
    interrupts = Interrupts()

    async def supervise() -> int:
        loop = asyncio.get_running_loop()
        task = loop.create_task(work(interrupts))
        interrupts.begin(task)
        before = {number: signal.getsignal(number) for number in signals_to_answer()}
        for number in before:
            loop.add_signal_handler(number, interrupts.arrive, number)
        try:
            return await task
        except asyncio.CancelledError:
            if interrupts.received is not None:
                return exit_code(interrupts.received)
            if not interrupts.stopped:
                raise
            return Exit.DONE
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    return asyncio.run(supervise())
