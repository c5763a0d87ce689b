"""What a host leaves to the next one: its queue, how far it has played, how loud, and whether it played.

Two files in the state directory, each replaced whole, written in a thread, the queue before the position: whenever the
host is killed, both can be read, and the position never belongs to a newer queue than the one beside it. A file that
cannot be understood is set aside. Nothing about these files ever stops a start or a playback.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from host.app.saved_position import Place, SavedPosition, dump_position, read_position
from host.app.saved_queue import queue_lines, read_queue
from host.patience import off_loop
from host.playback import PlayState, Queue, QueueState
from host.records import record
from host.whole_file import WholeFile

__all__ = ["SavedSession", "SessionStore"]

QUEUE_FILE = "queue.jsonl"
POSITION_FILE = "position.json"
#: A disk that sleeps wakes up within it.
FILE_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 1.5
#: Between two writings at least; and so many times as long as the last one took, so that a long queue costs little.
PAUSE_S = 0.25
PAUSE_TIMES = 5.0
#: After so many starts without an orderly end within so long, nothing plays by itself.
CRASH_LOOP_STARTS = 3
CRASH_LOOP_S = 60.0

T = TypeVar("T")


@record
class SavedSession:
    """What the last host left. ``held_back``: hosts died so quickly one after the other that this one starts stopped.

    The entry of ``place`` is in the queue: the current one, or the one before it, whose end was still to be heard.
    """

    queue: QueueState
    place: Place
    held_back: bool = False


class SessionStore:
    """Of one host; the event loop's thread. ``tell`` gets lines for the user; ``now_s`` is the wall clock."""

    def __init__(
        self, state_dir: Path, queue: Queue, tell: Callable[[str], None], now_s: Callable[[], float] = time.time
    ) -> None:
        self._queue_file = WholeFile(state_dir / QUEUE_FILE)
        self._position_file = WholeFile(state_dir / POSITION_FILE)
        self._queue = queue
        self._tell = tell
        self._now_s = now_s
        self._noted = SavedPosition()
        self._queue_written: int | None = None
        self._failing = False
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def load(self) -> SavedSession | None:
        """What the last host left, which the queue becomes; None: nothing. From now on this host's is written."""
        try:
            queue = await self._read(self._queue_file, read_queue)
            saved = await self._read(self._position_file, read_position)
        except TimeoutError:
            self._tell(f"{self._queue_file.path.parent} does not answer: the queue is neither restored nor saved")
            return None
        session = self._started(queue, saved)
        if session is not None:
            self._queue.restore(session.queue)
            self._queue_written = self._queue.version
        self._queue.subscribe(self._news.set)
        await self._write()
        self._writer = asyncio.create_task(self._write_on())
        return session

    def note(self, place: Place) -> None:
        """It has gone on, or its volume or state has changed; to be called once a second while it plays."""
        self._noted = replace(self._noted, place=place)
        self._news.set()

    async def close(self) -> None:
        """Writes what was noted last, and that this host has ended in order; the second time nothing."""
        if self._writer is None or self._closing.is_set():
            return
        self._noted = replace(self._noted, starts_s=())
        self._closing.set()
        self._news.set()
        await asyncio.wait([self._writer], timeout=CLOSE_TIMEOUT_S)
        self._writer.cancel()
        await asyncio.wait([self._writer])

    def _started(self, queue: QueueState | None, saved: SavedPosition | None) -> SavedSession | None:
        now_s = self._now_s()
        starts_s = () if saved is None else saved.starts_s
        lately = tuple(each for each in starts_s if now_s - CRASH_LOOP_S < each <= now_s)
        held_back = len(lately) >= CRASH_LOOP_STARTS
        place = Place() if saved is None else saved.place
        known = () if queue is None else (entry.id for entry in queue.entries)
        if place.entry is not None and place.entry not in known:  # the host died between the two files
            place = replace(place, entry=queue.current if queue else None, position_s=0.0)
        if held_back and place.state is PlayState.PLAYING:
            place = replace(place, state=PlayState.STOPPED)
            self._tell(f"{len(lately)} hosts died within {CRASH_LOOP_S:g} s: the queue is restored, but nothing plays")
        self._noted = SavedPosition(place, (*lately, now_s))
        return None if queue is None and saved is None else SavedSession(queue or QueueState(), place, held_back)

    async def _read(self, file: WholeFile, understand: Callable[[bytes], T]) -> T | None:
        """None: there is none, or none that can be understood. Raises: TimeoutError."""

        def read() -> T | None:
            data = file.read()
            return None if data is None else understand(data)

        try:
            return await off_loop(read, FILE_TIMEOUT_S)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            aside = file.path.with_name(f"{file.path.name}.broken")
            with suppress(OSError):
                await off_loop(lambda: file.path.replace(aside), FILE_TIMEOUT_S)
            self._tell(f"{file.path} is set aside as {aside.name}: {error}")
            return None

    async def _write_on(self) -> None:
        try:
            while not self._closing.is_set():
                await self._news.wait()
                self._news.clear()
                began_s = time.monotonic()
                await self._write()
                pause_s = max(PAUSE_S, PAUSE_TIMES * (time.monotonic() - began_s))
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._closing.wait()
            await self._write()
        except TimeoutError:
            self._tell(f"{self._queue_file.path.parent} does not answer: the queue is no longer saved")

    async def _write(self) -> None:
        """Both files, the queue only if it has changed. Raises: TimeoutError."""
        version = self._queue.version
        state = self._queue.snapshot() if version != self._queue_written else None
        position = dump_position(self._noted)

        def write() -> None:
            if state is not None:
                with self._queue_file.locked():
                    self._queue_file.replace(b"".join(queue_lines(state)))
            with self._position_file.locked():
                self._position_file.replace(position, durable=False)

        try:
            await off_loop(write, FILE_TIMEOUT_S)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            if not self._failing:
                self._tell(f"the queue cannot be saved: {error}")
            self._failing = True
        else:
            self._queue_written, self._failing = version, False
