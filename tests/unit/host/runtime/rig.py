"""A runtime over workers that are peers in this process: run, closed, and proven to leave nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.errors import Misuse
from host.events import EventBus, GenerationChanged, PluginFault, Subscription, Topic, WorkerExited
from host.jsontext import JsonObject
from host.packages import PluginManifest
from host.runtime import CRASHES_FILE, Instance, PluginRuntime
from host.settings import Limits, Settings
from host.supervise import CrashHistory, Rules, Supervisor
from tests.unit.host.runtime.workers import GAIN, MANIFEST, TYPE, Workers

LONG_S = 30.0
LIMITS = replace(Limits(), shutdown_ms=50, terminate_ms=20, drain_ms=20)


class Rig:
    """A runtime, its bus, and what was said on it."""

    def __init__(
        self, state_dir: Path, workers: Workers, limits: Limits, manifest: PluginManifest, rules: Rules | None
    ) -> None:
        self.workers = workers
        self.state_dir = state_dir
        self.bus = bus = EventBus()
        self.facts: Subscription[Topic] = bus.subscribe(Topic, capacity=10_000)
        self.seen: list[Topic] = []
        settings = Settings(limits=limits)
        self.runtime = PluginRuntime(
            {GAIN: manifest},
            bus,
            settings,
            state_dir=state_dir,
            spawner=workers.spawn,
            supervisor=Supervisor(rules),
        )

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

    def faults(self) -> list[PluginFault]:
        return [fact for fact in self.history() if isinstance(fact, PluginFault)]

    async def rows(self, count: int) -> list[JsonObject]:
        """The crash history, once so many rows are written."""
        kept = CrashHistory(self.state_dir / CRASHES_FILE)
        async with asyncio.timeout(LONG_S):
            while len(rows := kept.rows(None, 1000)) < count:
                await asyncio.sleep(0.002)
        return rows


Body = Callable[[Rig], Awaitable[None]]


def run(
    tmp_path: Path,
    body: Body,
    workers: Workers | None = None,
    limits: Limits = LIMITS,
    *,
    manifest: PluginManifest = MANIFEST,
    rules: Rules | None = None,
) -> None:
    """Runs the body, closes, and proves that nothing is left."""

    async def whole() -> None:
        rig = Rig(tmp_path, workers or Workers(), limits, manifest, rules)
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
