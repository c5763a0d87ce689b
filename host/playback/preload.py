"""The track after the one that plays, opened meanwhile: there is never more than one of them."""

from __future__ import annotations

import asyncio

from host.errors import StellaError
from host.ids import PluginId
from host.playback.feed import TrackFeed
from host.playback.tracks import OpenTrack

__all__ = ["Preload"]


class Preload:
    """Of one playback. Who takes the track owns it."""

    def __init__(self, feed: TrackFeed) -> None:
        self._feed = feed
        self._opening: asyncio.Task[OpenTrack | None] | None = None
        self._ahead = True
        self._given_back: set[asyncio.Task[None]] = set()

    @property
    def opened(self) -> OpenTrack | None:
        """The track that is open ahead, which stays here; None: there is none, or not yet."""
        opening = self._opening
        if opening is None or not opening.done() or opening.cancelled() or opening.exception() is not None:
            return None
        return opening.result()

    @property
    def index(self) -> int | None:
        """Of the track that is open ahead; None: there is none, or not yet."""
        return None if self.opened is None else self.opened.index

    def begin(self, *, ahead: bool = True) -> asyncio.Task[OpenTrack | None]:
        """Opens the next track, unless that is under way or done; not ``ahead``: its time has come."""
        if self._opening is None:
            self._ahead = ahead
            self._opening = asyncio.get_running_loop().create_task(self._open())
        return self._opening

    async def _open(self) -> OpenTrack | None:
        """Open, and its first block decoded: a decoder that dies over it is made anew when its time has come."""
        await self._all_back()
        track = await self._feed.next_track(ahead=self._ahead)
        if track is None or not self._ahead:
            return track
        try:
            await track.decoder.prime()
        except StellaError:
            return track
        except BaseException:
            self._feed.put_back((track.index,))
            await track.close()
            raise
        return track

    async def take(self) -> OpenTrack | None:
        """The next track, None where none could be had ahead. Cancelled, it stays here. Raises: what opening raises."""
        while True:
            opening = self.begin()
            if not opening.done():
                await asyncio.wait((opening,))
            if self._opening is opening:  # else another track was to follow meanwhile
                self._opening = None
                return opening.result()

    async def drop(self) -> None:
        """The feed has it back, closed, and so it has all that were given back before; twice is fine."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self._give_back(opening)
        await self._all_back()

    def expire(self) -> None:
        """Another track follows now than the one that waits, or is being opened, if there is one."""
        if self._opening is not None:
            self._give_back(self._opening)
            self._opening = asyncio.get_running_loop().create_task(self._open())

    def renew(self, plugin_id: PluginId) -> None:
        """A decoder or source of this plugin that waits makes room for one of the generation that is active now."""
        opened = self.opened
        uses = () if opened is None else (opened.use, *opened.served_by)
        if opened is None or plugin_id in (use.plugin_id for use in uses):  # whose is being opened is not known yet
            self.expire()

    async def _all_back(self) -> None:
        """The feed knows of all that were given back, so that what it gives next is right."""
        if self._given_back:
            await asyncio.wait(tuple(self._given_back))

    def _give_back(self, opening: asyncio.Task[OpenTrack | None]) -> None:
        """In a task of its own, which nobody cancels: who waits for it may go away."""
        giving = asyncio.get_running_loop().create_task(self._end(opening))
        self._given_back.add(giving)
        giving.add_done_callback(self._given_back.discard)

    async def _end(self, opening: asyncio.Task[OpenTrack | None]) -> None:
        opening.cancel()
        await asyncio.wait((opening,))
        if opening.cancelled() or opening.exception() is not None:
            return
        track = opening.result()
        if track is not None:
            self._feed.put_back((track.index,))
            await track.close()
