"""The track that a playback begins with: opened, unless somebody wishes another one before it is."""

from __future__ import annotations

import asyncio

from host.playback.feed import TrackFeed
from host.playback.tracks import OpenTrack
from host.playback.wishes import Wishes

__all__ = ["first_track"]


async def first_track(feed: TrackFeed, wishes: Wishes) -> OpenTrack | None:
    """The first that opens; None: none does. Cancelled, none is lost, and none stays open.

    A source may take long to open what it serves; who wishes to be at another track need not wait for it.
    """
    while True:
        opening = asyncio.create_task(feed.next_track(ahead=False))
        switching = asyncio.create_task(wishes.switch())
        try:
            await asyncio.wait((opening, switching), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            switching.cancel()
            await _given_up(opening, feed)
            raise
        switching.cancel()
        if opening.done():
            return opening.result()
        await _given_up(opening, feed)
        _, done = wishes.take()
        feed.begin_anew()
        done.set_result(None)


async def _given_up(opening: asyncio.Task[OpenTrack | None], feed: TrackFeed) -> None:
    opening.cancel()
    await asyncio.wait((opening,))
    if opening.cancelled() or opening.exception() is not None:
        return
    track = opening.result()
    if track is not None:
        feed.put_back((track.index,))
        await track.close()
