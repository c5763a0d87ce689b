"""Events on their way to one worker: a bounded queue that drops its oldest, and one push at a time.

Nobody waits for the plugin: its worker takes what comes and keeps it until the plugin asks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from abi.wire import PushHostEvents
from host.errors import StellaError
from host.jsontext import JsonObject, dump_json
from host.worker import WorkerHandle

__all__ = ["MAX_EVENTS", "Mailbox"]

MAX_EVENTS = 64
MAX_BYTES = 64 << 10
#: What a worker keeps of one, at most.
MAX_EVENT_BYTES = 16 << 10
#: Of one push: well below a packet.
_PUSH_BYTES = 32 << 10
#: For the push itself: a silent worker is judged elsewhere, and long before.
_BACKSTOP_S = 60.0


class Mailbox:
    """Of one generation; gone with its worker. The loop's thread."""

    def __init__(self, worker: WorkerHandle, on_missed: Callable[[int], None]) -> None:
        """``on_missed`` is told how many events the plugin will never see, whenever some more are known."""
        self._worker = worker
        self._on_missed = on_missed
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._pushing: asyncio.Task[None] | None = None
        self._closed = False

    def put(self, event: JsonObject) -> None:
        """Queues an event, at the price of the oldest ones; one that is too long is dropped itself."""
        if self._closed:
            return
        text = dump_json(event).encode("utf-8", "replace")
        if len(text) > MAX_EVENT_BYTES:
            self._dropped += 1
        else:
            while len(self._waiting) >= MAX_EVENTS or self._bytes + len(text) > MAX_BYTES:
                self._bytes -= len(self._waiting.popleft())
                self._dropped += 1
            self._waiting.append(text)
            self._bytes += len(text)
        if self._pushing is None:
            self._pushing = asyncio.get_running_loop().create_task(self._push())

    async def delivered(self) -> None:
        """Returns when all that was queued is in the worker, or never will be."""
        if self._pushing is not None:
            await asyncio.wait((self._pushing,))

    def close(self) -> None:
        """Nothing is queued any more; twice is fine."""
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        self._waiting.clear()
        self._bytes = self._dropped = 0

    async def _push(self) -> None:
        try:
            while self._waiting or self._dropped:
                taken = await self._worker.request(PushHostEvents(self._batch()), _BACKSTOP_S)
                if taken.lost < 0:
                    raise self._worker.condemn(f"says that {taken.lost} events were lost")
                if taken.lost:
                    self._on_missed(taken.lost)
        except StellaError:  # whoever watches over the worker knows already
            self._forget()
        finally:
            self._pushing = None

    def _batch(self) -> tuple[bytes, ...]:
        """The oldest events; where some were dropped before them, one that says so comes first."""
        batch: list[bytes] = []
        if self._dropped:
            batch.append(dump_json({"type": "events.dropped", "count": self._dropped}).encode())
            self._on_missed(self._dropped)
            self._dropped = 0
        room = _PUSH_BYTES
        while self._waiting and len(batch) < MAX_EVENTS and len(self._waiting[0]) <= room:
            text = self._waiting.popleft()
            self._bytes -= len(text)
            room -= len(text)
            batch.append(text)
        return tuple(batch)
