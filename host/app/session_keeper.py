"""Takes up the session that the last host left, and notes how this one goes on, as it goes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from host.app.saved_position import Place
from host.app.session_store import SessionStore
from host.errors import NotFound
from host.events import EventBus, PlaybackStateChanged, QueueChanged, Seeked, TrackHeard, VolumeChanged
from host.playback import PlayState, Transport
from host.playback.loudness import decibels, gain_of

__all__ = ["SessionKeeper"]

NOTE_S = 0.5


class SessionKeeper:
    """Of one host that keeps its session. The event loop's thread."""

    def __init__(self, store: SessionStore, transport: Transport, bus: EventBus) -> None:
        self._store = store
        self._transport = transport
        self._bus = bus
        self._noting: asyncio.Task[None] | None = None

    async def take_up(self) -> None:
        """Goes on where the last host was: queue, place, volume, and whether it played."""
        session = await self._store.load()
        if session is not None:
            await self._go_on(session.place)
        self._noting = asyncio.get_running_loop().create_task(self._note_on())

    async def close(self) -> None:
        """Notes where the transport is now; twice is fine. To be called while it still plays."""
        if self._noting is None:
            return
        self._noting.cancel()
        await asyncio.wait((self._noting,))
        self._noting = None
        self._note()
        await self._store.close()

    async def _go_on(self, place: Place) -> None:
        transport = self._transport
        await transport.set_volume(gain_of(place.volume_db))
        if place.entry is None:
            return
        with suppress(NotFound):
            if transport.queue.current is None or transport.queue.current.id != place.entry:
                transport.queue.goto(place.entry)
            transport.begin_at(place.position_s)
            if place.state is not PlayState.STOPPED:
                await transport.play(paused=place.state is PlayState.PAUSED)

    async def _note_on(self) -> None:
        with self._bus.subscribe(PlaybackStateChanged, TrackHeard, Seeked, QueueChanged, VolumeChanged) as facts:
            while True:
                self._note()
                timeout_s = NOTE_S if self._transport.state is PlayState.PLAYING else None
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await anext(facts)

    def _note(self) -> None:
        transport = self._transport
        heard = transport.heard()
        place = Place(
            None if heard is None else heard.id,
            round(transport.position_s, 3),
            round(decibels(transport.volume), 2),
            transport.state,
        )
        self._store.note(place)
