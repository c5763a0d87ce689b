"""One mailbox, one wish: whoever asked is told once, whatever became of it."""

from __future__ import annotations

import asyncio

from host.playback.wishes import Seek, Switch, Wishes


def test_a_newer_wish_overtakes_one_that_was_not_begun_and_both_are_told() -> None:
    async def body() -> None:
        wishes = Wishes()
        first, second = wishes.post(Seek(1.0)), wishes.post(Seek(2.0))
        wish, done = wishes.take()
        assert wish == Seek(2.0) and not wishes.waiting()
        assert first is second is done

    asyncio.run(body())


def test_a_place_in_a_track_that_is_about_to_change_is_one_in_the_next() -> None:
    async def body() -> None:
        wishes = Wishes()
        wishes.post(Switch())
        wishes.post(Seek(7.0))
        assert wishes.take()[0] == Switch(7.0)
        wishes.post(Seek(7.0))
        wishes.post(Switch())
        assert wishes.take()[0] == Switch()

    asyncio.run(body())


def test_one_that_is_begun_is_overtaken_by_nobody() -> None:
    async def body() -> None:
        wishes = Wishes()
        wishes.post(Switch())
        begun, done = wishes.take()
        later = wishes.post(Seek(7.0))
        assert begun == Switch() and later is not done
        assert wishes.take() == (Seek(7.0), later)

    asyncio.run(body())


def test_arrival_is_told_as_long_as_one_waits() -> None:
    async def body() -> None:
        wishes = Wishes()
        waiting = asyncio.create_task(wishes.arrival())
        await asyncio.sleep(0)
        assert not waiting.done()
        wishes.post(Seek(1.0))
        await waiting
        await wishes.arrival()
        wishes.take()
        again = asyncio.create_task(wishes.arrival())
        await asyncio.sleep(0)
        assert not again.done()
        again.cancel()

    asyncio.run(body())


def test_the_end_tells_who_waits_and_says_what_is_left() -> None:
    async def body() -> None:
        wishes = Wishes()
        waits = wishes.post(Switch(3.0))
        wishes.close()
        assert waits.done() and wishes.left == Switch(3.0) and not wishes.waiting()
        wishes.close()
        assert wishes.left is None

    asyncio.run(body())
