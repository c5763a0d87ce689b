"""The inputs of one playback in order: which is opened next, which again, and why some were not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from host.errors import MediaError
from host.events import EventBus, TrackEnded
from host.playback.inputs import Input
from host.playback.opening import Opener
from host.playback.tracks import OpenTrack, TrackResult
from host.where import local_files

__all__ = ["Playlist"]


class Playlist:
    """Read from its head; an input leaves it once it is open or has failed."""

    def __init__(self, inputs: Sequence[Input], opener: Opener, bus: EventBus) -> None:
        self._inputs = tuple(inputs)
        self._waiting = deque(range(len(inputs)))
        self._opener = opener
        self._bus = bus
        self._unopened: list[TrackResult] = []

    @property
    def unopened(self) -> tuple[TrackResult, ...]:
        """Those that could not be opened."""
        return tuple(self._unopened)

    @property
    def keeps_results(self) -> bool:
        """Yes: a list has an end."""
        return True

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that are played."""
        return local_files(each.where for each in self._inputs if each.refused is None)

    async def next_track(self, *, ahead: bool) -> OpenTrack | None:  # noqa: ARG002  # all is known before
        """The next input that opens; those that do not are reported on the way. Cancelled, none is lost."""
        while self._waiting:
            index = self._waiting[0]
            source = self._inputs[index]
            try:
                if source.refused is not None:
                    raise source.refused
                track = await self._opener.open(index, source.where, source.excerpt)
            except MediaError as error:
                self._waiting.popleft()
                self._unopened.append(TrackResult(index, source.where, failure=error))
                self._bus.publish(TrackEnded(index, str(source.where), 0, str(error)))
                await asyncio.sleep(0)  # who tells of it keeps up with any number of them
                continue
            self._waiting.popleft()
            return track
        return None

    def joined(self, index: int) -> None:
        """Nothing follows from that here."""

    def ended(self, result: TrackResult) -> None:
        """Nothing follows from that here."""

    def begin_anew(self) -> None:
        """Nobody chooses in a list that is played once: what comes next does."""

    def put_back(self, indexes: Iterable[int]) -> None:
        """These come next, in this order, before all that wait."""
        self._waiting.extendleft(reversed(tuple(indexes)))
