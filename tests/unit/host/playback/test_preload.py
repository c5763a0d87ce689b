"""The track ahead: whoever takes it, drops it or lets it expire at any moment, each is closed or handed over once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from host.errors import PluginRefused
from host.ids import PluginId
from host.playback.feed import TrackFeed
from host.playback.preload import Preload
from host.playback.tracks import OpenTrack

PLUGIN = PluginId("some.decoder")
SEED = 20261128


class Track:
    """Open until it is closed, which takes a moment."""

    def __init__(self, index: int, primes: bool) -> None:
        self.index = index
        self.use, self.served_by = SimpleNamespace(plugin_id=PLUGIN), ()
        self.decoder = self
        self.closed = 0
        self._primes = primes

    async def prime(self) -> None:
        await asyncio.sleep(0)
        if not self._primes:
            raise PluginRefused("it cannot", status=1)

    async def close(self) -> None:
        self.closed += 1
        await asyncio.sleep(0)


class Feed:
    """Gives numbers, those first that were put back."""

    sources: tuple[Path, ...] = ()

    def __init__(self, *, primes: bool = True) -> None:
        self.given: list[Track] = []
        self.again: list[int] = []
        self.ahead: list[bool] = []
        self.left = 1000
        self._primes = primes

    async def next_track(self, *, ahead: bool) -> OpenTrack | None:
        self.ahead.append(ahead)
        if not self.left:
            return None
        self.left -= 1
        index = self.again.pop(0) if self.again else len(self.given)
        try:
            await asyncio.sleep(0)
        except BaseException:
            self.put_back((index,))
            raise
        self.given.append(Track(index, self._primes))
        return cast(OpenTrack, self.given[-1])

    def put_back(self, indexes: Iterable[int]) -> None:
        self.again = [*indexes, *self.again]

    def open_besides(self, *kept: object) -> list[Track]:
        return [track for track in self.given if not track.closed and track not in kept]


def preload_of(feed: Feed) -> Preload:
    return Preload(cast(TrackFeed, feed))


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("primes", [True, False])
def test_who_takes_it_owns_it_whether_it_could_be_primed_or_not(primes: bool) -> None:
    async def body() -> None:
        feed = Feed(primes=primes)
        preload = preload_of(feed)
        assert preload.begin() is preload.begin()
        track = await preload.take()
        assert feed.open_besides(track) == [] and preload.index is None
        await preload.drop()
        assert not feed.given[0].closed

    asyncio.run(body())


@pytest.mark.parametrize("after", range(8))
def test_dropped_at_any_moment_it_is_closed_and_given_back(after: int) -> None:
    async def body() -> None:
        feed = Feed()
        preload = preload_of(feed)
        preload.begin()
        await turns(after)
        await preload.drop()
        await preload.drop()
        assert not feed.open_besides()
        assert [track.closed for track in feed.given] == [1] * len(feed.given)
        assert feed.again == ([0] if after else []), "the next one is the same"

    asyncio.run(body())


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("between", range(8))
def test_dropped_while_it_makes_room_for_another_nothing_is_left(after: int, between: int) -> None:
    """As a playback ends, or goes elsewhere, in the very moment in which its queue was changed."""

    async def body() -> None:
        feed = Feed()
        preload = preload_of(feed)
        preload.begin()
        await turns(after)
        preload.expire()
        await turns(between)
        await preload.drop()
        await turns(10)
        assert not feed.open_besides() and preload.index is None
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(body())


@pytest.mark.parametrize("between", range(10))
def test_taken_while_it_makes_room_for_another_the_other_one_is_had_and_none_after_it(between: int) -> None:
    async def body() -> None:
        feed = Feed()
        preload = preload_of(feed)
        await preload.begin()
        preload.expire()
        await turns(between)
        track = await preload.take()
        await turns(20)
        assert track is cast(OpenTrack, feed.given[-1]) and not feed.open_besides(track)
        assert preload.index is None, "nobody asked for the one after"
        preload.expire()
        await turns(20)
        assert len(feed.given) == 2, "nothing waits that could expire"

    asyncio.run(body())


@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize("between", range(4))
def test_what_was_put_back_before_comes_in_its_order_however_often_it_makes_room(after: int, between: int) -> None:
    async def body() -> None:
        feed = Feed()
        feed.again = [70, 71]
        preload = preload_of(feed)
        preload.begin()
        await turns(after)
        for _ in range(3):
            preload.expire()
            await turns(between)
        assert [cast(OpenTrack, await preload.take()).index for _ in range(2)] == [70, 71]
        await preload.drop()

    asyncio.run(body())


def test_who_is_cancelled_while_it_is_given_back_leaves_nothing_open() -> None:
    async def body() -> None:
        for after in range(6):
            feed = Feed()
            preload = preload_of(feed)
            await preload.begin()
            dropping = asyncio.create_task(preload.drop())
            await turns(after)
            dropping.cancel()
            await asyncio.wait((dropping,))
            await preload.drop()
            assert not feed.open_besides()

    asyncio.run(body())


def test_one_whose_time_has_come_is_opened_as_such_also_in_place_of_another() -> None:
    async def body() -> None:
        feed = Feed()
        preload = preload_of(feed)
        preload.begin(ahead=False)
        await turns(2)
        preload.expire()
        assert await preload.take() is not None
        assert feed.ahead == [False, False]

    asyncio.run(body())


def test_a_decoder_of_a_plugin_that_was_renewed_makes_room_for_a_new_one() -> None:
    async def body() -> None:
        feed = Feed()
        preload = preload_of(feed)
        preload.renew(PLUGIN)
        assert not feed.given
        await preload.begin()
        preload.renew(PluginId("another"))
        assert preload.index == 0
        preload.renew(PLUGIN)
        track = await preload.take()
        assert track is cast(OpenTrack, feed.given[1]) and feed.given[0].closed == 1
        preload.begin()
        await turns(2)
        preload.renew(PLUGIN)  # nobody knows yet whose it is
        another = await preload.take()
        assert not feed.open_besides(track, another)

    asyncio.run(body())


def test_in_any_order_each_is_closed_or_taken_once() -> None:
    dice = random.Random(SEED)

    async def body() -> None:
        for _ in range(300):
            feed = Feed()
            taken: list[object] = []
            preload = preload_of(feed)
            for _ in range(dice.randrange(12)):
                match dice.randrange(5):
                    case 0:
                        preload.begin()
                    case 1:
                        preload.expire()
                    case 2:
                        preload.renew(PLUGIN)
                    case 3:
                        taken.append(await preload.take())
                    case _:
                        await preload.drop()
                await turns(dice.randrange(4))
            await preload.drop()
            assert [track.closed for track in feed.given] == [track not in taken for track in feed.given]

    asyncio.run(body())
