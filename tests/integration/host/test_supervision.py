"""Supervision over real workers: escalation, quarantine, renewal, force; told, counted and written as they should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import Ping, Pong
from host.errors import LoadFailed, PluginQuarantined, WorkerLost
from host.events import EventBus, PluginFault, Subscription, Topic, WorkerExited
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import discover
from host.runtime import CRASHES_FILE, Instance, Phase, PluginRuntime
from host.settings import Limits, Settings
from host.supervise import CrashHistory, Rules, Supervisor
from tests.support.faulty import Order, copy_id, copy_plugin
from tests.support.patient import PATIENT

FAULT = PluginId(copy_id(1))
TYPE = TypeId("fault")
HASTY = replace(PATIENT, shutdown_ms=100, terminate_ms=100, drain_ms=100)
EAGER = Rules(delays_s=(0.0,), jitter=0.0, row=3, terms_s=())


class Bench:
    """A runtime with one faulty plugin, and what was said."""

    def __init__(self, folder: Path, runtime: PluginRuntime, facts: Subscription[Topic]) -> None:
        self.runtime = runtime
        self.history = CrashHistory(folder / "state" / CRASHES_FILE)
        self._facts = facts
        self._seen: list[Topic] = []

    async def create(self, config: JsonObject | None = None) -> Instance:
        return await self.runtime.create(FAULT, CapabilityKind.DSP, TYPE, config or {}, rate=48_000, channels=2)

    def told(self) -> list[Topic]:
        self._seen += iter(self._facts.poll, None)
        return self._seen

    def faults(self) -> list[tuple[str, str, str]]:
        return [(fact.cause, fact.call, fact.action) for fact in self.told() if isinstance(fact, PluginFault)]

    def exits(self) -> list[WorkerExited]:
        return [fact for fact in self.told() if isinstance(fact, WorkerExited)]


@asynccontextmanager
async def bench(folder: Path, limits: Limits = PATIENT, imprint: Order | None = None) -> AsyncIterator[Bench]:
    copy_plugin(folder / "plugins" / "fault", imprint, 1)
    bus = EventBus()
    with bus.subscribe(Topic, capacity=10_000) as facts:
        runtime = PluginRuntime(
            discover((folder / "plugins",)).plugins,
            bus,
            Settings(limits=limits),
            state_dir=folder / "state",
            supervisor=Supervisor(EAGER),
        )
        try:
            yield Bench(folder, runtime, facts)
        finally:
            await runtime.close()


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(body)


def order(folder: Path, kind: str, phase: str, generations: int = 100) -> Order:
    marks = folder / "marks"
    marks.mkdir()
    return Order(kind, phase, marks, generations=generations)


@pytest.mark.parametrize("kind", ["ignore_shutdown", "block_sigterm"])
def test_who_ignores_the_end_is_ended(tmp_path: Path, kind: str) -> None:
    async def body() -> None:
        ordered = order(tmp_path, kind, "shutdown" if kind == "ignore_shutdown" else "create")
        async with bench(tmp_path, HASTY) as at:
            instance = await at.create(ordered.config)
            await instance.destroy()
            async with asyncio.timeout(30):
                await at.runtime.unload(FAULT)
            assert at.runtime.list() == ()
            (exited,) = at.exits()
            assert exited.expected
            assert len(ordered.fired()) == 1
            assert exited.how == ("SIGTERM" if kind == "ignore_shutdown" else "SIGKILL")
            assert at.faults() == [("hang", "shutdown", "none")], "told and written, but not counted"
            assert at.runtime.supervisor.restarts(FAULT) == 0
        assert [row["call"] for row in at.history.rows(FAULT, 10)] == ["shutdown"]

    run(body())


def test_a_plugin_that_crashes_in_create_is_quarantined_and_comes_back_by_a_reset(tmp_path: Path) -> None:
    async def body() -> None:
        ordered = order(tmp_path, "segv", "create", generations=3)
        async with bench(tmp_path) as at:
            for _ in range(3):
                with pytest.raises(WorkerLost):
                    await at.create(ordered.config)
            for _ in range(2):
                with pytest.raises(PluginQuarantined, match="failed 3 times"):
                    await at.create(ordered.config)
            assert [(mark.kind, mark.phase) for mark in ordered.fired()] == [("segv", "create")] * 3
            assert at.faults() == [("crash", "create", action) for action in ("restart", "restart", "quarantine")]
            at.runtime.supervisor.reset(FAULT)
            instance = await at.create(ordered.config)
            assert instance.generation == 4
        rows = at.history.rows(FAULT, 10)
        assert [(row["generation"], row["cause"], row["signal"], row["call"]) for row in rows] == [
            (number, "crash", "SIGSEGV", "create") for number in (1, 2, 3)
        ]
        assert all(row["backtrace"] for row in rows)

    run(body())


def test_a_renewal_and_a_broken_build(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            old = await at.create()
            library = tmp_path / "plugins" / "fault" / "fault.so"
            good = library.read_bytes()
            library.write_bytes(good[:100])
            with pytest.raises(LoadFailed):
                await at.runtime.renew(FAULT, reload=True)
            assert [(one.generation, one.state) for one in at.runtime.list()] == [(1, Phase.ACTIVE)]
            assert await old.request(Ping(), 60) == Pong()
            library.write_bytes(good)
            renewal = await at.runtime.renew(FAULT, reload=True)
            assert (renewal.old, renewal.old_pid) == (1, old.pid)
            assert renewal.new_pid not in (0, old.pid)
            new = await at.create()
            assert new.pid == renewal.new_pid
            assert await old.request(Ping(), 60) == Pong(), "the old one serves until it is left"
            await old.destroy()
            async with asyncio.timeout(30):
                while len(at.runtime.list()) > 1:
                    await asyncio.sleep(0.002)
            assert [exited.expected for exited in at.exits() if exited.pid == old.pid] == [True]
            assert not at.faults()

    run(body())


def test_a_successor_that_crashes_in_its_entry_changes_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            old = await at.create()
            plugins = tmp_path / "plugins" / "fault"
            bad = copy_plugin(tmp_path / "bad", order(tmp_path, "segv", "entry"), 1)
            (bad / "fault.so").replace(plugins / "fault.so")
            with pytest.raises(LoadFailed, match="SIGSEGV"):
                await at.runtime.renew(FAULT, reload=True)
            assert await old.request(Ping(), 60) == Pong()
            assert at.faults() == [("crash", "entry", "none")]
            assert at.runtime.supervisor.restarts(FAULT) == 0

    run(body())


def test_a_forced_unload_says_what_it_took_along(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path, HASTY) as at:
            instances = [await at.create() for _ in range(3)]
            await at.runtime.unload(FAULT, force=True)
            (exited,) = at.exits()
            assert (exited.expected, exited.lost_instances, exited.how) == (False, 3, "SIGKILL")
            assert exited.reason == "its unload was forced, with 3 live instances and 0 calls under way"
            assert not at.faults()
            with pytest.raises(WorkerLost):
                await instances[0].request(Ping(), 60)

    run(body())
