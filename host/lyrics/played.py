"""The words of what plays, and of what plays next: looked for once, ahead of time, and kept for as long as they may be
wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from host.lyrics.finder import Search
from host.lyrics.song import Song

__all__ = ["PlayedWords"]

MOST_KEPT = 4


class PlayedWords:
    """By the index of a play. ``song`` tells what a play is of; None: nobody knows yet. The loop's thread."""

    def __init__(self, song: Callable[[int], Song | None], search: Callable[[Song], Awaitable[Search]]) -> None:
        self._song = song
        self._search = search
        self._looking: dict[int, asyncio.Task[Search]] = {}
        self._songs: dict[int, Song] = {}

    def prepare(self, play: int) -> asyncio.Task[Search] | None:
        """The search for a play, begun if it was not; None: nobody knows what it is of."""
        found = self._looking.get(play)
        if found is not None:
            return found
        song = self._song(play)
        if song is None:
            return None
        while len(self._looking) >= MOST_KEPT:
            self._drop(min(self._looking))
        self._songs[play] = song
        self._looking[play] = asyncio.ensure_future(self._search(song))
        return self._looking[play]

    def song(self, play: int) -> Song:
        """What a play that was prepared is of."""
        return self._songs[play]

    def forget(self, play: int) -> None:
        """It is looked for anew when somebody asks."""
        if play in self._looking:
            self._drop(play)

    async def close(self) -> None:
        """Nothing is looked for any more. Twice is fine."""
        ends = tuple(self._looking.values())
        for play in tuple(self._looking):
            self._drop(play)
        if ends:
            await asyncio.wait(ends)

    def _drop(self, play: int) -> None:
        del self._songs[play]
        self._looking.pop(play).cancel()
