"""What plugins ask: let in, told, answered once; and what they are told, bounded and counted."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from abi.wire import ControlAsked, HostEventsTaken, Packet, Payload, PushHostEvents
from host.errors import StellaError
from host.events import HostEventsMissed, PluginAnswered, PluginAsked, Topic, WorkerExited
from host.ids import Generation
from host.jsontext import JsonObject
from host.packages import Right
from host.runtime.control_requests import MAX_UNDER_WAY
from host.runtime.host_events import MAX_EVENTS
from host.worker import ExitStatus
from tests.unit.host.runtime.rig import LIMITS, LONG_S, Rig, run
from tests.unit.host.runtime.workers import GAIN, MANIFEST, Workers, obey
from tests.unit.host.worker.peer import Peer

RIGHTED = replace(MANIFEST, rights=frozenset({Right.CONTROL_PLAYER, Right.CACHE}))
STATUS = b'{"control": "player", "command": "status"}'
FIRST = Generation(1)

T = TypeVar("T", bound=Topic)


async def next_fact(rig: Rig, kind: type[T]) -> T:
    async with asyncio.timeout(LONG_S):
        async for fact in rig.facts:
            if isinstance(fact, kind):
                return fact
    raise AssertionError("the bus ended")


def ask(rig: Rig, number: int, text: bytes = STATUS, instance: int = 0) -> None:
    rig.workers.peer.tell(ControlAsked(instance, number, Payload(text)))


def pushed(rig: Rig) -> list[JsonObject]:
    """All events that were pushed to the newest worker."""
    pushes = [each for each in rig.workers.peer.received if isinstance(each, PushHostEvents)]
    return [json.loads(text) for push in pushes for text in push.texts]


async def told(rig: Rig, count: int) -> list[JsonObject]:
    async with asyncio.timeout(LONG_S):
        while len(pushed(rig)) < count:
            await asyncio.sleep(0.002)
    return pushed(rig)


def test_a_request_is_told_and_its_answer_pushed(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        ask(rig, 1, instance=int(instance.id))
        asked = await next_fact(rig, PluginAsked)
        assert asked == PluginAsked(GAIN, FIRST, instance.id, 1, "player", json.loads(STATUS))
        requests = rig.runtime.requests
        requests.answer(FIRST, 1, {"playing": False})
        requests.answer(FIRST, 1, {"playing": True})  # the second is nobody's
        requests.answer(FIRST, 2, {})
        requests.answer(Generation(9), 1, {})
        assert await next_fact(rig, PluginAnswered) == PluginAnswered(GAIN, FIRST, 1, "")
        requests.tell(FIRST, {"type": "x"})
        requests.tell(Generation(9), {"type": "y"})
        await requests.delivered(FIRST)
        result = {"type": "control.result", "request": 1, "ok": True, "result": {"playing": False}}
        assert pushed(rig) == [result, {"type": "x"}]

    run(tmp_path, body, manifest=RIGHTED)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"control": "library"}', "no_right"),
        (b'{"control": "subscribe", "topics": ["player.tick"]}', "no_right"),
        (b'{"control": "config"}', "no_right"),
        (b'{"control": "player", "control": "player"}', "bad_request"),
        (b'{"control": ["player"]}', "bad_request"),
        (b'["player"]', "bad_request"),
        (b"{nonsense", "bad_request"),
        (b'{"control": "player", "x": ' + b"[" * 100 + b"]" * 100 + b"}", "bad_request"),
        (b'{"control": "player", "x": "' + b"x" * (16 << 10) + b'"}', "bad_request"),
    ],
)
def test_what_is_not_let_in_is_answered_at_once(tmp_path: Path, text: bytes, code: str) -> None:
    """A worker that lets through what it must not is a lying one; the host looks again."""

    async def body(rig: Rig) -> None:
        await rig.create()
        ask(rig, 1, text)
        assert await next_fact(rig, PluginAnswered) == PluginAnswered(GAIN, FIRST, 1, code)
        (result,) = await told(rig, 1)
        error = result["error"]
        assert isinstance(error, dict)
        assert (result["ok"], error["code"]) == (False, code)
        assert not [fact for fact in rig.history() if isinstance(fact, PluginAsked)]

    run(tmp_path, body, manifest=RIGHTED)


def test_so_many_are_under_way_and_no_more(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        for number in range(1, 101):
            ask(rig, number)
        for number in range(1, MAX_UNDER_WAY + 1):
            assert (await next_fact(rig, PluginAsked)).number == number
        for number in range(MAX_UNDER_WAY + 1, 101):
            assert await next_fact(rig, PluginAnswered) == PluginAnswered(GAIN, FIRST, number, "busy")
        rig.runtime.requests.answer(FIRST, 3, StellaError("no", remedy="never", code="x"))
        ask(rig, 101)
        assert (await next_fact(rig, PluginAsked)).number == 101
        ask(rig, 102)
        assert await next_fact(rig, PluginAnswered) == PluginAnswered(GAIN, FIRST, 102, "busy")

    run(tmp_path, body, manifest=RIGHTED)


def test_who_is_not_answered_in_time_is_told_so(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        ask(rig, 1)
        assert await next_fact(rig, PluginAnswered) == PluginAnswered(GAIN, FIRST, 1, "timed_out")
        rig.runtime.requests.answer(FIRST, 1, {})
        await rig.runtime.requests.delivered(FIRST)
        (result,) = pushed(rig)
        assert result["ok"] is False

    run(tmp_path, body, limits=replace(LIMITS, control_ms=10), manifest=RIGHTED)


@pytest.mark.parametrize("number", [0, -1, 7])
def test_a_number_that_cannot_be_kills_the_worker(tmp_path: Path, number: int) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        ask(rig, 7)
        ask(rig, number)
        assert "an event that cannot be" in (await next_fact(rig, WorkerExited)).reason

    run(tmp_path, body, manifest=RIGHTED)


def test_nothing_is_kept_of_a_generation_that_is_gone(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        ask(rig, 1)
        await next_fact(rig, PluginAsked)
        rig.workers.peer.process.end(ExitStatus(signal=11))
        await next_fact(rig, WorkerExited)
        rig.runtime.requests.answer(FIRST, 1, {})
        await rig.create()
        ask(rig, 1)
        second = (await next_fact(rig, PluginAsked)).generation
        assert second == 2
        rig.runtime.requests.answer(second, 1, {"a": 1})
        assert [event["request"] for event in await told(rig, 1)] == [1]
        assert [fact.generation for fact in rig.history() if isinstance(fact, PluginAnswered)] == [second]

    run(tmp_path, body, manifest=RIGHTED)


def test_what_a_worker_does_not_take_waits_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    held: list[Packet] = []

    def slow(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, PushHostEvents) and len(held) < 1:
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.create()
        requests, total = rig.runtime.requests, 200
        ask(rig, 1, b"[]")  # from its first request on it is told things
        await told(rig, 1)
        for number in range(total):
            requests.tell(FIRST, {"n": number})
        requests.tell(FIRST, {"long": "x" * (16 << 10)})
        assert len(pushed(rig)) == 1
        rig.workers.peer.reply(held[0], HostEventsTaken(5))
        await requests.delivered(FIRST)
        lost = total - MAX_EVENTS + 1
        assert pushed(rig)[1] == {"type": "events.dropped", "count": lost}
        assert [event["n"] for event in pushed(rig)[2:]] == [*range(total - MAX_EVENTS, total)]
        assert [(await next_fact(rig, HostEventsMissed)).count for _ in range(2)] == [5, lost]

    run(tmp_path, body, Workers(slow), manifest=RIGHTED)


def test_bytes_that_wait_are_bounded_too(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        ask(rig, 1, b"[]")
        await told(rig, 1)
        for number in range(20):
            rig.runtime.requests.tell(FIRST, {"n": number, "x": "\ud800" * 10_000})
        await rig.runtime.requests.delivered(FIRST)
        note, *kept = pushed(rig)[1:]
        assert note["count"] == 20 - len(kept) > 0
        assert [event["n"] for event in kept] == [*range(20 - len(kept), 20)]
        assert 4 <= len(kept) <= 7

    run(tmp_path, body, manifest=RIGHTED)


def test_a_worker_that_lies_about_what_it_lost_is_killed(tmp_path: Path) -> None:
    def lying(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, PushHostEvents):
            peer.reply(packet, HostEventsTaken(-1))
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.create()
        ask(rig, 1, b"[]")
        assert "events were lost" in (await next_fact(rig, WorkerExited)).reason

    run(tmp_path, body, Workers(lying), manifest=RIGHTED)
