"""T12: memory of an idle worker of the host with its plugin, beside a plain Python with the same compiled modules."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from tests.bench.compiled import ROOT
from tests.bench.hosted import hosted_worker, load_gain, zygote
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T12",)
T12 = Target("T12", ".25", Better.LESS, 0.4, 0.2)
ALIVE = 8
PLAIN = "import sys, msgpack, plugin_worker._core; print(flush=True); sys.stdin.read()"


def measure(context: Context) -> Iterator[Row]:
    """Eight of a kind at a time, because shared pages are shared by all."""
    ours: list[float] = []
    reference: list[float] = []
    for _ in range(context.rounds):
        with ExitStack() as stack:
            reference.append(_mean_pss_mib([_plain(stack) for _ in range(ALIVE)]))
        ours.append(asyncio.run(_ours()))
    yield Row(T12, f"PSS per idle worker, {ALIVE} alive", "MiB", Rounds(tuple(ours), tuple(reference)))


async def _ours() -> float:
    async with AsyncExitStack() as stack:
        parent = await stack.enter_async_context(zygote())
        workers = [await stack.enter_async_context(hosted_worker(parent)) for _ in range(ALIVE)]
        for worker in workers:
            await load_gain(worker)
        return _mean_pss_mib([worker.pid for worker in workers])


def _plain(stack: ExitStack) -> int:
    process = subprocess.Popen([sys.executable, "-c", PLAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdin is not None and process.stdout is not None
    for resource in (process.wait, process.stdout.close, process.stdin.close):
        stack.callback(resource)
    process.stdout.readline()
    return process.pid


def _mean_pss_mib(pids: list[int]) -> float:
    total_kib = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total_kib += int(line.split()[1])
    return total_kib / len(pids) / 1024
