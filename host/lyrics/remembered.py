"""Words out of the cache: what the user chose, before all others, and what online providers answered."""

from __future__ import annotations

from collections.abc import Sequence

from host.lyrics.cache import Cached, LyricsCache
from host.lyrics.found import Found, found_words
from host.lyrics.providers import Track

__all__ = ["CACHE", "Chosen", "Remembered"]

#: What it is called among the names of plugins' types.
CACHE = "cache"


class Remembered:
    """What providers answered before; of several the first by the order of ``names``."""

    name = CACHE
    online = False

    def __init__(self, cache: LyricsCache, names: Sequence[str]) -> None:
        self._cache = cache
        self._names = tuple(names)

    async def look(self, track: Track) -> Found | None:
        """Of the first that had any."""
        answers = await _answers(self._cache, track)
        having = sorted(
            (each for each in answers if each.words is not None and each.provider in self._names),
            key=lambda each: self._names.index(each.provider),
        )
        return await _found(having[0]) if having else None


class Chosen:
    """What the user chose among candidates."""

    name = CACHE
    online = False

    def __init__(self, cache: LyricsCache) -> None:
        self._cache = cache

    async def look(self, track: Track) -> Found | None:
        """What was chosen for this track."""
        chosen = [each for each in await _answers(self._cache, track) if each.chosen and each.words is not None]
        return await _found(chosen[0]) if chosen else None


async def _answers(cache: LyricsCache, track: Track) -> tuple[Cached, ...]:
    key = (await track.known()).key
    return await cache.answers(key) if key else ()


async def _found(answer: Cached) -> Found:
    text = answer.words or ""
    return await found_words(answer.provider, text, label=answer.label, remembered=True, of_file=answer.of_file)
