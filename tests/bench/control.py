"""T10: a Ping through the host's channel to a real worker and back, beside the same bytes merely echoed."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator

from abi.wire import Ping, encode
from host.worker import WorkerHandle
from tests.bench.clocks import median, thread_ids
from tests.bench.hosted import TIMEOUT_S, hosted_worker, zygote
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T10",)
T10 = Target("T10", "1.5", Better.LESS, 3.0, 1.5)
TRIPS = 2000
WARM_TRIPS = 200


def measure(context: Context) -> Iterator[Row]:
    """Both processes on one core, then wherever the scheduler puts them."""
    trips = TRIPS // 4 if context.quick else TRIPS
    everywhere = set(range(os.cpu_count() or 1))
    for place, cores in (("one core", {context.core}), ("free", everywhere)):
        os.sched_setaffinity(0, cores)
        try:
            rounds = asyncio.run(_rounds(context.rounds, trips, cores))
        finally:
            os.sched_setaffinity(0, everywhere)
        yield Row(T10, f"control round trip p50, asyncio host, {place}", "us", rounds)


async def _rounds(count: int, trips: int, cores: set[int]) -> Rounds:
    ours: list[float] = []
    reference: list[float] = []
    async with zygote() as parent, hosted_worker(parent) as worker:
        for tid in thread_ids(worker.pid):
            os.sched_setaffinity(tid, cores)
        for _ in range(count):
            reference.append(_echoes(trips))
            ours.append(await _pings(worker, trips))
    return Rounds(tuple(ours), tuple(reference))


async def _pings(worker: WorkerHandle, trips: int) -> float:
    samples: list[int] = []
    for _ in range(trips + WARM_TRIPS):
        began = time.perf_counter_ns()
        await worker.request(Ping(), TIMEOUT_S)
        samples.append(time.perf_counter_ns() - began)
    return median(samples[WARM_TRIPS:]) / 1000


def _echoes(trips: int) -> float:
    """One write and one read in Python at each end of a pair of the same kind, with the bytes of a Ping."""
    packet, _ = encode(Ping(), 1, 1)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        near.close()
        while data := far.recv(65536):
            far.send(data)
        os._exit(0)
    far.close()
    samples: list[int] = []
    for _ in range(trips + WARM_TRIPS):
        began = time.perf_counter_ns()
        near.send(packet)
        near.recv(65536)
        samples.append(time.perf_counter_ns() - began)
    near.close()
    os.waitpid(pid, 0)
    return median(samples[WARM_TRIPS:]) / 1000
