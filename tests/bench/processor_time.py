"""T8: processor time of a hop for one block, beside a worker that pumps in Python over the very same rings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from shm_audio import Ring, RingFormat
from tests.bench.compiled import ROOT, plugin_library
from tests.bench.fleet import BLOCK_FRAMES, CHANNELS, RATE_HZ, Chain, gain_workers
from tests.bench.rows import Better, Context, Rounds, Row, Target
from tests.bench.streaming import Streamed, stream
from tests.bench.throughput import deep, render_profile

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T8",)
T8 = Target("T8", ".50", Better.LESS, 0.35, 0.20)
HOPS = 4
BLOCKS = 20_000


def measure(context: Context) -> Iterator[Row]:
    """On one core: at equal rings, and with those of render."""
    blocks = BLOCKS // 4 if context.quick else BLOCKS
    with ExitStack() as stack:
        workers = gain_workers(stack, HOPS)
        pids = [worker.pid for worker in workers]
        for depth in (render_profile(), deep(62)):
            ours: list[float] = []
            reference: list[float] = []
            for _ in range(context.rounds):
                fmt = RingFormat(
                    RATE_HZ, CHANNELS, BLOCK_FRAMES, depth.ahead_blocks * BLOCK_FRAMES, depth.history_frames
                )
                reference.append(_python_run(context, fmt, depth.wake_frames, blocks).hop_cpu_us)
                with Chain(
                    workers,
                    ahead_blocks=depth.ahead_blocks,
                    history_frames=depth.history_frames,
                    wake_frames=depth.wake_frames,
                ) as chain:
                    chain.place([context.core])
                    run = stream(
                        context.programs,
                        chain.fds,
                        pids,
                        blocks=blocks,
                        warm=chain.warm_blocks,
                        wake=depth.wake_frames,
                        core=context.core,
                    )
                ours.append(run.hop_cpu_us)
            rounds = Rounds(tuple(ours), tuple(reference))
            yield Row(T8, f"CPU per block per hop, {depth.name}, one core", "us", rounds)


def _python_run(context: Context, fmt: RingFormat, wake_frames: int, blocks: int) -> Streamed:
    with _python_hops(fmt, wake_frames, context.core) as (rings, pids):
        warm = 2 * rings[0].capacity_frames // BLOCK_FRAMES
        fds = (rings[0].fd, rings[-1].fd)
        return stream(context.programs, fds, pids, blocks=blocks, warm=warm, wake=wake_frames, core=context.core)


@contextmanager
def _python_hops(fmt: RingFormat, wake_frames: int, core: int) -> Iterator[tuple[list[Ring], list[int]]]:
    """Processes that run until this ends."""
    with ExitStack() as stack:
        rings = [stack.enter_context(Ring.create(fmt)) for _ in range(HOPS + 1)]
        pids: list[int] = []
        for index in range(HOPS):
            fds = (rings[index].fd, rings[index + 1].fd)
            gain = ("3" if index % 2 else "-3", str(core))
            arguments = [str(fds[0]), str(fds[1]), str(wake_frames), plugin_library("dsp_gain"), *gain]
            command = [sys.executable, "-m", "tests.bench.python_hop", *arguments]
            hop = subprocess.Popen(command, pass_fds=fds, stdout=subprocess.PIPE, cwd=ROOT)
            assert hop.stdout is not None
            stack.callback(hop.stdout.close)
            stack.callback(hop.wait)
            stack.callback(hop.kill)
            hop.stdout.read(1)  # it pumps
            pids.append(hop.pid)
        yield rings, pids
