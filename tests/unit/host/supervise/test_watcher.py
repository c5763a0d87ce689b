"""The watcher over peers in this process: it asks, it waits, it ends who stays silent, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from abi.wire import Packet, Ping, Pong
from host.settings import Limits
from host.supervise import Watcher
from host.worker import KillKind, WorkerHandle
from tests.unit.host.worker.peer import SPEC, Answer, Peer, requests_of, silent

LIMITS = replace(Limits(), heartbeat_ms=100, heartbeat_misses=2)
LONG_S = 30.0


def lively(peer: Peer, packet: Packet) -> None:
    peer.reply(packet, Pong())


@asynccontextmanager
async def watched(*answers: Answer) -> AsyncIterator[tuple[Watcher, list[Peer], list[WorkerHandle]]]:
    peers = [Peer(SPEC, answer) for answer in answers]
    workers = [peer.handle(SPEC, lambda _worker, _event: None) for peer in peers]
    watcher = Watcher(lambda: tuple(workers), LIMITS)
    try:
        yield watcher, peers, workers
    finally:
        await watcher.close()
        await watcher.close()
        for peer, worker in zip(peers, workers, strict=True):
            peer.process.kill_group()
            await worker.wait_exit(LONG_S)


async def pinged(peer: Peer, times: int) -> None:
    async with asyncio.timeout(LONG_S):
        while requests_of(peer, Ping) < times:
            await peer.next()


def test_who_answers_lives_and_is_asked_again() -> None:
    async def body() -> None:
        async with watched(lively) as (_, (peer,), (worker,)):
            await pinged(peer, 5)
            assert not worker.exited.done()
            assert worker.kill_kind is None

    asyncio.run(body())


def test_who_stays_silent_is_ended_and_nobody_else() -> None:
    async def body() -> None:
        async with watched(silent, lively) as (_, peers, (deaf, good)):
            assert await deaf.wait_exit(LONG_S) is not None
            assert (deaf.kill_kind, deaf.doomed) == (KillKind.HANG, "it gave no sign of life for 0.2 s")
            assert requests_of(peers[0], Ping) == 1, "one question at a time"
            await pinged(peers[1], 3)
            assert good.kill_kind is None

    asyncio.run(body())


def test_a_worker_that_nobody_uses_is_left_alone() -> None:
    async def body() -> None:
        peer = Peer(SPEC, silent)
        worker = peer.handle(SPEC, lambda _worker, _event: None)
        in_use: list[WorkerHandle] = [worker]
        watcher = Watcher(lambda: tuple(in_use), LIMITS)
        await pinged(peer, 1)
        in_use.clear()
        assert await worker.wait_exit(1.0) is None
        await watcher.close()
        peer.process.kill_group()
        await worker.wait_exit(LONG_S)
        assert worker.kill_kind is None

    asyncio.run(body())
