"""Reads the pipe that carries a worker's stdout and stderr into its log tail, at a bounded price."""

from __future__ import annotations

import asyncio
import math
import os

from host.worker.log_tail import LogTail

__all__ = ["OutputReader"]

_READ_BYTES = 64 << 10
_READS_AFTER_DEATH = 64
_PAUSE_S = 0.1


class OutputReader:
    """Owns the pipe's read end. A worker that floods it waits for up to 100 ms in its own ``write``."""

    def __init__(self, fd: int, tail: LogTail, loop: asyncio.AbstractEventLoop) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._tail = tail
        self._loop = loop
        self._pause: asyncio.TimerHandle | None = None
        loop.add_reader(fd, self._take)

    def finish(self) -> None:
        """Reads what is still there, then closes; twice is fine."""
        if self._fd < 0:
            return
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._fd)
        for _ in range(_READS_AFTER_DEATH):
            data = self._read()
            if not data:
                break
            self._tail.feed(data, math.inf)  # last words are kept at any rate
        os.close(self._fd)
        self._fd = -1

    def _take(self) -> None:
        data = self._read()
        if data is None:
            return
        if not data:
            self._loop.remove_reader(self._fd)
        elif not self._tail.feed(data, self._loop.time()):
            self._loop.remove_reader(self._fd)
            self._pause = self._loop.call_later(_PAUSE_S, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._fd, self._take)

    def _read(self) -> bytes | None:
        """What is there; None when nothing is, empty at the end."""
        try:
            return os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return None
