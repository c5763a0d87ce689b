"""Loading, creating, draining, ending: the runtime over workers that are peers in this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from signal import SIGSEGV, SIGTERM

import pytest

from abi.kinds import CapabilityKind
from abi.wire import (
    CreateInstance,
    DestroyInstance,
    Failed,
    FaultKind,
    InstanceCreated,
    LoadModule,
    Packet,
    Payload,
    Ping,
    PluginEvent,
    PluginLog,
    Pong,
    Shutdown,
    StageStopped,
    StopReason,
)
from host.errors import (
    ConcurrentCall,
    GenerationDraining,
    IncompatibleVersion,
    LoadFailed,
    Misuse,
    NotFound,
    PluginRefused,
    ProtocolViolated,
    StellaError,
    WorkerLost,
)
from host.events import (
    EventBus,
    GenerationChanged,
    InstanceDestroyed,
    PluginEmitted,
    PluginLogLine,
    StageEnded,
    Subscription,
    Topic,
    WorkerExited,
)
from host.events import InstanceCreated as InstanceCreatedFact
from host.ids import Generation, PluginId, Role
from host.runtime import Instance, Phase, PluginRuntime
from host.settings import Limits, Settings
from host.worker import ExitStatus
from tests.unit.host.runtime.workers import GAIN, MANIFEST, TYPE, Workers, dies_of_sigterm, module_info, obey
from tests.unit.host.worker.peer import Answer, Peer, ending, replying, requests_of, silent

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


def test_concurrent_loads_share_one_start(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        numbers = await asyncio.gather(*(rig.runtime.load(GAIN) for _ in range(5)))
        assert numbers == [1] * 5
        assert len(rig.workers.peers) == 1
        assert await rig.runtime.load(GAIN, Role.SCAN) == 2
        assert [(one.generation, one.role, one.state) for one in rig.runtime.list()] == [
            (1, Role.PLAY, Phase.ACTIVE),
            (2, Role.SCAN, Phase.ACTIVE),
        ]

    run(tmp_path, body)


def test_an_unload_waits_for_the_last_instance_and_not_longer(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        first, second = await rig.create(), await rig.create()
        assert (first.id, second.id) == (1, 2)
        assert rig.runtime.list()[0].live_instances == 2
        unload = asyncio.ensure_future(rig.runtime.unload(GAIN))
        await first.destroy()
        await asyncio.wait((unload,), timeout=0)
        assert not unload.done()
        assert requests_of(rig.workers.peer, Shutdown) == 0
        await second.destroy()
        await second.destroy()
        await unload
        assert [type(message).__name__ for message in rig.workers.peer.received] == [
            "LoadModule",
            "CreateInstance",
            "CreateInstance",
            "DestroyInstance",
            "DestroyInstance",
            "Shutdown",
        ]
        assert rig.phases() == [(1, "starting"), (1, "active"), (1, "draining"), (1, "retired")]
        counts = [
            (type(fact) is InstanceCreatedFact, fact.live_instances)
            for fact in rig.history()
            if isinstance(fact, (InstanceCreatedFact, InstanceDestroyed))
        ]
        assert counts == [(True, 1), (True, 2), (False, 1), (False, 0)]
        assert [(one.expected, one.how) for one in rig.exits()] == [(True, "exit status 0")]
        kinds = [type(fact) for fact in rig.history()]
        assert kinds.index(WorkerExited) > max(i for i, kind in enumerate(kinds) if kind is InstanceDestroyed)
        await rig.runtime.unload(GAIN)

    run(tmp_path, body)


def test_after_an_unload_the_next_load_is_a_new_generation_beside_the_draining_one(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        old = await rig.create()
        await rig.runtime.unload(GAIN, wait=False)
        new = await rig.create()
        assert (old.generation, new.generation) == (1, 2)
        assert [one.state for one in rig.runtime.list()] == [Phase.DRAINING, Phase.ACTIVE]
        assert await new.request(Ping(), LONG_S) == Pong()
        assert await old.request(Ping(), LONG_S) == Pong()
        await old.destroy()

    run(tmp_path, body)


def test_an_inflight_call_without_any_instance_holds_the_process(tmp_path: Path) -> None:
    held: list[Packet] = []

    def answer(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, CreateInstance):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        creating = asyncio.ensure_future(rig.create())
        while not held:
            await rig.workers.peer.next()
        await rig.runtime.unload(GAIN, wait=False)
        (status,) = rig.runtime.list()
        assert (status.state, status.live_instances, status.inflight) == (Phase.DRAINING, 0, 1)
        assert requests_of(rig.workers.peer, Shutdown) == 0
        rig.workers.peer.reply(held[0], InstanceCreated(0, 3, False))
        with pytest.raises(GenerationDraining, match="while gain was created"):
            await creating
        await rig.runtime.unload(GAIN)
        order = [type(message) for message in rig.workers.peer.received]
        assert order == [LoadModule, CreateInstance, DestroyInstance, Shutdown]
        assert rig.phases()[-1] == (1, "retired")

    run(tmp_path, body, Workers(answer))


def test_a_cancelled_create_leaves_no_instance(tmp_path: Path) -> None:
    held: list[Packet] = []

    def answer(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, CreateInstance):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        creating = asyncio.ensure_future(rig.create())
        while not held:
            await rig.workers.peer.next()
        creating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creating
        rig.workers.peer.reply(held[0], InstanceCreated(0, 3, False))
        await rig.runtime.unload(GAIN)
        assert requests_of(rig.workers.peer, DestroyInstance) == 1

    run(tmp_path, body, Workers(answer))


def test_one_call_at_a_time_per_instance(tmp_path: Path) -> None:
    held: list[Packet] = []

    def answer(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, Ping):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instance, other = await rig.create(), await rig.create()
        first = asyncio.ensure_future(instance.request(Ping(), LONG_S))
        beside = asyncio.ensure_future(other.request(Ping(), LONG_S))
        while len(held) < 2:
            await rig.workers.peer.next()
        for _ in range(3):
            with pytest.raises(ConcurrentCall, match="instance 1"):
                await instance.request(Ping(), LONG_S)
        assert requests_of(rig.workers.peer, Ping) == 2
        assert rig.runtime.list()[0].concurrent_calls == 3
        # Cancelled at the caller, still under way in the plugin: neither another call nor a destroy may overtake it.
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        with pytest.raises(ConcurrentCall):
            await instance.request(Ping(), LONG_S)
        destroy = asyncio.ensure_future(instance.destroy())
        await asyncio.wait((destroy,), timeout=0)
        assert requests_of(rig.workers.peer, DestroyInstance) == 0
        for packet in held:
            rig.workers.peer.reply(packet, Pong())
        await destroy
        assert await beside == Pong()
        with pytest.raises(Misuse, match="after destroy"):
            await instance.request(Ping(), LONG_S)

    run(tmp_path, body, Workers(answer))


def test_a_worker_that_dies_takes_its_instances_and_the_next_create_starts_anew(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        first, second = await rig.create(), await rig.create()
        rig.workers.peer.answer = ending(ExitStatus(signal=SIGSEGV))
        with pytest.raises(WorkerLost, match="SIGSEGV"):
            await first.request(Ping(), LONG_S)
        assert rig.runtime.list() == ()
        with pytest.raises(WorkerLost):
            await second.request(Ping(), LONG_S)
        await first.destroy()
        await second.destroy()
        (exit_fact,) = rig.exits()
        assert (exit_fact.expected, exit_fact.how, exit_fact.lost_instances) == (False, "SIGSEGV", 2)
        lost = [fact for fact in rig.history() if isinstance(fact, InstanceDestroyed)]
        assert [(fact.live_instances, fact.lost) for fact in lost] == [(1, True), (0, True)]
        rig.workers.answer = obey
        third = await rig.create()
        assert (third.generation, third.id) == (2, 3)
        assert rig.phases()[:4] == [(1, "starting"), (1, "active"), (1, "lost"), (2, "starting")]

    run(tmp_path, body)


def test_a_worker_that_ignores_everything_is_killed_all_the_same(tmp_path: Path) -> None:
    def deaf_to_the_end(peer: Peer, packet: Packet) -> None:
        if not isinstance(packet.message, Shutdown):
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await instance.destroy()
        await rig.runtime.unload(GAIN)
        assert rig.workers.peer.process.signals == [SIGTERM]
        (fact,) = rig.exits()
        assert (fact.how, fact.reason) == ("SIGKILL", "it ignored the request to shut down, and SIGTERM")
        await rig.runtime.load(GAIN)
        dies_of_sigterm(rig.workers.peer)
        await rig.runtime.unload(GAIN)
        assert [(one.how, one.reason) for one in rig.exits()][1:] == [("SIGTERM", "")]

    run(tmp_path, body, Workers(deaf_to_the_end))


def test_close_takes_what_lives_with_it(tmp_path: Path) -> None:
    def deaf(peer: Peer, packet: Packet) -> None:
        if not isinstance(packet.message, (Ping, DestroyInstance, Shutdown)):
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await rig.create()
        call = asyncio.ensure_future(instance.request(Ping(), LONG_S))
        await asyncio.wait((call,), timeout=0)
        await rig.runtime.close()
        with pytest.raises(WorkerLost):
            await call

    run(tmp_path, body, Workers(deaf))


def test_close_in_the_middle_of_a_start(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        loading = asyncio.ensure_future(rig.runtime.load(GAIN))
        while not rig.workers.peers:
            await asyncio.wait((loading,), timeout=0.001)
        await rig.workers.peer.next()
        await rig.runtime.close()
        with pytest.raises(asyncio.CancelledError):
            await loading

    run(tmp_path, body, Workers(silent))


FAILURES: dict[str, tuple[Answer, type[StellaError], str]] = {
    "another id": (replying(module_info("x.y")), LoadFailed, "id is 'test.dsp.gain'"),
    "another version": (replying(module_info(version="2.0.0")), LoadFailed, "version"),
    "another api": (replying(module_info(api=5)), LoadFailed, "api_version is 6"),
    "another type": (replying(module_info(types=("x",))), LoadFailed, "dsp x"),
    "one type more": (replying(module_info(types=(TYPE, "x"))), LoadFailed, "dsp x"),
    "no library": (
        replying(Failed(FaultKind.LOAD, 0, "dlopen", "no such file")),
        LoadFailed,
        "no such file",
    ),
    "incompatible": (
        replying(Failed(FaultKind.INCOMPATIBLE, 0, "entry", "api_version 5")),
        IncompatibleVersion,
        "api_version 5",
    ),
    "crash": (ending(ExitStatus(signal=SIGSEGV)), LoadFailed, "SIGSEGV"),
    "exit": (ending(ExitStatus(code=3)), LoadFailed, "exit status 3"),
    "silence": (silent, LoadFailed, r"LoadModule took longer than 0\.05 s"),
    "garbage": (lambda peer, _packet: peer.send_raw(peer.control, b"\xc1"), LoadFailed, "cannot be"),
}


@pytest.mark.parametrize(("answer", "error", "text"), FAILURES.values(), ids=FAILURES)
def test_a_load_that_fails_names_the_plugin_and_leaves_nothing(
    tmp_path: Path, answer: Answer, error: type[StellaError], text: str
) -> None:
    async def body(rig: Rig) -> None:
        outcomes = await asyncio.gather(*(rig.runtime.load(GAIN) for _ in range(2)), return_exceptions=True)
        for outcome in outcomes:
            assert type(outcome) is error
            assert "test.dsp.gain" in str(outcome)
        with pytest.raises(error, match=text) as caught:
            await rig.runtime.load(GAIN)
        assert caught.value.exit_code == 7
        assert caught.value.remedy
        assert rig.runtime.list() == ()
        assert [fact for fact in rig.phases() if fact[1] == "lost"] == [(1, "lost"), (2, "lost")]
        assert len(rig.workers.peers) == 2

    run(tmp_path, body, Workers(answer), replace(LIMITS, load_ms=50))


def test_a_worker_that_cannot_start_leaves_no_generation(tmp_path: Path) -> None:
    def refuse() -> None:
        raise LoadFailed("no process left")

    async def body(rig: Rig) -> None:
        rig.workers.before_start = refuse
        with pytest.raises(LoadFailed, match="no process left"):
            await rig.runtime.load(GAIN)
        assert rig.phases() == [(1, "starting"), (1, "lost")]

    run(tmp_path, body)


def test_a_plugin_that_says_no_to_create_stays_loaded(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        rig.workers.peer.answer = replying(Failed(FaultKind.PLUGIN, 2, "create", "no"))
        with pytest.raises(PluginRefused, match="no"):
            await rig.create()
        rig.workers.peer.answer = obey
        (status,) = rig.runtime.list()
        assert (status.live_instances, status.inflight, status.pid) == (0, 0, 4242)

    run(tmp_path, body)


def test_a_plugin_that_nobody_knows(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(NotFound, match=r"x\.y"):
            await rig.runtime.load(PluginId("x.y"))
        with pytest.raises(NotFound):
            await rig.runtime.unload(PluginId("x.y"))

    run(tmp_path, body)


def test_what_workers_tell_is_stamped_and_made_printable(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        number = int(instance.id)
        peer = rig.workers.peer
        peer.tell(PluginLog(number, 2, "a\x1bb"))
        peer.tell(PluginEvent(number, Payload(b'{"x": 1}')))
        peer.tell(PluginEvent(number, Payload(b"{nonsense")))
        peer.tell(StageStopped(number + 1, 1, StopReason.FINISHED, 256, 0, ""))  # nobody's stage: not told
        peer.tell(StageStopped(number, 1, StopReason.FINISHED, 512, 0, ""))
        wanted = (PluginLogLine, PluginEmitted, StageEnded)
        found: list[Topic] = []
        while len(found) < 4:
            fact = await anext(rig.facts)
            if isinstance(fact, wanted):
                found.append(fact)
        assert found[0] == PluginLogLine(GAIN, Generation(1), instance.id, 2, "a\\x1bb")
        assert isinstance(found[1], PluginEmitted)
        assert (found[1].value, found[1].generation, found[1].instance) == ({"x": 1}, 1, number)
        assert isinstance(found[2], PluginLogLine)
        assert "not JSON" in found[2].text
        assert isinstance(found[3], StageEnded)
        assert (found[3].reason, found[3].position) == (StopReason.FINISHED, 512)

    run(tmp_path, body)


@pytest.mark.parametrize(
    "event", [StageStopped(1, 1, 77, 0, 0, ""), StageStopped(1, 1, 2, -5, 0, ""), StageStopped(1, -1, 2, 5, 0, "")]
)
def test_an_event_that_cannot_be_kills_its_worker(tmp_path: Path, event: StageStopped) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        rig.workers.peer.tell(event)
        rig.workers.peer.answer = silent
        with pytest.raises((WorkerLost, ProtocolViolated)):
            await instance.request(Ping(), LONG_S)
        (fact,) = rig.exits()
        assert "an event that cannot be" in fact.reason

    run(tmp_path, body)
