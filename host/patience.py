"""Blocking file work off the control loop: a thread of its own, a deadline, and nobody who waits for it at exit.

Who has much such work keeps ``Hands``: to start a thread costs as much as to open thirty files.

A dead network mount can hold an ``open`` for ever. The thread is a daemon for that reason; what it still brings home
after the deadline is handed to ``discard``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeAlias, TypeVar

__all__ = ["Hands", "off_loop"]

T = TypeVar("T")


async def off_loop(work: Callable[[], T], timeout_s: float, discard: Callable[[T], None] | None = None) -> T:
    """Runs ``work`` in a thread and waits at most ``timeout_s``.

    Cancelled or timed out, the thread goes on by itself; a result that comes too late goes to ``discard``.

    Raises:
        TimeoutError: not done in time. What ``work`` raises comes through.
    """
    return await _done(_start, work, timeout_s, discard)


class Hands:
    """Threads that wait for the next work when they are done. The loop's thread."""

    def __init__(self) -> None:
        self._idle: list[_Hand] = []
        self._closed = False

    async def off_loop(self, work: Callable[[], T], timeout_s: float, discard: Callable[[T], None] | None = None) -> T:
        """As the function of that name. Raises: as it."""
        return await _done(self._give, work, timeout_s, discard)

    def close(self) -> None:
        """Those that wait end, and the others when they are done; twice is fine."""
        self._closed = True
        with suppress(IndexError):  # none is left, or another thread was quicker
            while True:
                self._idle.pop().put(None)

    def _give(self, run: Callable[[], None]) -> None:
        if self._idle:
            self._idle.pop().put(run)
            return
        hand: _Hand = SimpleQueue()
        hand.put(run)
        _start(lambda: self._main(hand))

    def _main(self, hand: _Hand) -> None:
        """The thread. Lists take in and give out at once, so that nobody is given work twice."""
        while (run := hand.get()) is not None:
            run()
            self._idle.append(hand)
            if self._closed:
                self.close()


_Hand: TypeAlias = "SimpleQueue[Callable[[], None] | None]"


def _start(run: Callable[[], None]) -> None:
    threading.Thread(target=run, name="file-work", daemon=True).start()


async def _done(
    start: Callable[[Callable[[], None]], None],
    work: Callable[[], T],
    timeout_s: float,
    discard: Callable[[T], None] | None,
) -> T:
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if outcome.done():
            if error is None and discard is not None:
                discard(result)  # type: ignore[arg-type]  # without an error there is a result
        elif error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001  # crosses to the loop, which raises it
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            if error is None and discard is not None:
                discard(result)  # type: ignore[arg-type]

    start(run)
    try:
        async with asyncio.timeout(timeout_s):
            return await outcome
    except BaseException:
        if outcome.done() and not outcome.cancelled() and outcome.exception() is None and discard is not None:
            discard(outcome.result())  # it came in the very moment in which nobody wanted it any more
        raise
