"""Unloading with real processes: one ends when nothing lives in it, runs in it or reaches it; at once, not before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median

import pytest

import native_plugins
from abi.kinds import CapabilityKind
from abi.wire import Ping
from host.errors import GenerationDraining
from host.events import EventBus, InstanceCreated, InstanceDestroyed, Topic, WorkerExited
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import discover
from host.runtime import Instance, Phase, PluginRuntime
from host.settings import Settings
from tests.support.c_plugins import build_plugin
from tests.support.generation_witness import has_ended, witness
from tests.support.patient import PATIENT

GAIN = PluginId("stellatune.dsp.gain")
EQUALIZER = PluginId("stellatune.dsp.equalizer")
GATE = PluginId("test.dsp.gate")
TYPES = {GAIN: TypeId("gain"), EQUALIZER: TypeId("equalizer"), GATE: TypeId("gate")}
UNLOADS = 20
#: A thirtieth of the shortest limit on the way.
GONE_WITHIN_S = 2.0


@asynccontextmanager
async def running(folder: Path, *more: Path) -> AsyncIterator[tuple[PluginRuntime, EventBus]]:
    """A runtime over real workers."""
    found = discover((Path(native_plugins.__path__[0]), *more))
    bus = EventBus()
    runtime = PluginRuntime(found.plugins, bus, Settings(limits=PATIENT), state_dir=folder / "state")
    try:
        yield runtime, bus
    finally:
        await runtime.close()


async def make(runtime: PluginRuntime, plugin: PluginId, config: JsonObject | None = None) -> Instance:
    return await runtime.create(plugin, CapabilityKind.DSP, TYPES[plugin], config or {}, rate=48_000, channels=2)


async def whole_life(runtime: PluginRuntime, plugin: PluginId) -> None:
    """Load, create, destroy, unload: more than long enough for another process to end that wants to."""
    instance = await make(runtime, plugin)
    await instance.destroy()
    await runtime.unload(plugin)


async def condition(holds: Callable[[], bool], within_s: float = 30) -> None:
    """Waits for what the host is not told of."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.002)


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(body)


def test_a_live_instance_holds_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        with witness(monkeypatch, GAIN) as lives:
            async with running(tmp_path) as (runtime, bus):
                with bus.subscribe(Topic) as facts:
                    instance = await make(runtime, GAIN)
                    (life,) = lives.values()
                    await runtime.unload(GAIN, wait=False)
                    await whole_life(runtime, EQUALIZER)
                    assert not has_ended(life.pidfd)
                    await instance.worker.request(Ping(), 30)
                    (status,) = runtime.list()
                    assert (status.state, status.live_instances) == (Phase.DRAINING, 1)
                    await instance.destroy()
                    await runtime.unload(GAIN)
                    assert has_ended(life.pidfd)
                    assert not runtime.list()
                    ends = [fact for fact in iter(facts.poll, None) if getattr(fact, "plugin_id", "") == GAIN]
                destroyed = next(fact for fact in ends if isinstance(fact, InstanceDestroyed))
                exited = next(fact for fact in ends if isinstance(fact, WorkerExited))
                assert (destroyed.live_instances, destroyed.lost) == (0, False)
                assert (exited.expected, exited.lost_instances, exited.how) == (True, 0, "exit status 0")
                assert ends.index(destroyed) < ends.index(exited)
            life.expect_orderly()

    run(body())


def test_the_same_plugin_twice_counts_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        with witness(monkeypatch, GAIN) as lives:
            async with running(tmp_path) as (runtime, bus):
                with bus.subscribe(InstanceCreated) as births, bus.subscribe(InstanceDestroyed) as deaths:
                    first, second = await make(runtime, GAIN), await make(runtime, GAIN)
                    (life,) = lives.values()
                    assert first.pid == second.pid == life.pid
                    await runtime.unload(GAIN, wait=False)
                    await first.destroy()
                    await whole_life(runtime, EQUALIZER)
                    assert not has_ended(life.pidfd)
                    await second.destroy()
                    await runtime.unload(GAIN)
                    assert has_ended(life.pidfd)
                    born = [fact.live_instances for fact in iter(births.poll, None) if fact.plugin_id == GAIN]
                    died = [fact.live_instances for fact in iter(deaths.poll, None) if fact.plugin_id == GAIN]
                assert (born, died) == ([1, 2], [1, 0])
            life.expect_orderly()

    run(body())


def test_a_call_without_any_instance_holds_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    gate = build_plugin("gate", tmp_path)
    writers: list[int] = []

    def plugin_waits() -> bool:
        """Somebody can be written to only when the plugin has come to its read."""
        with suppress(OSError):
            writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        return bool(writers)

    async def body() -> None:
        with witness(monkeypatch, GATE) as lives:
            async with running(tmp_path, gate.folder) as (runtime, _bus):
                making = asyncio.create_task(make(runtime, GATE, {"fifo": str(fifo)}))
                await condition(plugin_waits)
                (life,) = lives.values()
                await runtime.unload(GATE, wait=False)
                await whole_life(runtime, EQUALIZER)
                (status,) = runtime.list()
                assert (status.state, status.live_instances, status.inflight) == (Phase.DRAINING, 0, 1)
                assert not has_ended(life.pidfd)
                os.write(writers[0], b"x")
                with pytest.raises(GenerationDraining, match=GATE):
                    await making
                await runtime.unload(GATE)
                assert has_ended(life.pidfd)
                assert not runtime.instances()
            life.expect_orderly()
            assert max(sample.state.live for sample in life.samples) == 1, "what came too late was made, and destroyed"

    try:
        run(body())
    finally:
        for fd in writers:
            os.close(fd)


def test_a_process_that_nothing_needs_is_gone_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        with witness(monkeypatch, GAIN) as lives:
            async with running(tmp_path) as (runtime, _bus):
                for _ in range(UNLOADS):
                    instance = await make(runtime, GAIN)
                    await runtime.unload(GAIN, wait=False)
                    await instance.destroy()
                    await runtime.unload(GAIN)
            for life in lives.values():
                life.expect_orderly()
            took = [life.took_s for life in lives.values()]
            assert len(took) == UNLOADS
            assert median(took) < GONE_WITHIN_S, took

    run(body())
