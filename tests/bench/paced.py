"""T5 and T6: a block a period at FIFO priority, as a sound card asks, with quiet and with busy control threads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from abi.wire import Ping, encode
from tests.bench.clocks import cpu_ns, median, percentile
from tests.bench.compiled import ROOT
from tests.bench.fleet import BLOCK_FRAMES, GENERATION, RATE_HZ, Chain, GainWorker, gain_workers
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T5", "T6")
T5 = Target("T5", "1.23-1.35", Better.LESS, 1.4, 1.15)
T6 = Target("T6", "1.01-1.07", Better.LESS, 1.3, 1.1)
HOPS = 4
PERIOD_NS = BLOCK_FRAMES * 1_000_000_000 // RATE_HZ
BLOCKS = 240
WARM_BLOCKS = 10
#: Each control thread works so much of the time, in bursts.
BUSY_SHARE = 0.2
BUSY_PERIOD_S = 0.010
BURST_TO_WEIGH = 80
BURSTS_TO_WEIGH = 10


def measure(context: Context) -> Iterator[Row]:
    """Reference, quiet and busy in turn."""
    blocks = BLOCKS // 4 if context.quick else BLOCKS
    token: list[list[int]] = []
    quiet: list[list[int]] = []
    busy: list[list[int]] = []
    shares: list[float] = []
    with ExitStack() as stack:
        workers = gain_workers(stack, HOPS)
        burst = max(1, round(BUSY_SHARE * BUSY_PERIOD_S * 1e9 / _ping_cost_ns(workers[0])))
        chain = stack.enter_context(Chain(workers, ahead_blocks=4, history_frames=0, wake_frames=BLOCK_FRAMES))
        chain.place([context.core], fifo=True)
        run = (blocks, WARM_BLOCKS, PERIOD_NS, 1, context.core)
        for _ in range(context.rounds):
            token.append(context.programs.run("token_ring", HOPS, *run))
            quiet.append(context.programs.run("block_driver", *chain.fds, *run, fds=chain.fds))
            before = sum(cpu_ns(worker.pid) for worker in workers)
            with _pinged(workers, burst, context.core):
                busy.append(context.programs.run("block_driver", *chain.fds, *run, fds=chain.fds))
            spent = sum(cpu_ns(worker.pid) for worker in workers) - before
            shares.append(spent / HOPS / ((blocks + WARM_BLOCKS) * PERIOD_NS))
            burst = max(1, round(burst * min(2.0, BUSY_SHARE / shares[-1])))
    p50 = Rounds(tuple(median(each) / 1000 for each in quiet), tuple(median(each) / 1000 for each in token))
    yield Row(T5, f"paced p50, N={HOPS}, FIFO", "us", p50)
    p99 = Rounds(
        tuple(percentile(each, 0.99) / 1000 for each in busy), tuple(percentile(each, 0.99) / 1000 for each in quiet)
    )
    yield Row(T6, f"paced p99, control threads {median(shares):.0%} busy", "us", p99)


def _ping_cost_ns(worker: GainWorker) -> float:
    """Processor time of the worker for one Ping of a burst."""
    packet, _ = encode(Ping(), 1, GENERATION)
    before = cpu_ns(worker.pid)
    for _ in range(BURSTS_TO_WEIGH):
        for _ in range(BURST_TO_WEIGH):
            worker.control.send(packet)
        for _ in range(BURST_TO_WEIGH):
            worker.control.recv(1 << 16)
    return (cpu_ns(worker.pid) - before) / BURSTS_TO_WEIGH / BURST_TO_WEIGH


@contextmanager
def _pinged(workers: Sequence[GainWorker], burst: int, core: int) -> Iterator[None]:
    """A process on another core that keeps the workers' control threads at work while the block runs."""
    fds = [worker.control.fileno() for worker in workers]
    others = set(range(os.cpu_count() or 1)) - {core} or {core}
    command = [sys.executable, "-m", "tests.bench.pinger", str(BUSY_PERIOD_S), str(burst), *map(str, fds)]
    pinger = subprocess.Popen(command, pass_fds=fds, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert pinger.stdin is not None and pinger.stdout is not None
    os.sched_setaffinity(pinger.pid, others)
    try:
        pinger.stdout.read(1)  # it has begun
        yield
    finally:
        pinger.stdin.close()  # it ends once every Ping it sent is answered
        pinger.wait()
        pinger.stdout.close()
