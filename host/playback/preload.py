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
        self._expiring: asyncio.Task[None] | None = None

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

    def begin(self) -> asyncio.Task[OpenTrack | None]:
        """Opens the next track ahead, unless that is under way or done."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open_ahead())
        return self._opening

    async def _open_ahead(self) -> OpenTrack | None:
        """Open, and its first block decoded: a decoder that dies over it is made anew when its time has come."""
        track = await self._feed.next_track(ahead=True)
        if track is None:
            return None
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
            await asyncio.wait((opening,))
            if self._opening is opening:  # else another track was to follow meanwhile
                self._opening = None
                return opening.result()

    async def drop(self) -> None:
        """The feed has it back, closed; twice is fine."""
        opening, self._opening = self._opening, None
        if opening is not None:
            await self.discard(opening)

    def expire(self) -> None:
        """Another track follows now than the one that waits, or is being opened."""
        self._expiring = asyncio.get_running_loop().create_task(self._open_another())

    async def _open_another(self) -> None:
        await self.drop()
        self.begin()

    async def discard(self, opening: asyncio.Task[OpenTrack | None]) -> None:
        """Ends the opening of a track; the feed has it back, closed."""
        opening.cancel()
        await asyncio.wait((opening,))
        if opening.cancelled() or opening.exception() is not None:
            return
        track = opening.result()
        if track is not None:
            self._feed.put_back((track.index,))
            await track.close()

    async def renew(self, plugin_id: PluginId) -> None:
        """A decoder of this plugin that waits makes room for one of the generation that is active now."""
        opening = self._opening
        if opening is not None and self.index is not None:
            track = opening.result()
            if track is not None and track.use.plugin_id == plugin_id:
                await self.drop()
                self.begin()
