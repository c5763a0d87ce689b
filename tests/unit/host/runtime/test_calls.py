"""Creating and calling instances: one call at a time, and what a create that is not wanted any more leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from abi.wire import (
    CreateInstance,
    DestroyInstance,
    Failed,
    FaultKind,
    InstanceCreated,
    LoadModule,
    Packet,
    Ping,
    Pong,
    Shutdown,
)
from host.errors import (
    ConcurrentCall,
    GenerationDraining,
    Misuse,
    PluginRefused,
)
from host.runtime import Phase
from tests.unit.host.runtime.rig import LONG_S, Rig, run
from tests.unit.host.runtime.workers import GAIN, Workers, obey
from tests.unit.host.worker.peer import Peer, replying, requests_of

#: Of the loop: long enough for a packet to be sent and read.
TURNS = 20
#: For a call that is not sent at all: if it were, nobody would answer it.
REFUSED_S = 1.0


def test_an_inflight_call_without_any_instance_holds_the_process(tmp_path: Path) -> None:
    held: list[Packet] = []

    def answer(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, CreateInstance):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        creating = asyncio.ensure_future(rig.create())
        while not held:
            await rig.workers.peer.next()
        await rig.runtime.unload(GAIN, wait=False)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert requests_of(rig.workers.peer, Shutdown) == 0
        (status,) = rig.runtime.list()
        assert (status.state, status.live_instances, status.inflight) == (Phase.DRAINING, 0, 1)
        rig.workers.peer.reply(held[0], InstanceCreated(0, 3, False))
        with pytest.raises(GenerationDraining, match="while gain was created"):
            await creating
        await rig.runtime.unload(GAIN)
        order = [type(message) for message in rig.workers.peer.received]
        assert order == [LoadModule, CreateInstance, DestroyInstance, Shutdown]
        assert rig.phases()[-1] == (1, "retired")

    run(tmp_path, body, Workers(answer))


def test_a_cancelled_create_leaves_no_instance(tmp_path: Path) -> None:
    held: list[Packet] = []

    def answer(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, CreateInstance):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        creating = asyncio.ensure_future(rig.create())
        while not held:
            await rig.workers.peer.next()
        creating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creating
        rig.workers.peer.reply(held[0], InstanceCreated(0, 3, False))
        await rig.runtime.unload(GAIN)
        assert requests_of(rig.workers.peer, DestroyInstance) == 1

    run(tmp_path, body, Workers(answer))


def test_one_call_at_a_time_per_instance(tmp_path: Path) -> None:
    held: list[Packet] = []

    def answer(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, Ping):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instance, other = await rig.create(), await rig.create()
        first = asyncio.ensure_future(instance.request(Ping(), LONG_S))
        beside = asyncio.ensure_future(other.request(Ping(), LONG_S))
        while len(held) < 2:
            await rig.workers.peer.next()
        for _ in range(3):
            with pytest.raises(ConcurrentCall, match="instance 1"):
                await instance.request(Ping(), REFUSED_S)
        assert requests_of(rig.workers.peer, Ping) == 2
        assert rig.runtime.list()[0].concurrent_calls == 3
        # Cancelled at the caller, still under way in the plugin: neither another call nor a destroy may overtake it.
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        with pytest.raises(ConcurrentCall):
            await instance.request(Ping(), REFUSED_S)
        destroy = asyncio.ensure_future(instance.destroy())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert requests_of(rig.workers.peer, DestroyInstance) == 0
        for packet in held:
            rig.workers.peer.reply(packet, Pong())
        await destroy
        assert await beside == Pong()
        with pytest.raises(Misuse, match="after destroy"):
            await instance.request(Ping(), REFUSED_S)

    run(tmp_path, body, Workers(answer))


def test_a_plugin_that_says_no_to_create_stays_loaded(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        rig.workers.peer.answer = replying(Failed(FaultKind.PLUGIN, 2, "create", "no"))
        with pytest.raises(PluginRefused, match="no"):
            await rig.create()
        rig.workers.peer.answer = obey
        (status,) = rig.runtime.list()
        assert (status.live_instances, status.inflight, status.pid) == (0, 0, 4242)

    run(tmp_path, body)
