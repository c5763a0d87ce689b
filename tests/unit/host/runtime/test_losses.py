"""What follows a loss: one judgement, one fact, one row; and who is let in again, when."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL, SIGSEGV, SIGTERM

import pytest

from abi.wire import CreateInstance, DestroyInstance, Failed, FaultKind, Packet, Ping, Pong, Shutdown
from host.errors import IncompatibleVersion, LoadFailed, PluginQuarantined, RequestTimeout, StellaError, WorkerLost
from host.events import GenerationChanged, PluginFault, WorkerExited
from host.ids import Role
from host.supervise import Rules, State
from host.worker import ExitStatus
from tests.unit.host.runtime.rig import LIMITS, LONG_S, Rig, run
from tests.unit.host.runtime.workers import GAIN, Workers, obey
from tests.unit.host.worker.peer import Answer, Peer, ending, replying, silent

CRASH = ExitStatus(signal=SIGSEGV)
SEGFAULT = ending(CRASH)
EAGER = Rules(delays_s=(0.0,), jitter=0.0, row=3, terms_s=())


async def crash(rig: Rig) -> None:
    """One instance, and the death of its worker."""
    instance = await rig.create()
    rig.workers.peer.answer = SEGFAULT
    with pytest.raises(WorkerLost):
        await instance.request(Ping(), LONG_S)


def test_a_loss_is_judged_told_and_written_once_and_before_the_exit_is_told(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await crash(rig)
        kinds = [type(fact) for fact in rig.history() if isinstance(fact, PluginFault | WorkerExited)]
        assert kinds == [PluginFault, WorkerExited]
        (fault,) = rig.faults()
        assert (fault.plugin_id, fault.role, fault.generation, fault.pid) == (GAIN, Role.PLAY, 1, 4242)
        assert (fault.cause, fault.signal, fault.action, fault.restarts) == ("crash", "SIGSEGV", "restart", 1)
        (row,) = await rig.rows(1)
        assert (row["plugin"], row["generation"], row["role"], row["pid"]) == (GAIN, 1, "play", 4242)
        assert (row["cause"], row["signal"], row["exit_status"], row["action"]) == ("crash", "SIGSEGV", None, "restart")
        assert isinstance(row["time"], float)
        await rig.create()
        assert rig.runtime.supervisor.restarts(GAIN) == 1

    run(tmp_path, body)


def test_rows_are_written_before_the_runtime_is_closed(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await crash(rig)
        await rig.runtime.close()
        assert len(await rig.rows(1)) == 1

    run(tmp_path, body)


def test_a_history_that_cannot_be_written_is_told_and_harms_nobody(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        (tmp_path / "crashes.jsonl").mkdir()
        await crash(rig)
        await rig.runtime.close()
        texts = [str(getattr(fact, "text", "")) for fact in rig.history()]
        assert any("could not be added to the crash history" in text for text in texts)

    run(tmp_path, body)


def test_six_in_a_row_and_it_is_left_alone_until_a_reset(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        rig.workers.answer = SEGFAULT
        for _ in range(3):
            with pytest.raises(LoadFailed):
                await rig.runtime.load(GAIN)
        for _ in range(3):
            with pytest.raises(PluginQuarantined, match="until it is reset: it failed 3 times") as caught:
                await rig.create()
            assert caught.value.exit_code == 7
            assert f"stellatune plugins reset {GAIN}" in caught.value.remedy
        assert len(rig.workers.peers) == 3, "a quarantined plugin is not started"
        assert [fault.action for fault in rig.faults()] == ["restart", "restart", "quarantine"]
        rig.workers.answer = obey
        assert await rig.runtime.load(GAIN, Role.SCAN) == 4, "the other role has a budget of its own"
        rig.runtime.supervisor.reset(GAIN)
        assert (await rig.create()).generation == 5

    run(tmp_path, body, rules=EAGER)


def test_what_lives_on_is_served_in_quarantine_but_nothing_new_begins(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        await rig.runtime.renew(GAIN)
        second = await rig.create()
        rig.workers.peers[0].process.end(CRASH)
        while not rig.faults():
            await asyncio.sleep(0)
        assert rig.runtime.supervisor.standing(GAIN).state is State.QUARANTINED
        assert await second.request(Ping(), LONG_S) == Pong()
        with pytest.raises(PluginQuarantined):
            await rig.create()

    run(tmp_path, body, rules=replace(EAGER, row=1))


def test_a_start_waits_until_its_time_has_come(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await crash(rig)
        rig.workers.answer = obey
        loading = asyncio.ensure_future(rig.runtime.load(GAIN))
        await asyncio.wait((loading,), timeout=0.01)
        assert not loading.done()
        assert len(rig.workers.peers) == 1
        rig.runtime.supervisor.reset(GAIN)
        assert await loading == 2

    run(tmp_path, body, rules=Rules(delays_s=(LONG_S,), jitter=0.0))


def test_closing_does_not_wait_for_a_start_that_waits(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await crash(rig)
        loading = asyncio.ensure_future(rig.runtime.load(GAIN))
        await asyncio.wait((loading,), timeout=0.01)
        await rig.runtime.close()
        with pytest.raises(asyncio.CancelledError):
            await loading

    run(tmp_path, body, rules=Rules(delays_s=(LONG_S,), jitter=0.0))


LOADS: dict[str, tuple[Answer, type[StellaError], str]] = {
    "crash": (SEGFAULT, LoadFailed, "crash"),
    "exit": (ending(ExitStatus(code=0)), LoadFailed, "exit"),
    "hang": (silent, LoadFailed, "hang"),
    "lie": (lambda peer, _packet: peer.send_raw(peer.control, b"\xc1"), LoadFailed, "protocol"),
    "killed": (ending(ExitStatus(signal=SIGKILL)), LoadFailed, "killed"),
    "no library": (replying(Failed(FaultKind.LOAD, 0, "dlopen", "no such file")), LoadFailed, ""),
    "incompatible": (replying(Failed(FaultKind.INCOMPATIBLE, 0, "entry", "api")), IncompatibleVersion, ""),
}


@pytest.mark.parametrize(("answer", "error", "cause"), LOADS.values(), ids=LOADS)
def test_a_load_counts_when_the_worker_failed_and_not_when_the_file_is_refused(
    tmp_path: Path, answer: Answer, error: type[StellaError], cause: str
) -> None:
    async def body(rig: Rig) -> None:
        with pytest.raises(error):
            await rig.runtime.load(GAIN)
        assert [fault.cause for fault in rig.faults()] == ([cause] if cause else [])
        assert rig.runtime.supervisor.restarts(GAIN) == bool(cause)

    run(tmp_path, body, Workers(answer), replace(LIMITS, load_ms=50))


def test_a_crash_in_create_counts_and_every_call_ends_once(tmp_path: Path) -> None:
    def answer(peer: Peer, packet: Packet) -> None:
        (SEGFAULT if isinstance(packet.message, CreateInstance) else obey)(peer, packet)

    async def body(rig: Rig) -> None:
        outcomes = await asyncio.gather(*(rig.create() for _ in range(4)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [WorkerLost] * 4
        assert len(rig.faults()) == 1
        assert rig.runtime.list() == ()

    run(tmp_path, body, Workers(answer))


def test_every_call_under_way_ends_exactly_once_as_lost(tmp_path: Path) -> None:
    held: list[Packet] = []

    def hold_pings(peer: Peer, packet: Packet) -> None:
        if isinstance(packet.message, Ping):
            held.append(packet)
        else:
            obey(peer, packet)

    async def body(rig: Rig) -> None:
        instances = [await rig.create() for _ in range(7)]
        ended: list[str] = []

        async def call(number: int) -> None:
            with pytest.raises(WorkerLost, match="SIGSEGV"):
                await instances[number].request(Ping(), LONG_S)
            ended.append(str(number))

        calls = [asyncio.ensure_future(call(number)) for number in range(7)]
        while len(held) < 7:
            await rig.workers.peer.next()
        assert rig.runtime.list()[0].inflight == 7
        rig.workers.peer.process.end(CRASH)
        await asyncio.gather(*calls)
        assert sorted(ended) == [str(number) for number in range(7)]
        lost = [fact for fact in rig.history() if isinstance(fact, GenerationChanged) and fact.state == "lost"]
        assert [(fact.live_instances, fact.inflight) for fact in lost] == [(7, 7)]
        assert len(rig.faults()) == 1
        await asyncio.gather(*(instance.destroy() for instance in instances))

    run(tmp_path, body, Workers(hold_pings))


def test_a_hang_in_a_call_is_a_fault_as_well(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        rig.workers.peer.answer = silent
        with pytest.raises(RequestTimeout):
            await instance.request(Ping(), 0.02)
        while not rig.faults():
            await asyncio.sleep(0)
        assert [(fault.cause, fault.action) for fault in rig.faults()] == [("hang", "restart")]

    run(tmp_path, body)


def test_a_hang_of_who_drives_a_device_is_told_and_does_not_speak_against_it(tmp_path: Path) -> None:
    """A sound server may be away for hours, and each attempt to reach it hang; a crash is the plugin's as ever."""

    async def body(rig: Rig) -> None:
        rig.runtime.supervisor.drives_device(GAIN)
        for number in range(2 * EAGER.row):
            instance = await rig.create()
            rig.workers.peer.answer = silent
            with pytest.raises(RequestTimeout):
                await instance.request(Ping(), 0.01)
            while len(rig.faults()) <= number:
                await asyncio.sleep(0)
        assert {(fault.cause, fault.action, fault.restarts) for fault in rig.faults()} == {("hang", "none", 0)}
        rig.workers.answer = obey
        await crash(rig)
        assert rig.runtime.supervisor.restarts(GAIN) == 1

    run(tmp_path, body, rules=EAGER)


# ---- ends that somebody asked for ----


def deaf_to_the_end(peer: Peer, packet: Packet) -> None:
    if not isinstance(packet.message, Shutdown):
        obey(peer, packet)


def test_a_forced_unload_waits_for_the_drain_limit_then_kills_and_says_so(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        await rig.create()
        await rig.runtime.unload(GAIN, force=True)
        (exited,) = rig.exits()
        assert (exited.expected, exited.lost_instances, exited.how) == (False, 2, "SIGKILL")
        assert exited.reason == "its unload was forced, with 2 live instances and 0 calls under way"
        assert not rig.faults()
        assert rig.runtime.supervisor.restarts(GAIN) == 0

    run(tmp_path, body)


def test_a_forced_unload_of_what_nobody_uses_is_an_orderly_one(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        await rig.runtime.unload(GAIN, force=True)
        await rig.runtime.unload(GAIN, force=True)
        assert [(fact.expected, fact.reason) for fact in rig.exits()] == [(True, "")]

    run(tmp_path, body, limits=replace(LIMITS, drain_ms=20_000))


def test_a_forced_unload_needs_not_be_waited_for(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await rig.runtime.unload(GAIN, force=True, wait=False)
        assert instance.alive
        await rig.runtime.close()
        assert len(rig.exits()) == 1

    run(tmp_path, body)


def test_whoever_ignores_the_shutdown_is_told_and_not_counted(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        await rig.runtime.unload(GAIN)
        assert rig.workers.peer.process.signals == [SIGTERM]
        assert [(fault.cause, fault.action) for fault in rig.faults()] == [("hang", "none")]
        (row,) = await rig.rows(1)
        assert row["reason"] == "it ignored the request to shut down, and SIGTERM"
        assert rig.runtime.supervisor.restarts(GAIN) == 0

    run(tmp_path, body, Workers(deaf_to_the_end))


def test_a_crash_on_the_way_out_is_told_and_not_counted(tmp_path: Path) -> None:
    def answer(peer: Peer, packet: Packet) -> None:
        (SEGFAULT if isinstance(packet.message, Shutdown) else obey)(peer, packet)

    async def body(rig: Rig) -> None:
        await rig.runtime.load(GAIN)
        await rig.runtime.unload(GAIN)
        assert rig.phases()[-1] == (1, "retired")
        assert [(fault.cause, fault.action) for fault in rig.faults()] == [("crash", "none")]

    run(tmp_path, body, Workers(answer))


def test_a_destroy_that_crashes_counts_for_the_plugin(tmp_path: Path) -> None:
    def answer(peer: Peer, packet: Packet) -> None:
        (SEGFAULT if isinstance(packet.message, DestroyInstance) else obey)(peer, packet)

    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await instance.destroy()
        assert [(fault.cause, fault.action) for fault in rig.faults()] == [("crash", "restart")]

    run(tmp_path, body, Workers(answer))


def test_closing_the_host_is_nobodys_fault(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        await rig.create()
        await rig.create()
        await rig.runtime.close()
        assert len(rig.exits()) == 1
        assert not rig.faults()

    run(tmp_path, body)
