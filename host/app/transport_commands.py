"""What can be asked of the transport, and what it says of itself. The event loop's thread; results are JSON."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from host.app.status import playback_facts
from host.errors import StellaError, Usage
from host.jsontext import Json, JsonObject
from host.playback import Entry, Now, PlayState, Transport
from host.playback.loudness import decibels, gain_of
from host.where import SourceTrack

__all__ = ["TransportCommands"]


class TransportCommands:
    """Of one host."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def play(self) -> JsonObject:
        """Goes on, or begins. Raises: NotFound: the queue is empty."""
        await self._transport.play()
        return self._done()

    async def pause(self) -> JsonObject:
        """Stands still."""
        await self._transport.pause()
        return self._done()

    async def resume(self) -> JsonObject:
        """Goes on where it stood."""
        await self._transport.resume()
        return self._done()

    async def toggle(self) -> JsonObject:
        """The one or the other. Raises: as ``play``."""
        await self._transport.toggle()
        return self._done()

    async def stop(self) -> JsonObject:
        """Ends the playback."""
        await self._transport.stop()
        return self._done()

    async def next(self) -> JsonObject:
        """To the entry after this one."""
        await self._transport.next()
        return self._done()

    async def previous(self) -> JsonObject:
        """To the begin of this one, or to the one before."""
        await self._transport.previous()
        return self._done()

    async def goto(self, entry_id: int) -> JsonObject:
        """To this entry, which is played then. Raises: NotFound."""
        await self._transport.goto(entry_id)
        return self._done()

    async def seek(self, *, to_s: float | None, by_s: float | None, percent: float | None) -> JsonObject:
        """To a place, by so much, or to a part of the track. Raises: NotRunning; Usage: there is no such place."""
        if to_s is not None:
            await self._transport.seek(to_s)
        elif by_s is not None:
            await self._transport.seek_by(by_s)
        else:
            await self._transport.seek_percent(percent or 0.0)
        return self._done()

    async def set_volume(self, *, db: float | None, by_db: float | None, percent: float | None) -> JsonObject:
        """In decibels below full scale, by so many, or in percent of full scale. Raises: Usage: louder than that."""
        now_db = decibels(self._transport.volume)
        if percent is not None:
            if not 0 <= percent <= 100:
                raise Usage(f"{percent:g} is no volume", remedy="write 0 to 100")
            volume = percent / 100
        else:
            wished_db = min(0.0, now_db + by_db) if by_db is not None else db or 0.0
            if wished_db > 0:
                raise Usage(f"{wished_db:g} dB is louder than full scale", remedy="0 dB is the most")
            volume = gain_of(wished_db)
        await self._transport.set_volume(volume)
        return self._done()

    def facts(self, now: Callable[[], Now | None]) -> JsonObject:
        """State, track, place and chain. ``now``: what plays, whoever plays it."""
        transport, heard = self._transport, self._transport.heard()
        present: Now | None = None
        with suppress(StellaError):
            present = now()
        streams = heard is not None and isinstance(heard.where, SourceTrack)
        opening = streams and transport.state is not PlayState.STOPPED
        facts: JsonObject = {"track": None, "position": None, "xruns": 0, "clipped_samples": 0, "buffering": opening}
        facts["chain"] = []
        if present is not None:
            facts = playback_facts(present)
            track = facts["track"]
            assert isinstance(track, dict)
            track.update(_entry_facts(heard, present))
        queue = transport.queue
        modes: JsonObject = {
            "length": len(queue),
            "current": None if heard is None else heard.id,
            "version": queue.version,
            "repeat": queue.modes.repeat.value,
            "shuffle": queue.modes.shuffle,
            "consume": queue.modes.consume,
        }
        return {
            "state": transport.state.value,
            "play_id": 0 if present is None else present.track.index,
            "volume_db": round(decibels(transport.volume), 2),
            "failure": None if transport.failure is None else str(transport.failure),
            **facts,
            "queue": modes,
        }

    def _done(self) -> JsonObject:
        return self.facts(self._transport.now)


def _entry_facts(entry: Entry | None, now: Now) -> dict[str, Json]:
    """What its playlist says goes over the tags of its file, which may be those of a whole album; not over what a
    station says of the song that is heard."""
    if entry is None:
        return {"entry": None}
    if now.live and now.title:
        return {"entry": entry.id, "album": entry.hints.title or None}
    hints = {"title": entry.hints.title, "artist": entry.hints.artist, "album": entry.hints.album}
    return {"entry": entry.id, **{name: text for name, text in hints.items() if text}}
