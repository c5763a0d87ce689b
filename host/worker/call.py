"""One request to a worker, from its sending to its one end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from abi.wire import Message, Reply
from host.errors import StellaError

__all__ = ["Call"]


@dataclass(slots=True)
class Call:
    """A request under way. ``settled`` is told when the worker is no longer in it."""

    request: Message
    reply: type[Reply]
    timeout_s: float
    future: asyncio.Future[Reply]
    timer: asyncio.TimerHandle
    settled: Callable[[], None] | None

    @property
    def instance(self) -> int:
        """Of whom something is asked; 0 for what concerns the module or the process."""
        found: object = getattr(self.request, "instance", 0)
        return found if isinstance(found, int) else 0

    def end(self, outcome: Reply | StellaError) -> None:
        """Tells the caller, if he still waits. Once."""
        self.timer.cancel()
        if self.settled is not None:
            self.settled()
        if self.future.done():
            return  # its caller was cancelled; the call itself was not
        if isinstance(outcome, Reply):
            self.future.set_result(outcome)
        else:
            self.future.set_exception(outcome)
