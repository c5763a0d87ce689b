"""T13: kill -9 of a dsp worker until its successor has published the next block, beside the same with a cold start.

The host's own runtime and proxies do all of it: know the death, start, load, create, import, replay, first block.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import native_plugins
from abi.kinds import CapabilityKind
from abi.wire import Event
from host.capabilities import Dsp
from host.events import EventBus
from host.ids import PluginId, TypeId
from host.packages import discover
from host.playback.sizes import checkpoint_frames
from host.runtime import PluginRuntime
from host.settings import Limits, Settings
from host.worker import WorkerHandle, WorkerSpec, spawn
from shm_audio import Checkpoints, Ring, RingFormat
from shm_audio._core import lib
from tests.bench.clocks import median
from tests.bench.rows import Better, Context, Distribution, Rounds, Row, Target
from tests.bench.standing import promote
from tests.support.cold_start import ColdStart
from tests.support.ring_end import RingEnd, numbered

__all__ = ["NUMBERS", "measure", "recovery_rounds"]

NUMBERS = ("T13",)
T13 = Target("T13", ".09", Better.LESS, 0.15, 0.04)
KILLS = 20
PLUGIN = PluginId("stellatune.dsp.equalizer")
EPOCH = 1
CONFIG_GEN = 1
TIMEOUT_S = 10.0
FORMAT = RingFormat(sample_rate_hz=48_000, channels=2, block_frames=512, ahead_frames=48_128, history_frames=48_000)
BLOCK = FORMAT.block_frames


@dataclass(frozen=True, slots=True)
class Recovery:
    """Milliseconds from the kill until the host knew, and from then until a new block stood in the ring."""

    known_ms: float
    again_ms: float


def measure(context: Context) -> Iterator[Row | Distribution]:
    """So many kills of each kind a round, in turn; then how both parts of ours spread."""
    kills = KILLS // 4 if context.quick else KILLS
    found: list[Recovery] = []
    rounds = asyncio.run(_rounds(context, kills, found))
    yield Row(T13, "kill -9 of a dsp worker to its next block p50, equalizer", "ms", rounds)
    yield Distribution("T13", "kill -9 until the host knows", "ms", tuple(one.known_ms for one in found))
    yield Distribution("T13", "from then to the first new block", "ms", tuple(one.again_ms for one in found))


def recovery_rounds(folder: Path, quick: bool) -> list[float]:
    """Milliseconds of each of some kills, with the warm start only."""
    return asyncio.run(_warm(folder, KILLS // 4 if quick else KILLS))


async def _warm(folder: Path, kills: int) -> list[float]:
    async with _stage(folder, cold=False) as stage:
        await stage.recovered()  # the zygote has made its first
        found = [await stage.recovered() for _ in range(kills)]
    return [one.known_ms + one.again_ms for one in found]


async def _rounds(context: Context, kills: int, found: list[Recovery]) -> Rounds:
    ours: list[float] = []
    reference: list[float] = []
    async with AsyncExitStack() as stack:
        warm = await stack.enter_async_context(_stage(context.folder / "warm", cold=False))
        cold = await stack.enter_async_context(_stage(context.folder / "cold", cold=True))
        await warm.recovered()  # the zygote has made its first
        for _ in range(context.rounds):
            mine: list[Recovery] = []
            theirs: list[Recovery] = []
            for _ in range(kills):
                theirs.append(await cold.recovered())
                mine.append(await warm.recovered())
            ours.append(median([one.known_ms + one.again_ms for one in mine]))
            reference.append(median([one.known_ms + one.again_ms for one in theirs]))
            found += mine
    return Rounds(tuple(ours), tuple(reference))


class _Stage:
    """One equalizer between two rings whose far ends are ours; it waits for room, and more input waits for it."""

    def __init__(self, runtime: PluginRuntime, stack: ExitStack) -> None:
        self._runtime = runtime
        self._before = stack.enter_context(Ring.create(FORMAT))
        self._after = stack.enter_context(Ring.create(FORMAT))
        self._checkpoints = stack.enter_context(Checkpoints(1 << 16))
        self._source = stack.enter_context(RingEnd(self._before.fd, lib.ST_RING_WRITER))
        self._target = stack.enter_context(RingEnd(self._after.fd, lib.ST_RING_READER))
        self._pid = 0
        self._dsp: Dsp | None = None

    async def begin(self) -> None:
        """The first occupant."""
        await self._occupy(-1, 0)

    async def recovered(self) -> Recovery:
        """Kills it at a place among its checkpoints, when it has nothing to do; a block is waiting for the next one."""
        assert self._dsp is not None
        await self._fill()
        self._target.take(self._target.frames() // 2 // BLOCK * BLOCK + BLOCK)
        self._target.before_sleep()
        await self._fill()
        worker = self._dsp.instance.worker
        began = time.perf_counter()
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait_exit(TIMEOUT_S)
        known = time.perf_counter()
        self._target.take(BLOCK)  # as the stage behind it does
        at = self._after.words().write_pos
        retain = self._before.words().retain_pos
        slot = next(slot for slot in self._checkpoints.slots() if retain <= slot.position <= at)
        await self._occupy(slot.index, slot.position)
        while self._after.words().write_pos == at:
            await asyncio.sleep(0)
        done = time.perf_counter()
        return Recovery((known - began) * 1000, (done - known) * 1000)

    async def _fill(self) -> None:
        """Supplies until the output is full and the worker sleeps on it."""
        while self._target.frames() < FORMAT.ahead_frames:
            frames = self._source.frames() // BLOCK * BLOCK
            if frames:
                self._source.put(numbered(0, frames, FORMAT.channels) * 1e-6)
            self._source.before_sleep()
            self._target.before_sleep()
            await asyncio.sleep(0)

    async def _occupy(self, slot: int, replay_from: int) -> None:
        instance = await self._runtime.create(
            PLUGIN,
            CapabilityKind.DSP,
            TypeId("equalizer"),
            {"bands": [{"type": "peaking", "freq_hz": 1000, "gain_db": 3, "q": 1}]},
            rate=FORMAT.sample_rate_hz,
            channels=FORMAT.channels,
        )
        promote(instance.worker.pid)
        self._dsp = Dsp(instance)
        await self._dsp.attach(
            self._before,
            self._after,
            epoch=EPOCH,
            config_gen=CONFIG_GEN,
            wake_frames=BLOCK,
            checkpoints=self._checkpoints,
            checkpoint_frames=checkpoint_frames(FORMAT),
            state_slot=slot,
            replay_from=replay_from,
        )


@asynccontextmanager
async def _stage(state: Path, *, cold: bool) -> AsyncIterator[_Stage]:
    plugins = discover((Path(native_plugins.__path__[0]),)).plugins
    runtime = PluginRuntime(plugins, EventBus(), Settings(), state_dir=state, spawner=_spawn_cold if cold else None)
    try:
        with ExitStack() as stack:
            stage = _Stage(runtime, stack)
            await stage.begin()
            yield stage
    finally:
        await runtime.close()


async def _spawn_cold(
    spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], limits: Limits, /
) -> WorkerHandle:
    return await spawn(spec, on_event, limits, ColdStart(sys.executable, "-m", "plugin_worker"))
