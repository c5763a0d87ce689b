"""One addition to the queue: what its names lead to is added as it is found. The loop's thread.

What cannot be played is told and not added. The entries of one addition stand together, however many are under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress

from host.app.finding import STALL_S, Finding, Late
from host.errors import MediaError, NotFound, StellaError, Usage
from host.jsontext import Json, JsonObject
from host.playback import Input, Queue
from host.records import record
from host.where import label_of

__all__ = ["Adding", "Find", "Spot"]

#: What names lead to.
Find = Callable[[Sequence[str], Late], Finding]

#: Far more than is ever listened to; it bounds what a queue costs.
MAX_ENTRIES = 500_000
#: Reasons kept until somebody asks for them; the others are counted.
MAX_REASONS = 500


@record
class Spot:
    """Where entries go: at the end unless one of these says otherwise. ``replaces``: all others go when they come."""

    comes_next: bool = False
    before: int | None = None
    after: int | None = None
    replaces: bool = False


class Adding:
    """``job``: its number. It goes on by itself from the first moment, until it is done or cancelled."""

    def __init__(self, job: int, queue: Queue, names: Sequence[str], find: Find, spot: Spot) -> None:
        self._job = job
        self._queue = queue
        self._spot = spot
        self._added = 0
        self._refused = 0
        self._reasons: list[Json] = []
        self._first: int | None = None
        self._last: int | None = None
        self._found_last: str | None = None
        self._failure: StellaError | None = None
        self._stuck = False
        self._news = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(find(names, self._found_late)))

    @property
    def busy(self) -> bool:
        """Whether it still has a thread, be it one that nobody waits for any more."""
        return self._stuck or not self._task.done()

    async def progress(self, within_s: float) -> JsonObject:
        """How far it is, as soon as there is news; reasons are told once. Raises: what ended it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._news.wait()
        self._news.clear()
        if self._failure is not None:
            raise self._failure
        done = self._task.done()
        if done and not self._task.cancelled():
            self._task.result()
        reasons, self._reasons = self._reasons, []
        return {
            "job": self._job,
            "done": done,
            "added": self._added,
            "refused": self._refused,
            "reasons": reasons,
            "first": self._first,
            "last": self._last,
            "found": self._found_last,
        }

    async def close(self) -> None:
        """It ends where it is; twice is fine."""
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _run(self, found: Finding) -> None:
        try:
            async with aclosing(found):
                async for chunk in found:
                    self._take(chunk)
                    self._news.set()
        except TimeoutError:
            self._stuck = True
            self._failure = MediaError(
                f"nothing more was found within {STALL_S:g} s", remedy="is a network mount among the names?"
            )
        except StellaError as error:
            self._failure = error
        finally:
            asyncio.get_running_loop().call_soon(self._news.set)  # when it is done, not shortly before

    def _found_late(self, _chunk: list[Input]) -> None:
        self._stuck = False

    def _take(self, chunk: Sequence[Input]) -> None:
        """Raises: NotFound: the entry that it was to stand beside is gone. Usage: the queue is full."""
        good = [each for each in chunk if each.refused is None]
        if good:
            self._put(good)
        for each in chunk:
            if each.refused is not None:
                self._refused += 1
                if len(self._reasons) < MAX_REASONS:
                    self._reasons.append({"name": label_of(each.where), "reason": str(each.refused)})
        self._found_last = label_of(chunk[-1].where)

    def _put(self, inputs: Sequence[Input]) -> None:
        queue, spot = self._queue, self._spot
        if len(queue) + len(inputs) > MAX_ENTRIES:
            raise Usage(f"the queue is full: it holds at most {MAX_ENTRIES} entries", remedy="remove some")
        if self._last is not None:
            try:
                entries = queue.add_next(inputs, after=self._last)
            except NotFound:  # played and consumed, or removed
                entries = queue.add(inputs)
        elif spot.replaces:
            entries = queue.replace_all(inputs)
        elif spot.comes_next or spot.after is not None:
            entries = queue.add_next(inputs, after=spot.after)
        else:
            entries = queue.add(inputs, spot.before)
        self._first = entries[0].id if self._first is None else self._first
        self._last = entries[-1].id
        self._added += len(entries)
