"""T1 and T2: one block through N isolated hops on one core, beside a bare token that takes the same way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.clocks import median, percentile
from tests.bench.fleet import BLOCK_FRAMES, Chain, gain_workers
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T1", "T2")
HOPS = (1, 2, 4, 8)
PROTOTYPE = {"T1": ("1.24", "1.19", "1.15", "1.19"), "T2": ("1.29", "1.20", "1.15", "1.27")}
AHEAD_BLOCKS = 4
WARM_BLOCKS = 200
#: Short runs, so that ours and the reference meet the same moods of the machine; their numbers are put together.
PAIRS_A_ROUND = 4
BLOCKS = 1000


def measure(context: Context) -> Iterator[Row]:
    """Rows of all N, latency first."""
    blocks = BLOCKS // 4 if context.quick else BLOCKS
    with ExitStack() as stack:
        workers = gain_workers(stack, max(HOPS))
        p50: dict[int, list[tuple[float, float]]] = {hops: [] for hops in HOPS}
        p99: dict[int, list[tuple[float, float]]] = {hops: [] for hops in HOPS}
        for _ in range(context.rounds):
            for hops in HOPS:
                ours: list[int] = []
                reference: list[int] = []
                with Chain(
                    workers[:hops], ahead_blocks=AHEAD_BLOCKS, history_frames=0, wake_frames=BLOCK_FRAMES
                ) as chain:
                    chain.place([context.core])
                    for _ in range(PAIRS_A_ROUND):
                        run = (blocks, WARM_BLOCKS, 0, 0, context.core)
                        reference += context.programs.run("token_ring", hops, *run)
                        ours += context.programs.run("block_driver", *chain.fds, *run, fds=chain.fds)
                p50[hops].append((median(ours) / 1000, median(reference) / 1000))
                p99[hops].append((percentile(ours, 0.99) / 1000, percentile(reference, 0.99) / 1000))
    for number, name, found in (("T1", "p50", p50), ("T2", "p99", p99)):
        marks = (1.20, 1.10) if number == "T1" else (1.4, 1.2)
        for index, hops in enumerate(HOPS):
            target = Target(number, PROTOTYPE[number][index], Better.LESS, *marks)
            mine, theirs = zip(*found[hops], strict=True)
            yield Row(target, f"chain latency {name}, N={hops}, one core", "us", Rounds(mine, theirs))
