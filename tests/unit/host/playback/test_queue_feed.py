"""What a playback is given of a queue, whoever moves that meanwhile: nothing twice, and nothing is left out."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from host.errors import MediaError
from host.events import EventBus
from host.playback import Entry, Input, Modes, Opener, Queue, Repeat, TrackResult
from host.playback.queue_feed import MOST_REMEMBERED, QueueFeed
from host.playback.tracks import Excerpt, OpenTrack


class Files:
    """An opener; what is in ``broken`` does not open."""

    def __init__(self) -> None:
        self.broken: set[str] = set()

    async def open(self, index: int, path: Path, _: Excerpt) -> OpenTrack:
        await asyncio.sleep(0)
        if path.name in self.broken:
            raise MediaError(f"{path} is broken")
        return cast(OpenTrack, SimpleNamespace(index=index, where=path))


class Rig:
    """A queue of files that are called by one letter each, and the feed over it."""

    def __init__(self, names: str, modes: Modes | None = None, begins_with_current: bool = False) -> None:
        self.queue = Queue()
        self.entries = {str(entry.where): entry for entry in self.queue.add(Input(Path(name)) for name in names)}
        self.queue.set_modes(modes or Modes())
        self.files = Files()
        self.told: list[str] = []
        opener = cast(Opener, self.files)
        self.feed = QueueFeed(self.queue, opener, EventBus(), count(1), self._tell, begins_with_current)

    def _tell(self, entry: Entry, result: TrackResult) -> None:
        self.told.append(str(entry.where) + ("!" if result.failure else ""))

    async def given(self, *, ahead: bool = False) -> OpenTrack:
        track = await self.feed.next_track(ahead=ahead)
        assert track is not None
        return track

    async def plays(self, *, ahead: bool = False) -> OpenTrack:
        """The next track decodes now."""
        track = await self.given(ahead=ahead)
        self.feed.joined(track.index)
        return track

    def ends(self, track: OpenTrack, frames: int = 1) -> None:
        self.feed.ended(TrackResult(track.index, track.where, frames_out=frames))

    @property
    def current(self) -> str | None:
        return None if self.queue.current is None else str(self.queue.current.where)


def outdated(rig: Rig) -> bool:
    return rig.feed.outdated


def test_the_queue_moves_when_a_track_that_was_opened_ahead_begins() -> None:
    async def body() -> None:
        rig = Rig("abc")
        await rig.plays()
        assert rig.current == "a"
        ahead = await rig.given(ahead=True)
        assert (str(ahead.where), rig.current) == ("b", "a")
        rig.feed.joined(ahead.index)
        assert rig.current == "b"

    asyncio.run(body())


@pytest.mark.parametrize("to", ["a", "b", "d"])
def test_who_chooses_while_a_track_is_just_about_to_begin_gets_what_he_chose(to: str) -> None:
    """The next track was taken from where it waited, and has not joined yet."""

    async def body() -> None:
        rig = Rig("abcde")
        await rig.plays()
        ahead = await rig.given(ahead=True)
        rig.queue.goto(rig.entries[to].id)
        rig.feed.choose()
        rig.feed.joined(ahead.index)
        assert rig.current == to
        assert await rig.feed.next_track(ahead=True) is None, "nothing follows by itself now"
        rig.feed.begin_anew()
        assert str((await rig.plays()).where) == to
        assert rig.current == to

    asyncio.run(body())


def test_a_choice_that_is_not_begun_in_time_is_what_follows() -> None:
    async def body() -> None:
        rig = Rig("abcde")
        await rig.plays()
        rig.queue.goto(rig.entries["d"].id)
        rig.feed.choose()
        assert str((await rig.plays()).where) == "d"
        assert str((await rig.plays(ahead=True)).where) == "e"

    asyncio.run(body())


def test_what_is_put_back_twice_comes_once_and_in_order() -> None:
    """Two seeks back into the track that is heard while the next one decodes already."""

    async def body() -> None:
        rig = Rig("abcd", Modes(consume=True))
        heard, decoding = await rig.plays(), await rig.plays(ahead=True)
        rig.feed.put_back((heard.index, decoding.index))
        again = await rig.given(ahead=True)
        assert again.index == heard.index
        rig.feed.put_back((again.index,))
        rig.feed.put_back((heard.index, decoding.index))
        indexes = [(await rig.plays()).index for _ in range(2)]
        assert indexes == [heard.index, decoding.index]
        assert str((await rig.plays()).where) == "c"
        assert rig.current == "c"

    asyncio.run(body())


def test_what_was_opened_ahead_and_is_put_back_comes_as_the_queue_says() -> None:
    async def body() -> None:
        rig = Rig("abc")
        await rig.plays()
        ahead = await rig.given(ahead=True)
        assert not outdated(rig)
        rig.queue.move([rig.entries["c"].id], rig.entries["b"].id)
        assert outdated(rig)
        rig.feed.put_back((ahead.index,))
        assert not outdated(rig)
        assert [str((await rig.plays(ahead=True)).where) for _ in range(2)] == ["c", "b"]

    asyncio.run(body())


@pytest.mark.parametrize("modes", [Modes(Repeat.ALL), Modes(Repeat.ONE), Modes(consume=True), Modes(shuffle=True)])
def test_nothing_but_garbage_ends(modes: Modes) -> None:
    async def body() -> None:
        rig = Rig("abc", modes)
        rig.files.broken |= set("abc")
        assert await rig.feed.next_track(ahead=False) is None
        assert rig.feed.in_vain or rig.queue.following() is None
        assert len(rig.told) <= 4

    asyncio.run(body())


def test_who_skips_through_a_short_queue_while_it_is_paused_is_not_thought_to_play_in_vain() -> None:
    async def body() -> None:
        rig = Rig("ab", Modes(Repeat.ALL))
        track = await rig.plays()
        for _ in range(10):
            rig.queue.step(1)
            rig.feed.choose()
            rig.feed.begin_anew()
            following = await rig.plays()
            rig.ends(track, frames=0)  # it was left before anything of it was heard
            track = following
        assert not rig.feed.in_vain

    asyncio.run(body())


def test_what_is_heard_is_known_however_many_do_not_open_behind_it() -> None:
    async def body() -> None:
        names = [chr(ord("a") + each) for each in range(26)]
        rig = Rig("".join(names * 8))
        rig.files.broken |= set(names[1:])
        heard = await rig.plays()
        rig.ends(heard)
        following = await rig.plays()
        assert len(rig.told) > 25 and str(following.where) == "a"
        for _ in range(6):
            await rig.plays()
        entry = rig.feed.entry(heard.index)
        assert len(rig.told) > MOST_REMEMBERED and entry is not None and str(entry.where) == "a"
        rig.feed.put_back((heard.index,))
        assert (await rig.given()).index == heard.index

    asyncio.run(body())


def test_what_is_long_over_is_forgotten() -> None:
    async def body() -> None:
        rig = Rig("abc", Modes(Repeat.ALL))
        first = await rig.plays()
        for _ in range(2 * MOST_REMEMBERED):
            rig.ends(await rig.plays(ahead=True))
        assert rig.feed.entry(first.index) is None

    asyncio.run(body())


def test_cancelled_none_is_lost() -> None:
    async def body() -> None:
        rig = Rig("abc")
        await rig.plays()
        for ahead in (True, False, True):
            opening = asyncio.create_task(rig.feed.next_track(ahead=ahead))
            await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait((opening,))
        assert [str((await rig.plays(ahead=True)).where) for _ in range(2)] == ["b", "c"]

    asyncio.run(body())
