"""A runtime over workers that are peers in this process: run, closed, and proven to leave nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.errors import (
    Misuse,
)
from host.events import (
    EventBus,
    GenerationChanged,
    Subscription,
    Topic,
    WorkerExited,
)
from host.runtime import Instance, PluginRuntime
from host.settings import Limits, Settings
from tests.unit.host.runtime.workers import GAIN, MANIFEST, TYPE, Workers

LONG_S = 30.0


LIMITS = replace(Limits(), shutdown_ms=50, terminate_ms=20, drain_ms=20)


class Rig:
    """A runtime, its bus, and what was said on it."""

    def __init__(self, state_dir: Path, workers: Workers, limits: Limits) -> None:
        self.workers = workers
        bus = EventBus()
        self.facts: Subscription[Topic] = bus.subscribe(Topic, capacity=10_000)
        self.seen: list[Topic] = []
        settings = Settings(limits=limits)
        self.runtime = PluginRuntime({GAIN: MANIFEST}, bus, settings, state_dir=state_dir, spawner=workers.spawn)

    async def create(self) -> Instance:
        return await self.runtime.create(GAIN, CapabilityKind.DSP, TYPE, {}, rate=48000, channels=2)

    def history(self) -> list[Topic]:
        while (fact := self.facts.poll()) is not None:
            self.seen.append(fact)
        return self.seen

    def phases(self) -> list[tuple[int, str]]:
        return [(fact.generation, fact.state) for fact in self.history() if isinstance(fact, GenerationChanged)]

    def exits(self) -> list[WorkerExited]:
        return [fact for fact in self.history() if isinstance(fact, WorkerExited)]


Body = Callable[[Rig], Awaitable[None]]


def run(tmp_path: Path, body: Body, workers: Workers | None = None, limits: Limits = LIMITS) -> None:
    """Runs the body, closes, and proves that nothing is left."""

    async def whole() -> None:
        rig = Rig(tmp_path, workers or Workers(), limits)
        await body(rig)
        await rig.runtime.close()
        await rig.runtime.close()
        assert rig.runtime.list() == ()
        assert rig.runtime.instances() == ()
        assert all(peer.process.reaped == 1 for peer in rig.workers.peers)
        with pytest.raises(Misuse, match="closed"):
            await rig.runtime.load(GAIN)

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(whole())
    assert len(os.listdir("/proc/self/fd")) == before
