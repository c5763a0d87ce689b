"""Looks for the words of a track, step by step: the order decides, and nobody who is slow holds up the others.

Steps on this machine that follow each other are asked at the same time, and so are those online, who are asked only
when the ones before them have nothing. Once somebody has the words, those before him have a moment left; then they are
told to give up. Who does not is killed by his deadline, in a worker of his own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

from host.errors import NotFound, StellaError
from host.lyrics.cache import LyricsCache
from host.lyrics.found import Found
from host.lyrics.matching import Candidate, ranked
from host.lyrics.providers import Provider, Step, Track
from host.lyrics.song import Song
from host.records import record

__all__ = ["Finder", "Listing", "Search"]

#: How much longer one is waited for that comes first by the order, when another one has the words.
GRACE_S = 1.0


@record
class Problem:
    """A provider could not say."""

    provider: str
    error: StellaError


@record
class Search:
    """What came of it."""

    found: Found | None
    problems: tuple[Problem, ...] = ()


@record
class Listing:
    """All candidates of all providers, best first."""

    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...] = ()


class Finder:
    """Of one host. The loop's thread. ``steps`` in their order; ``providers``: those of them that offer a choice."""

    def __init__(
        self,
        steps: Sequence[Step],
        providers: Sequence[Provider],
        cache: LyricsCache | None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._steps = tuple(steps)
        self._providers = {each.name: each for each in providers}
        self._cache = cache
        self._grace_s = grace_s

    async def find(self, track: Track) -> Search:
        """The words of the first that has them. Nothing goes on when it returns, or is cancelled."""
        problems: list[Problem] = []
        for _, steps in groupby(self._steps, key=lambda step: step.online):
            found = await self._first_of(tuple(steps), track, problems)
            if found is not None:
                return Search(found, tuple(problems))
        return Search(None, tuple(problems))

    async def candidates(self, song: Song) -> Listing:
        """What there is to choose from."""
        problems: list[Problem] = []

        async def ask(provider: Provider) -> tuple[Candidate, ...]:
            try:
                return await provider.candidates(song)
            except StellaError as error:
                problems.append(Problem(provider.name, error))
                return ()

        each_s = await asyncio.gather(*map(ask, self._providers.values()))
        return Listing(ranked(each for some in each_s for each in some), tuple(problems))

    async def choose(self, song: Song, number: int) -> Found:
        """Takes one of the candidates, counted from 1, for this song from now on.

        Raises:
            NotFound: there are not so many. StellaError: its provider does not give it.
        """
        listing = await self.candidates(song)
        if number > len(listing.candidates):
            told = f"there is no candidate {number}, but {len(listing.candidates)}"
            raise NotFound(told, remedy="see `stellatune lyrics --candidates`")
        wanted = listing.candidates[number - 1]
        found = await self._providers[wanted.provider].fetch(wanted)
        if self._cache is not None and song.key:
            await self._cache.remember(song.key, found.to_remember(chosen=True))
        return found

    async def forget(self, song: Song) -> None:
        """What was chosen and answered for this song; everybody is asked anew."""
        if self._cache is not None and song.key:
            await self._cache.forget(song.key)

    async def _first_of(self, steps: Sequence[Step], track: Track, problems: list[Problem]) -> Found | None:
        """The words of the first in order that has them, of those who say so in time."""
        asked = [asyncio.ensure_future(step.look(track)) for step in steps]
        deadline: float | None = None
        loop = asyncio.get_running_loop()
        try:
            while True:
                late = [each for each in asked if not each.done()]
                first = next((each for each in asked if each in late or _has(each)), None)
                if first is None or first not in late:
                    break
                if deadline is None and any(map(_has, asked)):
                    deadline = loop.time() + self._grace_s
                left_s = None if deadline is None else max(0.0, deadline - loop.time())
                done, _ = await asyncio.wait(late, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    break
            problems += (
                Problem(step.name, error)
                for step, each in zip(steps, asked, strict=True)
                if each.done() and (error := _error(each)) is not None
            )
            return next((each.result() for each in asked if _has(each)), None)
        finally:
            for each in asked:
                each.cancel()
            await asyncio.wait(asked)


def _has(asked: asyncio.Future[Found | None]) -> bool:
    return asked.done() and not asked.cancelled() and asked.exception() is None and asked.result() is not None


def _error(asked: asyncio.Future[Found | None]) -> StellaError | None:
    """Raises: what is no ``StellaError``."""
    error = asked.exception()
    if error is None or isinstance(error, StellaError):
        return error
    raise error
