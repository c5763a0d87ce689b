"""The ends that come before all is quiet, watched: forced or hung, and both are told, with what they took along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import native_plugins
from abi.kinds import CapabilityKind
from host.events import EventBus, WorkerExited
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import discover
from host.runtime import CRASHES_FILE, Instance, PluginRuntime
from host.runtime.generation import Happening, Phase
from host.settings import Settings
from host.supervise import CrashHistory
from tests.support.faulty import Order
from tests.support.generation_witness import has_ended, witness
from tests.support.patient import PATIENT

FAULT = PluginId("stellatune.fault")
#: What a forced unload waits for, and what a destroy may take: both are provoked here.
HASTY = replace(PATIENT, drain_ms=200, destroy_ms=200)


@dataclass(frozen=True)
class Bench:
    """A runtime over real workers, and the rows of its crash history."""

    runtime: PluginRuntime
    history: CrashHistory
    bus: EventBus

    async def make(self, config: JsonObject) -> Instance:
        return await self.runtime.create(FAULT, CapabilityKind.DSP, TypeId("fault"), config, rate=48_000, channels=2)


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    bus, state = EventBus(), folder / "state"
    found = discover((Path(native_plugins.__path__[0]),)).plugins
    runtime = PluginRuntime(found, bus, Settings(limits=HASTY), state_dir=state)
    try:
        yield Bench(runtime, CrashHistory(state / CRASHES_FILE), bus)
    finally:
        await runtime.close()


def test_a_forced_unload_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> WorkerExited:
        with witness(monkeypatch, FAULT) as lives:
            async with bench(tmp_path) as at:
                with at.bus.subscribe(WorkerExited) as exits:
                    await at.make({})
                    (life,) = lives.values()
                    await at.runtime.unload(FAULT, wait=False)
                    assert not has_ended(life.pidfd), "it was not forced yet"
                    await at.runtime.unload(FAULT, force=True)
                    assert has_ended(life.pidfd)
                    end = next(each for each in life.samples if each.happening is Happening.EXITED)
                    before = life.samples[life.samples.index(end) - 1]
                    assert (before.state.phase, before.state.live) == (Phase.DRAINING, 1)
                    assert end.state.phase is Phase.LOST
                    exited = exits.poll()
        assert exited is not None
        return exited

    exited = asyncio.run(body())
    assert (exited.expected, exited.how, exited.lost_instances) == (False, "SIGKILL", 1)
    assert exited.reason == "its unload was forced, with 1 live instances and 0 calls under way"


def test_a_destroy_that_hangs_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order("deadlock", "destroy", tmp_path)

    async def body() -> tuple[WorkerExited, JsonObject]:
        with witness(monkeypatch, FAULT) as lives:
            async with bench(tmp_path) as at:
                with at.bus.subscribe(WorkerExited) as exits:
                    instance = await at.make(order.config)
                    (life,) = lives.values()
                    await at.runtime.unload(FAULT, wait=False)
                    assert not has_ended(life.pidfd), "something lives in it"
                    await instance.destroy()
                    await at.runtime.unload(FAULT)
                    assert has_ended(life.pidfd)
                    end = next(each for each in life.samples if each.happening is Happening.EXITED)
                    assert (end.state.phase, end.state.live) == (Phase.LOST, 1), "what hung lived in it to the end"
                    alive = [each for each in life.samples[: life.samples.index(end)] if each.state.live]
                    assert alive and all(each.running or each is alive[-1] for each in alive)
                    exited = exits.poll()
            (row,) = at.history.rows(FAULT, 10)
        assert exited is not None
        return exited, row

    exited, row = asyncio.run(body())
    assert [mark.phase for mark in order.fired()] == ["destroy"]
    assert (exited.expected, exited.how, exited.lost_instances) == (False, "SIGKILL", 1)
    assert exited.reason == "DestroyInstance took longer than 0.2 s"
    assert (row["cause"], row["call"], row["reason"]) == ("hang", "destroy", exited.reason)
