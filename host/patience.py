"""Blocking file work off the control loop: a thread of its own, a deadline, and nobody who waits for it at exit.

A dead network mount can hold an ``open`` for ever. The thread is a daemon for that reason; what it still brings home
after the deadline is handed to ``discard``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["off_loop"]

T = TypeVar("T")


async def off_loop(work: Callable[[], T], timeout_s: float, discard: Callable[[T], None] | None = None) -> T:
    """Runs ``work`` in a thread and waits at most ``timeout_s``.

    Cancelled or timed out, the thread goes on by itself; a result that comes too late goes to ``discard``.

    Raises:
        TimeoutError: not done in time. What ``work`` raises comes through.
    """
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

    threading.Thread(target=run, name="file-work", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s):
            return await outcome
    except BaseException:
        if outcome.done() and not outcome.cancelled() and outcome.exception() is None and discard is not None:
            discard(outcome.result())  # it came in the very moment in which nobody wanted it any more
        raise
