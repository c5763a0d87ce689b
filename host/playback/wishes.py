"""Where a running playback is wished to go: the newest wish waits, an older one that was not begun is overtaken."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeAlias

from host.records import record

__all__ = ["Seek", "Switch", "Wish", "Wishes"]


@record
class Seek:
    """To another place of the track that is heard, in seconds from its first frame."""

    to_s: float


@record
class Switch:
    """To the track that the feed gives next once it was told to begin anew, so far into it."""

    to_s: float = 0.0


Wish: TypeAlias = Seek | Switch


class Wishes:
    """Of one playback. The loop's thread."""

    def __init__(self) -> None:
        self._waiting: Wish | None = None
        self._done: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()
        self._posted = asyncio.Event()
        #: The one that was left when the playback ended.
        self.left: Wish | None = None

    def waiting(self) -> bool:
        """Whether there is one that was not begun yet."""
        return self._waiting is not None

    def post(self, wish: Wish) -> asyncio.Future[None]:
        """The future is done once this wish, or one that overtook it, was carried out; it never fails.

        A place in a track that is about to be changed is one in the track that comes.
        """
        if isinstance(self._waiting, Switch) and isinstance(wish, Seek):
            wish = replace(self._waiting, to_s=wish.to_s)
        self._waiting = wish
        if self._done is None:
            self._done = asyncio.get_running_loop().create_future()
        self._arrived.set()
        self._posted.set()
        return self._done

    async def arrival(self) -> None:
        """Returns when one waits."""
        await self._arrived.wait()

    async def switch(self) -> None:
        """Returns when one waits that leads to another track."""
        while not isinstance(self._waiting, Switch):
            self._posted.clear()
            await self._posted.wait()

    def take(self) -> tuple[Wish, asyncio.Future[None]]:
        """The one that waits, which is begun now, and what is to be told when it is done."""
        wish, done = self._waiting, self._done
        assert wish is not None and done is not None
        self._waiting, self._done = None, None
        self._arrived.clear()
        return wish, done

    def close(self) -> None:
        """Nobody carries out any more; who waits is told. ``left``: which one that was."""
        self.left = self._waiting
        if self._done is not None:
            self._done.set_result(None)
            self._waiting, self._done = None, None
            self._arrived.clear()
