"""In which order words are looked for, who is waited for, and who is told to give up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path

import pytest

from host.errors import NotFound, PluginRefused, StellaError
from host.lyrics.cache import Cached, LyricsCache
from host.lyrics.finder import Finder, Search
from host.lyrics.found import Found
from host.lyrics.lrc import NO_SHEET
from host.lyrics.matching import Candidate
from host.lyrics.providers import Embedded, Track
from host.lyrics.remembered import Chosen, Remembered
from host.lyrics.song import Song

SONG = Song("/a.flac", "Title", "Artist")


class Scripted:
    """``has``: words, nothing, or why it cannot say; with ``after`` it waits for that."""

    def __init__(
        self, name: str, has: str | StellaError = "", *, online: bool = False, after: asyncio.Event | None = None
    ) -> None:
        self.name, self.online = name, online
        self.asked = self.gave_up = 0
        self._has = has
        self._after = after

    async def look(self, _track: Track) -> Found | None:
        self.asked += 1
        try:
            if self._after is not None:
                await self._after.wait()
        except asyncio.CancelledError:
            self.gave_up += 1
            raise
        if isinstance(self._has, StellaError):
            raise self._has
        return Found(self.name, self._has, NO_SHEET) if self._has else None

    async def candidates(self, _song: Song) -> tuple[Candidate, ...]:
        if isinstance(self._has, StellaError):
            raise self._has
        return tuple(Candidate(self.name, {"text": word}, title=word) for word in self._has.split())

    async def fetch(self, candidate: Candidate) -> Found:
        return Found(self.name, str(candidate.raw["text"]), NO_SHEET)


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(body)


async def found(*steps: Scripted, grace_s: float = 60.0) -> Search:
    return await Finder(steps, steps, None, grace_s).find(Track(SONG))


def who(search: Search) -> tuple[str, list[str]]:
    return "" if search.found is None else search.found.provider, [each.provider for each in search.problems]


def test_the_order_decides() -> None:
    async def body() -> None:
        assert who(await found(Scripted("a"), Scripted("b", "words"), Scripted("c", "words"))) == ("b", [])
        assert who(await found(Scripted("a", PluginRefused("no")), Scripted("b", "words"))) == ("b", ["a"])
        assert who(await found(Scripted("a", PluginRefused("no")), Scripted("b"))) == ("", ["a"])
        assert who(await found()) == ("", [])

    run(body())


def test_one_that_comes_first_is_waited_for_when_it_is_only_slow() -> None:
    async def body() -> None:
        event = asyncio.Event()
        slow, quick = Scripted("slow", "words", after=event), Scripted("quick", "words")
        asking = asyncio.create_task(found(slow, quick))
        while not quick.asked:
            await asyncio.sleep(0)
        event.set()
        assert who(await asking) == ("slow", [])

    run(body())


def test_one_that_hangs_is_told_to_give_up_and_the_next_is_heard() -> None:
    async def body() -> None:
        hangs, last = Scripted("hangs", after=asyncio.Event()), Scripted("last", after=asyncio.Event())
        quick, online = Scripted("quick", "words"), Scripted("online", "words", online=True)
        async with asyncio.timeout(20):
            assert who(await found(hangs, quick, last, online, grace_s=0.01)) == ("quick", [])
        assert (hangs.gave_up, last.gave_up, online.asked) == (1, 1, 0)

    run(body())


def test_online_is_asked_after_the_others_and_all_at_once() -> None:
    async def body() -> None:
        event = asyncio.Event()
        first, second = Scripted("1", online=True, after=event), Scripted("2", "words", online=True, after=event)
        asking = asyncio.create_task(found(Scripted("a"), first, second))
        while not (first.asked and second.asked):
            await asyncio.sleep(0)
        event.set()
        assert who(await asking) == ("2", [])

    run(body())


def test_who_cancels_leaves_nobody_asking() -> None:
    async def body() -> None:
        hangs = Scripted("hangs", after=asyncio.Event())
        asking = asyncio.create_task(found(hangs))
        while not hangs.asked:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert hangs.gave_up == 1

    run(body())


def test_candidates_of_all_and_a_choice(tmp_path: Path) -> None:
    async def body() -> None:
        cache = LyricsCache(tmp_path)
        steps = (Scripted("a", "one two"), Scripted("b", PluginRefused("no")), Scripted("c", "three"))
        finder = Finder(steps, steps, cache)
        listing = await finder.candidates(SONG)
        assert [each.title for each in listing.candidates] == ["one", "two", "three"]
        assert [each.provider for each in listing.problems] == ["b"]
        assert (await finder.choose(SONG, 3)).text == "three"
        assert await cache.answers(SONG.key) == (Cached("c", "three", chosen=True),)
        with pytest.raises(NotFound, match="no candidate 4, but 3"):
            await finder.choose(SONG, 4)
        await finder.forget(SONG)
        assert await cache.answers(SONG.key) == ()

    run(body())


def test_what_is_remembered_and_what_was_chosen(tmp_path: Path) -> None:
    async def body() -> None:
        cache = LyricsCache(tmp_path)
        for answer in (Cached("a", None), Cached("c", "of c"), Cached("b", "of b"), Cached("gone", "of gone")):
            await cache.remember(SONG.key, answer)
        track = Track(SONG)
        remembered = Remembered(cache, ("a", "b", "c"))
        found = await remembered.look(track)
        assert found is not None and (found.provider, found.remembered) == ("b", True), "by the order, not by age"
        assert await Chosen(cache).look(track) is None
        await cache.remember(SONG.key, Cached("c", "[00:01]of c", of_file=True, chosen=True))
        found = await Chosen(cache).look(track)
        assert found is not None and (found.provider, found.sheet.timed, found.of_file) == ("c", True, True)
        assert await Remembered(cache, ()).look(track) is None
        assert await remembered.look(Track(Song())) is None, "without a name nothing is remembered"

    run(body())


def test_what_is_in_the_file_itself() -> None:
    async def body() -> None:
        async def learn() -> Song:
            return Song(embedded="[00:01.00]sung")

        track = Track(Song("/a"), learn)
        found = await Embedded().look(track)
        assert found is not None and (found.provider, found.sheet.timed, found.of_file) == ("embedded", True, True)
        assert await Embedded().look(Track(Song("/a"))) is None
        (candidate,) = await Embedded().candidates(await track.known())
        assert (await Embedded().fetch(candidate)).text == "[00:01.00]sung"
        assert await Embedded().candidates(Song()) == ()
        await track.close()

    run(body())
