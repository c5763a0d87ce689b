"""T7: as many blocks as go through four isolated hops, beside the same four plugins called in one process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product

from host.playback import Pacing
from host.playback.sizes import PipelineFormat, RingPlan
from host.settings import PipelineSizes
from tests.bench.compiled import plugin_library
from tests.bench.fleet import BLOCK_FRAMES, CHANNELS, RATE_HZ, Chain, gain_workers
from tests.bench.rows import Better, Context, Rounds, Row, Target
from tests.bench.streaming import stream

__all__ = ["NUMBERS", "Depth", "deep", "measure", "render_profile"]

NUMBERS = ("T7",)
T7 = Target("T7", ".11", Better.MORE, 0.30, 0.60)
HOPS = 4
BLOCKS = 20_000
#: In one process a block takes so little that a run needs more of them to outlast the scheduler's whims.
REFERENCE_BLOCKS = 100_000
WARM_BLOCKS = 10_000


@dataclass(frozen=True, slots=True)
class Depth:
    """How far the rings of a chain let their writers run ahead, and how much a sleeper waits for."""

    name: str
    ahead_blocks: int
    history_frames: int
    wake_frames: int


def render_profile() -> Depth:
    """The rings of ``stellatune render``."""
    pacing = Pacing.unpaced(PipelineSizes())
    plan = RingPlan.of(PipelineFormat(RATE_HZ, CHANNELS), pacing, pacing.ring_ahead_ms)
    ahead = plan.format.ahead_frames // BLOCK_FRAMES
    return Depth(f"render's rings ({ahead} blocks, history)", ahead, plan.format.history_frames, plan.wake_frames)


def deep(ahead_blocks: int) -> Depth:
    """A ring without history; with two blocks less than a power of two it wastes no memory."""
    wake = ahead_blocks // 2 * BLOCK_FRAMES
    return Depth(f"{ahead_blocks} blocks, no history", ahead_blocks, 0, wake)


def placements(core: int) -> dict[str, tuple[tuple[int, ...], int]]:
    """Cores of the hops in turn, and of the driver."""
    other = next((each for each in range(os.cpu_count() or 1) if each != core), core)
    return {
        "same core": ((core,), core),
        "spread": ((other, core), core),
        "halves": ((core, core, other, other), other),
        "free": ((), -1),
    }


def measure(context: Context) -> Iterator[Row]:
    """All depths in all placements; the best is named once more at the end."""
    blocks = BLOCKS // 4 if context.quick else BLOCKS
    depths = [render_profile(), deep(62), deep(126), deep(254)]
    places = placements(context.core)
    ours: dict[tuple[str, str], list[float]] = {(each.name, place): [] for each in depths for place in places}
    reference: dict[tuple[str, str], list[float]] = {key: [] for key in ours}
    library = plugin_library("dsp_gain")
    with ExitStack() as stack:
        workers = gain_workers(stack, HOPS)
        pids = [worker.pid for worker in workers]
        for _, depth, (place, (cores, driver)) in product(range(context.rounds), depths, places.items()):
            arguments = (library, HOPS, REFERENCE_BLOCKS, WARM_BLOCKS, context.core)
            (spent_ns,) = context.programs.run("gain_chain", *arguments)
            reference[depth.name, place].append(spent_ns / REFERENCE_BLOCKS / 1000)
            with Chain(
                workers,
                ahead_blocks=depth.ahead_blocks,
                history_frames=depth.history_frames,
                wake_frames=depth.wake_frames,
            ) as chain:
                chain.place(cores)
                run = stream(
                    context.programs,
                    chain.fds,
                    pids,
                    blocks=blocks,
                    warm=chain.warm_blocks,
                    wake=depth.wake_frames,
                    core=driver,
                )
            ours[depth.name, place].append(run.block_us)
    rounds = {key: Rounds(tuple(times), tuple(reference[key]), inverse=True) for key, times in ours.items()}
    for (rings, place), each in rounds.items():
        yield Row(T7, f"throughput, {HOPS} hops, {rings}, {place}", "us/block", each)
    best = max(rounds, key=lambda key: rounds[key].ratio)
    yield Row(T7, f"throughput, best of all: {', '.join(best)}", "us/block", rounds[best])
