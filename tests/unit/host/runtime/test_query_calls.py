"""Calls that give up: at their limit, when nobody waits for them any more, and before a destroy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from abi.kinds import StatusCode
from abi.wire import CancelCall, DestroyInstance, Done, Failed, FaultKind, Json, ListItems, Packet, Payload
from host.errors import ConcurrentCall, PluginRefused, RequestTimeout
from host.runtime import Instance
from tests.support.patient import PATIENT
from tests.unit.host.runtime.rig import LONG_S, Rig, run
from tests.unit.host.runtime.workers import Workers, obey
from tests.unit.host.worker.peer import Peer, requests_of

SOON_S = 0.02
#: Of the loop: long enough for a packet to be sent, answered and read.
TURNS = 40
PAGE = Json(Payload(b'{"items": []}'))
GAVE_UP = Failed(FaultKind.PLUGIN, StatusCode.CANCELLED, "list_items", "gave up")


class Held:
    """Answers nothing to a ListItems but what ``answer`` says, and only when it is told to give up."""

    def __init__(self, answer: Failed | Json | None = GAVE_UP) -> None:
        self.answer = answer
        self.asked: list[Packet] = []

    def __call__(self, peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, ListItems):
            self.asked.append(packet)
        elif not isinstance(packet.message, CancelCall):
            obey(peer, packet)
        elif self.answer is not None:
            peer.reply(self.asked.pop(), self.answer)
            peer.reply(packet, Done())

    async def reached(self, peer: Peer) -> None:
        while not self.asked:
            await peer.next()


def question(instance: Instance) -> ListItems:
    return ListItems(instance.id, Payload(b"{}"))


async def asked_again(rig: Rig, instance: Instance) -> None:
    """The worker lives, and answers."""
    rig.workers.peer.answer = lambda peer, packet: peer.reply(packet, PAGE)
    assert await instance.query(question(instance), LONG_S) == PAGE
    rig.workers.peer.answer = obey
    assert rig.workers.peer.process.kills == 0


def test_what_gave_up_at_its_limit_is_late_and_its_worker_lives(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        with pytest.raises(RequestTimeout, match=r"longer than 0\.02 s"):
            await instance.query(question(instance), SOON_S)
        await asked_again(rig, instance)
        assert requests_of(rig.workers.peer, CancelCall) == 1

    run(tmp_path, body, Workers(Held()))


@pytest.mark.parametrize("answer", [PAGE, Failed(FaultKind.PLUGIN, StatusCode.IO, "list_items", "no network")])
def test_another_answer_after_the_limit_counts(tmp_path: Path, answer: Failed | Json) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        asking = instance.query(question(instance), SOON_S)
        if isinstance(answer, Json):
            assert await asking == PAGE
        else:
            with pytest.raises(PluginRefused, match="no network"):
                await asking
        await asked_again(rig, instance)

    run(tmp_path, body, Workers(Held(answer)))


def test_who_does_not_wait_any_more_has_it_cancelled(tmp_path: Path) -> None:
    held = Held()

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        asking = asyncio.create_task(instance.query(question(instance), LONG_S))
        await held.reached(rig.workers.peer)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(ConcurrentCall):
            await instance.query(question(instance), LONG_S)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert requests_of(rig.workers.peer, CancelCall) == 1
        await asked_again(rig, instance)

    run(tmp_path, body, Workers(held))


def test_who_does_not_give_up_is_killed(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        with pytest.raises(RequestTimeout, match="its worker was killed"):
            await instance.query(question(instance), SOON_S)
        assert rig.workers.peer.process.kills > 0
        assert not instance.alive

    run(tmp_path, body, Workers(Held(None)), replace(PATIENT, cancel_ms=50))


def test_a_destroy_has_it_cancelled(tmp_path: Path) -> None:
    held = Held()

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        asking = asyncio.create_task(instance.query(question(instance), LONG_S))
        await held.reached(rig.workers.peer)
        await instance.destroy()
        with pytest.raises(PluginRefused, match="gave up"):
            await asking
        received = [type(message) for message in rig.workers.peer.received]
        assert received[-2:] == [CancelCall, DestroyInstance]

    run(tmp_path, body, Workers(held))


Ask = Callable[[Instance], Awaitable[object]]


@pytest.mark.parametrize(
    "ask",
    [lambda one: one.request(question(one), LONG_S), lambda one: one.query(question(one), LONG_S)],
    ids=["request", "query"],
)
def test_what_the_worker_kept_from_an_instance_is_counted_too(tmp_path: Path, ask: Ask) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        barred = Failed(FaultKind.CONCURRENT, 0, "list_items", "concurrent call: list_items")
        rig.workers.peer.answer = lambda peer, packet: peer.reply(packet, barred)
        with pytest.raises(ConcurrentCall, match="concurrent call"):
            await ask(instance)
        assert rig.runtime.list()[0].concurrent_calls == 1
        await asked_again(rig, instance)

    run(tmp_path, body)
