"""Each kind of fault really happens, at the call that was ordered, and leaves its mark before."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import TimeoutExpired

import numpy as np
import pytest

from abi.kinds import CapabilityKind
from abi.wire import (
    EXIT_HOST_LOST,
    MAX_PACKET,
    CreateInstance,
    DestroyInstance,
    Dropped,
    FaultKind,
    LoadModule,
    PacketRefused,
    Ping,
    PluginEvent,
    Shutdown,
    StopReason,
    decode,
)
from host.jsontext import JsonObject
from host.packages import discover, read_manifest
from shm_audio import backend
from tests.integration.worker.fault_stages import attach_decoder, attach_dsp, attach_sink, load, open_decoder
from tests.integration.worker.stages import DSP, SINK, SOON_S, stopped
from tests.support.faulty import KINDS, LIBRARY, PHASES, PLUGIN, Order, copy_id, copy_plugin, impossible
from tests.support.frames import first_wrong, frame_numbers, numbered_audio
from tests.support.ring_end import RawWords
from tests.support.stage_rings import BLOCK, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

DEATHS: dict[str, int] = {
    "segv": -signal.SIGSEGV,
    "abort": -signal.SIGABRT,
    "ill": -signal.SIGILL,
    "fpe": -signal.SIGFPE,
    "stack_overflow": -signal.SIGSEGV,
    "heap_corruption": -signal.SIGABRT,
    "exit": 7,
    "_exit": 7,
    "huge_alloc": -signal.SIGSEGV,
    "raise_in_thread": -signal.SIGSEGV,
    "overrun_write": -signal.SIGSEGV,
    "underrun_write": -signal.SIGSEGV,
}
#: Every kind has a test; this says which, so that none is forgotten.
SEEN_ELSEWHERE = {
    *("spin", "deadlock", "slow", "leak", "nan", "inf", "loud", "wrong_frames", "corrupt_ring", "truncate_segment"),
    *("close_fds", "garbage_packet", "huge_packet", "deep_packet", "event_flood", "stderr_flood"),
    *("ignore_shutdown", "block_sigterm", "fork", "stop_self"),
}


def ordered(marks: Path, kind: str, phase: str = "create", **more: float) -> Order:
    """At the first call, once."""
    return Order(kind, phase, marks, arg=more.get("arg"), at_call=int(more.get("at_call", 1)))


def creation(worker: WorkerPeer, order: Order, kind: CapabilityKind = DSP) -> CreateInstance:
    return worker.creation(kind, "fault", order.config)


def struck_once(worker: WorkerPeer, order: Order, call: int = 1, instance: int = 1) -> None:
    """By the mark, and by the one line that the host keeps."""
    (mark,) = order.fired()
    assert (mark.kind, mark.phase, mark.call, mark.instance) == (order.kind, order.phase, call, instance)
    assert worker.output.count("fault: ") == 1 + worker.output.count("fault: 0 of ")
    assert mark.line in worker.output


def test_every_kind_has_its_test() -> None:
    assert set(KINDS) == {*DEATHS, *SEEN_ELSEWHERE}
    assert len(KINDS) == 32


@pytest.mark.parametrize("kind", DEATHS)
def test_deaths_in_the_third_call_of_process(worker: WorkerPeer, rings: StageRings, tmp_path: Path, kind: str) -> None:
    arg = {"arg": 7.0} if "exit" in kind else {}
    order = ordered(tmp_path, kind, "process", at_call=3, **arg)
    attach_dsp(load(worker), rings, order.config)
    rings.feed(10 * BLOCK)
    assert worker.ended() == DEATHS[kind]
    struck_once(worker, order, call=3)
    assert rings.after.words().write_pos == 2 * BLOCK
    assert first_wrong(rings.taste(2 * BLOCK), 2) == ""


# ---- what does not come back ----


def in_call(worker: WorkerPeer, call: str) -> bool:
    return any(lane.call == call for lane in worker.page.lanes())


@pytest.mark.parametrize("kind", ["spin", "deadlock"])
def test_calls_that_never_come_back(worker: WorkerPeer, tmp_path: Path, kind: str) -> None:
    order = ordered(tmp_path, kind)
    load(worker).send(creation(worker, order))
    assert until(lambda: len(order.fired()) == 1, SOON_S)
    spent = processor_time(worker)
    assert until(lambda: processor_time(worker) - spent >= 5, SOON_S if kind == "spin" else 0.2) == (kind == "spin")
    assert in_call(worker, "create")
    worker.ask(Ping())
    struck_once(worker, order)


def processor_time(worker: WorkerPeer) -> int:
    """In ticks."""
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_slow_takes_that_much_longer(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "slow", arg=150)
    began = time.monotonic()
    load(worker).ask(creation(worker, order))
    assert time.monotonic() - began >= 0.15
    struck_once(worker, order)


def test_stop_self_stops_the_whole_worker(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "stop_self")
    asked = load(worker).send(creation(worker, order))
    stat = Path(f"/proc/{worker.process.pid}/stat")
    assert until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", SOON_S)
    worker.process.send_signal(signal.SIGCONT)
    worker.answer(asked)
    struck_once(worker, order)


@pytest.mark.parametrize("kind", ["ignore_shutdown", "block_sigterm"])
def test_a_worker_that_does_not_want_to_end(worker: WorkerPeer, tmp_path: Path, kind: str) -> None:
    order = ordered(tmp_path, kind)
    load(worker).ask(creation(worker, order))
    asked = worker.send(Shutdown())
    assert until(lambda: in_call(worker, "shutdown"), SOON_S)
    with pytest.raises(TimeoutError):
        worker.answer(asked, within_s=0.1)
    worker.process.send_signal(signal.SIGTERM)
    if kind == "ignore_shutdown":
        assert worker.ended() == -signal.SIGTERM
    else:
        with pytest.raises(TimeoutExpired):
            worker.ended(within_s=0.1)
        worker.kill()
        assert worker.ended() == -signal.SIGKILL
    struck_once(worker, order)


# ---- what spoils the audio ----


@pytest.mark.parametrize("kind", ["nan", "inf", "loud"])
def test_audio_that_nobody_should_hear(worker: WorkerPeer, rings: StageRings, tmp_path: Path, kind: str) -> None:
    order = ordered(tmp_path, kind, "process", at_call=2)
    attach_dsp(load(worker), rings, order.config)
    rings.feed(3 * BLOCK)
    first, second, third = np.split(rings.taste(3 * BLOCK), 3)
    assert first_wrong(first, 2) == first_wrong(third, 2, 2 * BLOCK) == ""
    assert np.array_equal(second, np.tile(np.array([1000, -1000] if kind == "loud" else [0, 0], np.float32), BLOCK))
    scrubbed = 0 if kind == "loud" else 2 * BLOCK
    assert until(lambda: sum(lane.scrubbed_samples for lane in worker.page.lanes()) == scrubbed, SOON_S)
    struck_once(worker, order, call=2)


def test_more_frames_than_there_is_room_for(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    order = ordered(tmp_path, "wrong_frames", "read")
    open_decoder(load(worker), tmp_path, order.config)
    attach_decoder(worker, rings)
    assert "more frames than it was asked for" in stopped(worker, StopReason.CONTRACT, 0).text
    struck_once(worker, order)


def test_more_frames_than_were_given(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    order = ordered(tmp_path, "wrong_frames", "write", at_call=2)
    attach_sink(load(worker), rings, order.config)
    rings.feed(3 * BLOCK)
    assert "accepted more frames" in stopped(worker, StopReason.CONTRACT).text
    struck_once(worker, order, call=2)


def test_the_order_may_stand_in_the_input(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    order = ordered(tmp_path, "segv", "read")
    open_decoder(load(worker), tmp_path, {}, order=order.json)
    attach_decoder(worker, rings)
    assert worker.ended() == -signal.SIGSEGV
    struck_once(worker, order)


# ---- what damages the common ground ----


def test_ring_words_that_cannot_be(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    order = ordered(tmp_path, "corrupt_ring", "process", at_call=2)
    attach_dsp(load(worker), rings, order.config)
    rings.source.put(numbered_audio(0, 3 * BLOCK, 2))
    rings.source.greet()
    stopped(worker, StopReason.RING)
    words = RawWords(rings.before.fd)
    assert words.get("write_pos") > 1 << 60
    words.close()
    struck_once(worker, order, call=2)


@pytest.mark.skipif(backend() != "memfd", reason="POSIX shared memory has no seals: whoever maps it would end here")
def test_sealed_segments_cannot_be_cut(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    order = ordered(tmp_path, "truncate_segment", "process", at_call=2)
    attach_dsp(load(worker), rings, order.config)
    rings.feed(3 * BLOCK)
    assert first_wrong(rings.taste(3 * BLOCK), 2) == ""
    (told,) = [line for line in worker.output.splitlines() if line.endswith("could be truncated")]
    gone, found = int(told.split()[1]), int(told.split()[3])
    assert gone == 0
    assert found >= 2
    struck_once(worker, order, call=2)


def test_close_fds_ends_in_a_worker_without_a_host(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "close_fds")
    load(worker).send(creation(worker, order))
    assert worker.ended() == EXIT_HOST_LOST
    struck_once(worker, order)


@pytest.mark.parametrize("kind", ["garbage_packet", "huge_packet", "deep_packet"])
def test_packets_that_no_worker_sends(worker: WorkerPeer, tmp_path: Path, kind: str) -> None:
    order = ordered(tmp_path, kind)
    asked = load(worker).send(creation(worker, order))
    for channel in (worker._control, worker._events):
        channel.settimeout(SOON_S)
        data, fds, flags, _ = socket.recv_fds(channel, 2 * MAX_PACKET, 0)
        assert not fds
        assert flags & socket.MSG_TRUNC == 0
        with pytest.raises(PacketRefused) as refusal:
            decode(data)
        if kind == "deep_packet":
            assert "nested deeper than" in str(refusal.value)
        assert (len(data) > MAX_PACKET) == (kind == "huge_packet")
    worker.answer(asked)
    struck_once(worker, order)


def test_an_event_flood_is_told_or_counted_to_the_last(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "event_flood", arg=5000)
    load(worker).ask(creation(worker, order))
    told = dropped = 0
    while told + dropped < 5000:
        worker.hear(SOON_S)
        event = worker._told.pop()
        told += isinstance(event, PluginEvent)
        dropped += event.events if isinstance(event, Dropped) else 0
    assert told + dropped == 5000
    assert told > 0
    struck_once(worker, order)


def test_a_stderr_flood_is_so_long(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "stderr_flood", arg=3)
    load(worker).ask(creation(worker, order))
    assert os.fstat(worker._out).st_size >= 3 << 20
    struck_once(worker, order)


# ---- what stays behind ----


def test_a_leak_of_that_size(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "leak", arg=32)
    before = resident(load(worker))
    worker.ask(creation(worker, order))
    assert resident(worker) - before >= 32 << 20
    struck_once(worker, order)


def resident(worker: WorkerPeer) -> int:
    return int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_a_child_that_nobody_waits_for(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "fork")
    load(worker).ask(creation(worker, order))
    tasks = Path(f"/proc/{worker.process.pid}/task")
    (child,) = [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    os.kill(child, signal.SIGKILL)
    struck_once(worker, order)


# ---- when, how often, and where not ----


def test_only_so_many_generations_die(start_worker: Callable[[], WorkerPeer], tmp_path: Path) -> None:
    order = Order("abort", "create", tmp_path, generations=3)
    for count in range(1, 4):
        worker = load(start_worker())
        worker.send(creation(worker, order))
        assert worker.ended() == -signal.SIGABRT
        assert len(order.fired()) == count
    last = load(start_worker())
    last.ask(creation(last, order))
    assert len(order.fired()) == 3
    assert "fault:" not in last.output


def test_several_calls_in_a_row(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    order = Order("loud", "process", tmp_path, at_call=2, calls=3, arg=5)
    attach_dsp(load(worker), rings, order.config)
    rings.feed(6 * BLOCK)
    blocks = rings.taste(6 * BLOCK).reshape(6, -1)
    assert [bool(np.all(np.abs(block) == 5)) for block in blocks] == [False, True, True, True, False, False]
    assert np.array_equal(blocks[5][::2], frame_numbers(5 * BLOCK, BLOCK))
    struck_once(worker, order, call=2)


def test_a_folder_that_takes_no_mark_means_no_fault(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path / "absent", "segv")
    load(worker).ask(creation(worker, order))
    assert "nothing is struck" in worker.output


@pytest.mark.parametrize("phase", ["constructor", "entry"])
def test_faults_before_there_is_a_configuration(worker: WorkerPeer, tmp_path: Path, phase: str) -> None:
    order = ordered(tmp_path, "segv", phase)
    folder = copy_plugin(tmp_path / "copy", order)
    worker.send(LoadModule(str(folder / LIBRARY), str(folder), False, ()))
    assert worker.ended() == -signal.SIGSEGV
    struck_once(worker, order, instance=0)


def test_a_fault_in_shutdown_comes_from_any_instance(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "segv", "shutdown")
    load(worker).ask(creation(worker, order, SINK))
    worker.send(Shutdown())
    assert worker.ended() == -signal.SIGSEGV
    struck_once(worker, order, instance=0)


def test_an_imprint_holds_for_instances_without_an_order(worker: WorkerPeer, tmp_path: Path) -> None:
    order = ordered(tmp_path, "segv", "process")
    load(worker, copy_plugin(tmp_path / "copy", order))
    with StageRings() as rings:
        attach_dsp(worker, rings, {})
        rings.feed(BLOCK)
        assert worker.ended() == -signal.SIGSEGV
    struck_once(worker, order)


def test_copies_are_plugins_of_their_own(worker: WorkerPeer, tmp_path: Path) -> None:
    folder = copy_plugin(tmp_path / "copy", number=7)
    assert worker.load(folder / LIBRARY).plugin_id == read_manifest(folder).id == copy_id(7) == "test.faulty.0007"
    assert discover([PLUGIN, folder]).problems == ()


def test_what_cannot_be_is_refused(worker: WorkerPeer, tmp_path: Path) -> None:
    """The plugin and the table that tests go by agree about every pair."""
    load(worker)
    refused = taken = 0
    for kind in CapabilityKind:
        for phase, fault in itertools.product(PHASES[kind.word][2:], KINDS):
            request = worker.creation(kind, "fault", config_for(kind, Order(fault, phase, tmp_path, at_call=10**9)))
            if impossible(fault, phase):
                assert "cannot happen" in worker.refused(request, FaultKind.PLUGIN).text
                refused += 1
            else:
                worker.ask(request)
                worker.ask(DestroyInstance(1))
                taken += 1
    assert refused + taken == sum(len(phases) - 2 for phases in PHASES.values()) * len(KINDS)
    assert len(PHASES) == len(CapabilityKind)
    assert refused > 20


def config_for(kind: CapabilityKind, order: Order) -> JsonObject:
    return order.config | ({"state": True} if kind is DSP else {})
