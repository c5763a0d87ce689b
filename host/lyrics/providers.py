"""Who may have the words of a track: plugins, each asked in its own worker, and the file itself.

All answer the same questions in the same way, so that the one who asks need not know who is who. A plugin is asked one
thing at a time, whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from host.capabilities import Lyrics, QueryOwner
from host.lyrics.cache import Cached, LyricsCache
from host.lyrics.found import Found, found_words
from host.lyrics.matching import GOOD_ENOUGH, MOST_CANDIDATES, Candidate, ranked, read_candidate
from host.lyrics.song import Song

__all__ = ["EMBEDDED", "Embedded", "PluginProvider", "Provider", "Step", "Track"]

#: What it is called among the names of plugins' types.
EMBEDDED = "embedded"


class Track:
    """What is asked about: ``song`` is known at once, ``known`` when its file has been asked for its tags."""

    def __init__(self, song: Song, learn: Callable[[], Awaitable[Song]] | None = None) -> None:
        self.song = song
        self._learning = None if learn is None else asyncio.ensure_future(learn())

    async def known(self) -> Song:
        """All there is to know. Raises: what ``learn`` raises."""
        return self.song if self._learning is None else await asyncio.shield(self._learning)

    async def close(self) -> None:
        """Nobody waits any more."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.wait((self._learning,))


class Step(Protocol):
    """One place where words are looked for. ``online``: somebody outside of this machine is asked."""

    @property
    def name(self) -> str: ...
    @property
    def online(self) -> bool: ...
    async def look(self, track: Track, /) -> Found | None: ...


class Provider(Step, Protocol):
    """One among whose candidates the user may choose."""

    async def candidates(self, song: Song, /) -> tuple[Candidate, ...]: ...
    async def fetch(self, candidate: Candidate, /) -> Found: ...


class PluginProvider:
    """A plugin's type. Raises, in every call, what its worker and its answers raise (``StellaError``)."""

    def __init__(self, owner: QueryOwner, name: str, *, online: bool, cache: LyricsCache | None) -> None:
        """``cache``: remembers what one that is online answers."""
        self.name = name
        self.online = online
        self._owner = owner
        self._cache = cache if online else None
        self._turn = asyncio.Lock()

    async def look(self, track: Track) -> Found | None:
        """What fits best. One on this machine may find it by its path alone, before anybody knows the tags."""
        if not self.online and track.song.path:
            found = await self._best(track.song)
            if found is not None:
                return found
        song = await track.known()
        if self.online:
            return await self._look_online(song) if song.title else None
        return None if song == track.song and song.path else await self._best(song)

    async def candidates(self, song: Song) -> tuple[Candidate, ...]:
        """All that it has, best first."""
        return () if self.online and not song.title else await self._search(song, many=True)

    async def fetch(self, candidate: Candidate) -> Found:
        """The words of one of them."""
        async with self._turn, self._owner.use() as instance:
            words = await Lyrics(instance).fetch(candidate.raw)
        label = " - ".join(each for each in (candidate.artist, candidate.title) if each)
        return await found_words(self.name, words.text, label=label, of_file=candidate.of_file)

    async def _look_online(self, song: Song) -> Found | None:
        """What it answered lately is not asked again."""
        if self._cache is None or not song.key:
            return await self._best(song)
        if any(each.provider == self.name and each.words is None for each in await self._cache.answers(song.key)):
            return None
        found = await self._best(song)
        await self._cache.remember(song.key, Cached(self.name, None) if found is None else found.to_remember())
        return found

    async def _best(self, song: Song) -> Found | None:
        fitting = [each for each in await self._search(song) if each.score >= GOOD_ENOUGH]
        return await self.fetch(fitting[0]) if fitting else None

    async def _search(self, song: Song, *, many: bool = False) -> tuple[Candidate, ...]:
        told = replace(song, path="") if self.online else song  # where it lies is nobody's business there
        async with self._turn, self._owner.use() as instance:
            found = await Lyrics(instance).search(told.query(many=many))
        return ranked(read_candidate(self.name, each, song) for each in found[:MOST_CANDIDATES])


class Embedded:
    """The file itself, whose decoder has told its tags in a worker."""

    name = EMBEDDED
    online = False

    async def look(self, track: Track) -> Found | None:
        """What it holds."""
        song = await track.known()
        return await found_words(EMBEDDED, song.embedded, of_file=True) if song.embedded else None

    async def candidates(self, song: Song) -> tuple[Candidate, ...]:
        """One, or none."""
        return (Candidate(EMBEDDED, {"text": song.embedded}),) if song.embedded else ()

    async def fetch(self, candidate: Candidate) -> Found:
        """Its words."""
        return await found_words(EMBEDDED, str(candidate.raw["text"]), of_file=True)
