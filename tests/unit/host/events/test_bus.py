"""The bus: facts reach those who asked, in order, and a slow reader costs only itself."""

from __future__ import annotations

import asyncio

import pytest

from host.events import EventBus, EventsDropped, PlaybackEnded, Seeked, Topic, TrackHeard
from host.ids import Generation, PluginId


def ended(position: int) -> PlaybackEnded:
    return PlaybackEnded(position, 1, 0)


def dropped(logs: int) -> EventsDropped:
    return EventsDropped(PluginId("a.b"), Generation(1), logs, 0)


def test_facts_go_to_those_who_asked_for_their_type() -> None:
    bus = EventBus()
    with (
        bus.subscribe(PlaybackEnded) as ends,
        bus.subscribe(Topic) as everything,
        bus.subscribe(EventsDropped) as drops,
    ):
        for index in range(3):
            bus.publish(ended(index))
            bus.publish(dropped(index))
        assert [ends.poll() for _ in range(4)] == [ended(0), ended(1), ended(2), None]
        assert [drops.poll() for _ in range(4)] == [dropped(0), dropped(1), dropped(2), None]
        assert [everything.poll() for _ in range(6)] == [
            ended(0),
            dropped(0),
            ended(1),
            dropped(1),
            ended(2),
            dropped(2),
        ]


def test_who_comes_later_or_has_left_gets_nothing() -> None:
    bus = EventBus()
    first = bus.subscribe(PlaybackEnded)
    bus.publish(ended(1))
    second = bus.subscribe(PlaybackEnded)
    bus.publish(ended(2))
    first.close()
    first.close()
    bus.publish(ended(3))
    assert [first.poll() for _ in range(3)] == [ended(1), ended(2), None]
    assert [second.poll() for _ in range(3)] == [ended(2), ended(3), None]


def test_a_full_queue_drops_its_oldest_and_counts() -> None:
    bus = EventBus()
    with bus.subscribe(PlaybackEnded, capacity=3) as slow, bus.subscribe(PlaybackEnded) as fast:
        for index in range(10):
            bus.publish(ended(index))
        assert (slow.dropped, fast.dropped) == (7, 0)
        assert [slow.poll() for _ in range(4)] == [ended(7), ended(8), ended(9), None]


def test_a_reader_waits_for_facts_and_ends_with_the_subscription() -> None:
    async def whole() -> list[int]:
        bus = EventBus()
        seen: list[int] = []
        ready = asyncio.Event()

        async def read() -> None:
            with bus.subscribe(PlaybackEnded) as facts:
                ready.set()
                async for fact in facts:
                    seen.append(fact.position)
                    if len(seen) == 3:
                        facts.close()

        reader = asyncio.create_task(read())
        await ready.wait()
        for index in range(3):
            bus.publish(ended(index))
        await reader
        return seen

    assert asyncio.run(whole()) == [0, 1, 2]


def test_a_cancelled_reader_loses_nothing() -> None:
    async def whole() -> PlaybackEnded:
        bus = EventBus()
        facts = bus.subscribe(PlaybackEnded)
        waiting = asyncio.ensure_future(anext(facts))
        await asyncio.wait((waiting,), timeout=0)
        waiting.cancel()
        bus.publish(ended(5))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return await anext(facts)

    assert asyncio.run(whole()) == ended(5)


def test_a_subscription_needs_a_type_and_room() -> None:
    bus = EventBus()
    with pytest.raises(ValueError, match="at least one"):
        bus.subscribe()
    with pytest.raises(ValueError, match="at least one"):
        bus.subscribe(PlaybackEnded, capacity=0)


def test_who_makes_facts_is_told_when_somebody_names_them() -> None:
    bus = EventBus()
    told: list[bool] = []
    bus.on_interest(TrackHeard, told.append)
    everything, other = bus.subscribe(Topic), bus.subscribe(Seeked)
    assert told == []
    first = bus.subscribe(Seeked, TrackHeard)
    second = bus.subscribe(TrackHeard)
    assert told == [True]
    first.close()
    first.close()
    assert told == [True]
    second.close()
    assert told == [True, False]
    everything.close()
    other.close()
    bus.subscribe(TrackHeard).close()
    assert told == [True, False, True, False]
