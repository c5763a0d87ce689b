"""Unloading, dying, closing: when a process ends, and what it takes along."""

from __future__ import annotations

import asyncio
from pathlib import Path
from signal import SIGSEGV, SIGTERM

import pytest

from abi.wire import (
    DestroyInstance,
    Packet,
    Ping,
    Pong,
    Shutdown,
)
from host.errors import (
    WorkerLost,
)
from host.events import InstanceCreated as InstanceCreatedFact
from host.events import (
    InstanceDestroyed,
    WorkerExited,
)
from host.runtime import Phase
from host.worker import ExitStatus
from tests.unit.host.runtime.rig import LONG_S, Rig, run
from tests.unit.host.runtime.workers import GAIN, Workers, dies_of_sigterm, obey
from tests.unit.host.worker.peer import Peer, ending, requests_of, silent


def test_an_unload_waits_for_the_last_instance_and_not_longer(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        first, second = await rig.create(), await rig.create()
        assert (first.id, second.id) == (1, 2)
        assert rig.runtime.list()[0].live_instances == 2
        unload = asyncio.ensure_future(rig.runtime.unload(GAIN))
        await first.destroy()
        await asyncio.wait((unload,), timeout=0)
        assert not unload.done()
        assert requests_of(rig.workers.peer, Shutdown) == 0
        await second.destroy()
        await second.destroy()
        await unload
        assert [type(message).__name__ for message in rig.workers.peer.received] == [
            "LoadModule",
            "CreateInstance",
            "CreateInstance",
            "DestroyInstance",
            "DestroyInstance",
            "Shutdown",
        ]
        assert rig.phases() == [(1, "starting"), (1, "active"), (1, "draining"), (1, "retired")]
        counts = [
            (type(fact) is InstanceCreatedFact, fact.live_instances)
            for fact in rig.history()
            if isinstance(fact, (InstanceCreatedFact, InstanceDestroyed))
        ]
        assert counts == [(True, 1), (True, 2), (False, 1), (False, 0)]
        assert [(one.expected, one.how) for one in rig.exits()] == [(True, "exit status 0")]
        kinds = [type(fact) for fact in rig.history()]
        assert kinds.index(WorkerExited) > max(i for i, kind in enumerate(kinds) if kind is InstanceDestroyed)
        await rig.runtime.unload(GAIN)

    run(tmp_path, body)


def test_after_an_unload_the_next_load_is_a_new_generation_beside_the_draining_one(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        old = await rig.create()
        await rig.runtime.unload(GAIN, wait=False)
        new = await rig.create()
        assert (old.generation, new.generation) == (1, 2)
        assert [one.state for one in rig.runtime.list()] == [Phase.DRAINING, Phase.ACTIVE]
        assert await new.request(Ping(), LONG_S) == Pong()
        assert await old.request(Ping(), LONG_S) == Pong()
        await old.destroy()

    run(tmp_path, body)


def test_a_worker_that_dies_takes_its_instances_and_the_next_create_starts_anew(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        first, second = await rig.create(), await rig.create()
        rig.workers.peer.answer = ending(ExitStatus(signal=SIGSEGV))
        with pytest.raises(WorkerLost, match="SIGSEGV"):
            await first.request(Ping(), LONG_S)
        assert rig.runtime.list() == ()
        with pytest.raises(WorkerLost):
            await second.request(Ping(), LONG_S)
        await first.destroy()
        await second.destroy()
        (exit_fact,) = rig.exits()
        assert (exit_fact.expected, exit_fact.how, exit_fact.lost_instances) == (False, "SIGSEGV", 2)
        lost = [fact for fact in rig.history() if isinstance(fact, InstanceDestroyed)]
        assert [(fact.live_instances, fact.lost) for fact in lost] == [(1, True), (0, True)]
        rig.workers.answer = obey
        third = await rig.create()
        assert (third.generation, third.id) == (2, 3)
        assert rig.phases()[:4] == [(1, "starting"), (1, "active"), (1, "lost"), (2, "starting")]

    run(tmp_path, body)


def test_a_worker_that_ignores_everything_is_killed_all_the_same(tmp_path: Path) -> None:
    def deaf_to_the_end(peer: Peer, packet: Packet) -> None:
        if not isinstance(packet.message, Shutdown):
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await instance.destroy()
        await rig.runtime.unload(GAIN)
        assert rig.workers.peer.process.signals == [SIGTERM]
        (fact,) = rig.exits()
        assert (fact.how, fact.reason) == ("SIGKILL", "it ignored the request to shut down, and SIGTERM")
        await rig.runtime.load(GAIN)
        dies_of_sigterm(rig.workers.peer)
        await rig.runtime.unload(GAIN)
        assert [(one.how, one.reason) for one in rig.exits()][1:] == [("SIGTERM", "")]

    run(tmp_path, body, Workers(deaf_to_the_end))


def test_close_takes_what_lives_with_it(tmp_path: Path) -> None:
    def deaf(peer: Peer, packet: Packet) -> None:
        if not isinstance(packet.message, (Ping, DestroyInstance, Shutdown)):
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await rig.create()
        call = asyncio.ensure_future(instance.request(Ping(), LONG_S))
        await asyncio.wait((call,), timeout=0)
        await rig.runtime.close()
        with pytest.raises(WorkerLost):
            await call

    run(tmp_path, body, Workers(deaf))


def test_close_in_the_middle_of_a_start(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        loading = asyncio.ensure_future(rig.runtime.load(GAIN))
        while not rig.workers.peers:
            await asyncio.wait((loading,), timeout=0.001)
        await rig.workers.peer.next()
        await rig.runtime.close()
        with pytest.raises(asyncio.CancelledError):
            await loading

    run(tmp_path, body, Workers(silent))
