"""T3: one block through N isolated effects on one core, beside a freewheeling cycle of JACK2 with as many clients."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.clocks import median
from tests.bench.compiled import FLAGS, SOURCES, numbers
from tests.bench.fleet import BLOCK_FRAMES, RATE_HZ, Chain, gain_workers
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T3",)
TARGETS = {
    1: Target("T3", ".43", Better.LESS, 0.5, 0.4),
    4: Target("T3", ".73", Better.LESS, 0.8, 0.6),
    8: Target("T3", ".95", Better.LESS, 0.95, 0.8),
}
AHEAD_BLOCKS = 4
WARM_BLOCKS = 200
BLOCKS = 4000
RUN_MS = 400
WARM_MS = 200
RUN_TIMEOUT_S = 30.0
READY_TIMEOUT_S = 10.0
SOURCE = SOURCES / "jack_cycle.c"


def measure(context: Context) -> Iterator[Row]:
    """Means, because JACK's cycles can only be counted. No rows, and a word, where there is no JACK2."""
    program = _compiled(context.folder)
    if program is None:
        return
    blocks, run_ms = (BLOCKS // 4, RUN_MS // 4) if context.quick else (BLOCKS, RUN_MS)
    found: dict[int, list[tuple[float, float]]] = {clients: [] for clients in TARGETS}
    with ExitStack() as stack:
        workers = gain_workers(stack, max(TARGETS))
        for _ in range(context.rounds):
            for clients in TARGETS:
                with Chain(
                    workers[:clients], ahead_blocks=AHEAD_BLOCKS, history_frames=0, wake_frames=BLOCK_FRAMES
                ) as chain:
                    chain.place([context.core])
                    run = (blocks, WARM_BLOCKS, 0, 0, context.core)
                    ours = context.programs.run("block_driver", *chain.fds, *run, fds=chain.fds)
                theirs = _cycle_us(program, clients, run_ms, context.core)
                found[clients].append((sum(ours) / len(ours) / 1000, theirs))
    for clients, target in TARGETS.items():
        mine, jack = zip(*found[clients], strict=True)
        yield Row(target, f"one cycle through N={clients}, one core, mean", "us", Rounds(mine, jack))


def _compiled(folder: Path) -> Path | None:
    if shutil.which("jackd") is None or not Path("/usr/include/jack/jack.h").exists():
        print("T3: not measured, JACK2 is missing: apt-get install jackd2 libjack-jackd2-dev", file=sys.stderr)
        return None
    program = folder / "jack_cycle"
    subprocess.run(["gcc", *FLAGS, str(SOURCE), "-o", str(program), "-ljack"], check=True)
    return program


def _cycle_us(program: Path, clients: int, run_ms: int, core: int) -> float:
    with _server(core) as name:
        command = [str(program), name, str(clients), str(run_ms), str(WARM_MS), str(core)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=RUN_TIMEOUT_S, check=True
        )
    return median(numbers(done.stdout)) / 1000


@contextmanager
def _server(core: int) -> Iterator[str]:
    """A server of our own, on ``core``; without a device and, as the workers are, without real-time scheduling."""
    name = f"stellatune-bench-{os.getpid()}"
    command = ["jackd", "-r", "-n", name, "-d", "dummy", "-r", str(RATE_HZ), "-p", str(BLOCK_FRAMES)]
    others = set(Path("/dev/shm").glob("jack*"))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        os.sched_setaffinity(0, before)
    try:
        subprocess.run(
            ["jack_wait", "-s", name, "-w", "-t", str(int(READY_TIMEOUT_S))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        yield name
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(READY_TIMEOUT_S)
        finally:
            server.kill()
            server.wait()
            for left in set(Path("/dev/shm").glob("jack*")) - others:  # it does not sweep up behind itself
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
