"""T11: a worker from the zygote until it has answered ``Hello``, beside a C program until it says that it is there."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator

from tests.bench.clocks import median
from tests.bench.hosted import hosted_worker, zygote
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T11",)
T11 = Target("T11", "1.15", Better.LESS, 2.0, 1.2)
STARTS = 20


def measure(context: Context) -> Iterator[Row]:
    """One of each in turn."""
    starts = STARTS // 4 if context.quick else STARTS
    rounds = asyncio.run(_rounds(context, starts))
    yield Row(T11, "worker start from the zygote p50, handshake included", "ms", rounds)


async def _rounds(context: Context, starts: int) -> Rounds:
    ours: list[float] = []
    reference: list[float] = []
    async with zygote() as parent:
        for _ in range(context.rounds):
            mine: list[float] = []
            bare: list[float] = []
            for _ in range(starts):
                bare.append(_bare_ms(context.programs.command("ready")))
                began = time.perf_counter()
                async with hosted_worker(parent):
                    mine.append((time.perf_counter() - began) * 1000)
            ours.append(median(mine))
            reference.append(median(bare))
    return Rounds(tuple(ours), tuple(reference))


def _bare_ms(command: list[str]) -> float:
    near, far = os.pipe2(os.O_CLOEXEC)
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, far, 1)])
    os.read(near, 1)
    took_ms = (time.perf_counter() - began) * 1000
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(near)
    os.close(far)
    return took_ms
