"""The thread that sends events: first the lanes' own facts, then what plugins asked for, emitted and logged."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from abi.wire import ControlAsked, Dropped, Event, Payload, PluginEvent, PluginLog
from plugin_worker._core import ffi, lib

__all__ = ["Outbox"]

_WAIT_NS = 10_000_000_000


class Outbox:
    """Facts of lanes are never dropped: there are only a few per stage. Plugins' texts wait in bounded C queues."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        """``send`` is called on the outbox thread and may block; nobody else waits for it."""
        self._send = send
        self._facts: deque[Event] = deque()
        self._item = ffi.new("st_outbox_item *")
        self._text = ffi.new("char[]", lib.ST_OUTBOX_EVENT_BYTES)
        self._stop = False
        self._thread = threading.Thread(target=self._main, name="outbox", daemon=True)
        self._thread.start()

    def emit(self, event: Event) -> None:
        """Queues a fact of ours. Any thread."""
        self._facts.append(event)
        lib.st_outbox_ring()

    def close(self) -> None:
        """Sends what is queued and ends the thread."""
        self._stop = True
        lib.st_outbox_ring()
        self._thread.join(timeout=1.0)

    def _main(self) -> None:
        lib.st_crash_enter(-1)
        while True:
            seen = lib.st_outbox_bell()
            stop = self._stop
            self._send_all()
            if stop:
                return
            if not self._facts:
                lib.st_outbox_wait(seen, _WAIT_NS)

    def _send_all(self) -> None:
        while True:
            while self._facts:
                self._send(self._facts.popleft())
            if not lib.st_outbox_take(self._item, self._text):
                break
            data = bytes(ffi.buffer(self._text, self._item.len))
            if self._item.request:
                self._send(ControlAsked(self._item.instance, self._item.request, Payload(data)))
            elif self._item.level == 0:
                self._send(PluginEvent(instance=self._item.instance, text=Payload(data)))
            else:
                text = data.decode("utf-8", "replace").replace("\0", " ")
                self._send(PluginLog(instance=self._item.instance, level=min(self._item.level, 5), text=text))
        counts = ffi.new("uint32_t[2]")
        lib.st_outbox_dropped(counts, counts + 1)
        if counts[0] or counts[1]:
            self._send(Dropped(logs=counts[0], events=counts[1]))
