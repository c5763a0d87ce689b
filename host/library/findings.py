"""The walker's thread, and the way from it to the loop: chunks of what it found, few of them at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable

from host.library.changes import Fresh, Gone, Moved

__all__ = ["CHUNK", "Findings"]

CHUNK = 128
#: Chunks that wait for the loop.
_AHEAD = 4

Finding = Fresh | Moved | Gone


class Findings:
    """Runs ``find`` in a thread of its own and hands on what it yields. Made on the loop; ``next`` is the loop's."""

    def __init__(self, find: Callable[[], Iterable[Finding]]) -> None:
        self._find = find
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(_AHEAD)
        self._chunks: asyncio.Queue[list[Finding] | BaseException | None] = asyncio.Queue()
        self._stopped = False
        threading.Thread(target=self._run, name="walk", daemon=True).start()

    async def next(self) -> list[Finding] | None:
        """Some findings; None when there are no more. Raises: what ``find`` raises."""
        chunk = await self._chunks.get()
        self._room.release()
        if isinstance(chunk, BaseException):
            raise chunk
        return chunk

    def stop(self) -> None:
        """The walk ends soon, and nothing more comes. Twice is fine."""
        self._stopped = True
        self._room.release()

    def _run(self) -> None:
        last: BaseException | None = None
        chunk: list[Finding] = []
        try:
            for finding in self._find():
                chunk.append(finding)
                if len(chunk) >= CHUNK:
                    self._hand_on(chunk)
                    chunk = []
                if self._stopped:
                    return
            if chunk:
                self._hand_on(chunk)
        except BaseException as error:  # noqa: BLE001  crosses to the loop, which raises it
            last = error
        self._hand_on(last)

    def _hand_on(self, chunk: list[Finding] | BaseException | None) -> None:
        self._room.acquire()
        if not self._stopped:
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._stopped = True
