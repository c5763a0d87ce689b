"""A queue as what gives a playback its tracks: what is opened of it, and what became of that.

The queue moves on when a track begins to decode, which is a little before it is heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from host.errors import MediaError
from host.events import EventBus, TrackEnded
from host.playback.opening import Opener
from host.playback.queue import Queue
from host.playback.queue_state import Entry
from host.playback.tracks import OpenTrack, TrackResult
from host.records import record
from host.where import local_files

__all__ = ["QueueFeed"]

#: Plays that may still be asked for: those that are decoded and not heard yet, and what was heard last.
MOST_REMEMBERED = 64


@record
class _Given:
    """One play of an entry. ``ahead``: the queue has not moved to it yet."""

    entry: Entry
    ahead: bool


class QueueFeed:
    """Of one playback; ``numbers`` gives every play of the host another index. ``told``: what became of each play.

    ``begins_with_current``: with the current entry of the queue, not with what comes after it.
    """

    keeps_results = False

    def __init__(
        self,
        queue: Queue,
        opener: Opener,
        bus: EventBus,
        numbers: count[int],
        told: Callable[[Entry, TrackResult], None],
        begins_with_current: bool,
    ) -> None:
        self._queue = queue
        self._opener = opener
        self._bus = bus
        self._numbers = numbers
        self._told = told
        self._given: dict[int, _Given] = {}
        self._again: deque[int] = deque()
        self._takes_current = begins_with_current
        self._chosen = False
        self._failures = 0

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that are in the queue now."""
        return local_files(entry.where for entry in self._queue.entries)

    @property
    def in_vain(self) -> bool:
        """Whether so many plays in a row gave nothing that there is nothing to be hoped for."""
        return self._failures > len(self._queue)

    @property
    def unopened(self) -> tuple[TrackResult, ...]:
        """They are told as they fail."""
        return ()

    def entry(self, index: int) -> Entry | None:
        """What is played under this index."""
        given = self._given.get(index)
        return None if given is None else given.entry

    @property
    def outdated(self) -> bool:
        """Whether an entry was given ahead that is not the one any more that comes next by itself."""
        following = self._queue.following()
        expected = None if following is None else following.id
        return any(given.ahead and given.entry.id != expected for given in self._given.values())

    async def next_track(self, *, ahead: bool) -> OpenTrack | None:
        """The next entry that opens; those that do not are marked on the way. Cancelled, none is lost."""
        while not self.in_vain:
            index = self._next(ahead=ahead)
            if index is None:
                return None
            entry = self._given[index].entry
            try:
                return await self._opener.open(index, entry.where, entry.excerpt)
            except MediaError as error:
                if ahead:
                    self._again_without(index)
                    return None
                self._fail(index, error)
            except BaseException:
                self.put_back((index,))
                raise
        return None

    def choose(self) -> None:
        """Somebody has moved the queue, and wishes to be there: it moves no more by itself until that is begun."""
        self._chosen = True

    def joined(self, index: int) -> None:
        """It begins to decode: the queue is there now, unless somebody has moved it elsewhere."""
        given = self._given[index]
        if not given.ahead:
            return
        self._given[index] = _Given(given.entry, ahead=False)
        if self._chosen:
            return
        self._queue.advance()
        current = self._queue.current
        if current is None or current.id != given.entry.id:  # it was changed in this very moment
            self._takes_current = current is not None

    def put_back(self, indexes: Iterable[int]) -> None:
        """These come next, in this order, once each."""
        back = [index for index in indexes if index in self._given]
        for index in [each for each in back if self._given[each].ahead]:
            del self._given[index]  # it comes by itself
            back.remove(index)
        self._again = deque(dict.fromkeys((*back, *self._again)))

    def begin_anew(self) -> None:
        """The next track is the current entry of the queue. What was in vain before somebody chose counts no more."""
        self._again.clear()
        self._takes_current, self._chosen = self._queue.current is not None, False
        self._failures = 0

    def ended(self, result: TrackResult) -> None:
        """Marks an entry that could not be played, and forgets what is over."""
        given = self._given.get(result.index)
        if given is None:
            return
        self._failures = 0 if result.frames_out else self._failures + 1
        self._queue.failed(given.entry.id, "" if result.failure is None else result.failure.message)
        self._told(given.entry, result)
        for index in tuple(self._given)[:-MOST_REMEMBERED]:
            del self._given[index]

    def _next(self, *, ahead: bool) -> int | None:
        if self._chosen and ahead:
            return None
        if self._again:
            return self._again.popleft()
        if self._takes_current or self._chosen:
            self._takes_current = self._chosen = False
            entry = self._queue.current
            ahead = False
        else:
            entry = self._queue.following()
            if entry is not None and not ahead:
                self._queue.advance()
        if entry is None:
            return None
        index = next(self._numbers)
        self._given[index] = _Given(entry, ahead)
        return index

    def _again_without(self, index: int) -> None:
        """An entry that did not open ahead is tried again when its time has come, and told then."""
        if self._given[index].ahead:
            del self._given[index]
        else:
            self._again.appendleft(index)

    def _fail(self, index: int, error: MediaError) -> None:
        entry = self._given[index].entry
        self.ended(TrackResult(index, entry.where, failure=error))
        del self._given[index]  # nobody heard it, and nobody will ask
        self._bus.publish(TrackEnded(index, str(entry.where), 0, str(error)))
