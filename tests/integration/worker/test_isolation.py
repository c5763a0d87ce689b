"""What a plugin does to its own process stays there: the guard page, its output, its noise, its hanging calls."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from signal import SIGSEGV

import numpy as np
import pytest

from abi.kinds import CapabilityKind
from abi.wire import (
    AttachDecode,
    CreateInstance,
    DestroyInstance,
    Dropped,
    OpenDecoder,
    Payload,
    Ping,
    PluginEvent,
    PluginLog,
    Pong,
    Resampler,
)
from tests.integration.worker.conftest import BuildPlugin
from tests.integration.worker.stages import SOON_S, dsp_attach
from tests.support.ring_end import numbered
from tests.support.stage_rings import BLOCK, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

DECODER, DSP = CapabilityKind.DECODER, CapabilityKind.DSP
Start = Callable[[], WorkerPeer]


@pytest.fixture
def start_odd(start_worker: Start, build_plugin: BuildPlugin) -> Start:
    def start() -> WorkerPeer:
        worker = start_worker()
        worker.load(build_plugin("odd"))
        return worker

    return start


def start_dsp(worker: WorkerPeer, rings: StageRings, mode: str, instance: int = 1) -> None:
    worker.ask(worker.creation(DSP, "odd", {"mode": mode}, instance))
    worker.ask(dsp_attach(instance), rings.around)


def test_a_dsp_beyond_its_block_takes_only_its_worker_along(start_odd: Start) -> None:
    bad, good = start_odd(), start_odd()
    with StageRings() as first, StageRings() as second:
        start_dsp(bad, first, "overrun")
        start_dsp(good, second, "")
        first.feed(BLOCK)
        assert bad.ended() == -SIGSEGV
        second.feed(BLOCK)
        assert np.array_equal(second.taste(BLOCK), numbered(0, BLOCK, 2))
        words = first.after.words()
        assert (words.write_pos, words.read_pos) == (0, 0)  # wholly or not at all
        assert [lane.call for lane in bad.page.lanes() if lane.instance == 1] == ["process"]


def test_a_decoder_beyond_its_block_dies_there(start_odd: Start) -> None:
    worker = start_odd()
    worker.ask(worker.creation(DECODER, "odd", {"mode": "overrun"}))
    with StageRings() as rings:
        media = os.open(os.devnull, os.O_RDONLY)
        worker.ask(OpenDecoder(1, "x", ""), [media])
        os.close(media)
        worker.send(AttachDecode(1, 1, 0, 0, -1, 0, 1.0, Resampler.VERY_HIGH, False), [rings.after.fd])
        assert worker.ended() == -SIGSEGV
        assert rings.after.words().write_pos == 0


def test_a_hanging_dsp_disturbs_neither_its_neighbour_nor_the_control_thread(start_odd: Start) -> None:
    worker = start_odd()
    with StageRings() as first, StageRings() as second:
        start_dsp(worker, first, "hang in process", 1)
        start_dsp(worker, second, "", 2)
        first.feed(BLOCK)
        assert until(lambda: any(lane.call == "process" and lane.instance == 1 for lane in worker.page.lanes()), SOON_S)
        for turn in range(5):
            assert worker.ask(Ping()) == Pong()
            second.feed(BLOCK)
            assert np.array_equal(second.taste(BLOCK), numbered(turn * BLOCK, BLOCK, 2))
        worker.kill()  # while the rings are mapped, as the watchdog would
        assert worker.ended() == -9


def test_stdout_is_no_channel(start_odd: Start) -> None:
    worker = start_odd()
    with StageRings() as rings:
        start_dsp(worker, rings, "print")
        rings.feed(2 * BLOCK)
        assert np.array_equal(rings.taste(2 * BLOCK), numbered(0, 2 * BLOCK, 2))
        worker.ask(DestroyInstance(1))
    assert worker.output == '{"hello": 1}\nin process\nin process\n'


def test_logs_and_events_from_a_plugins_own_thread(start_odd: Start) -> None:
    worker = start_odd()
    worker.ask(worker.creation(DSP, "odd", {"mode": "thread"}))
    worker.ask(DestroyInstance(1))
    assert [worker.event(PluginLog) for _ in range(3)] == [PluginLog(0, 3, f"line {n}") for n in range(3)]
    texts = [worker.event(PluginEvent).text for _ in range(3)]
    assert [json.loads(text) for text in texts] == [{"n": n} for n in range(3)]


def test_a_flood_is_dropped_counted_and_delays_no_reply(start_odd: Start) -> None:
    """Nobody reads the events meanwhile: the channel is full, and still every request is answered at once."""
    worker = start_odd()
    worker.ask(worker.creation(DSP, "odd", {"mode": "flood"}))
    for _ in range(20):
        assert worker.ask(Ping()) == Pong()
    worker.ask(DestroyInstance(1))
    logs = events = lost_logs = lost_events = 0
    while min(logs + lost_logs, events + lost_events) < 20_000:
        worker.hear()
        for told in worker._told:
            logs += isinstance(told, PluginLog)
            events += isinstance(told, PluginEvent)
            if isinstance(told, Dropped):
                lost_logs, lost_events = lost_logs + told.logs, lost_events + told.events
        worker._told.clear()
    assert (logs + lost_logs, events + lost_events) == (20_000, 20_000)
    assert min(logs, events, lost_logs, lost_events) > 0


REPORTER = """
import sys

WATCHED = ("numpy", "cffi", "asyncio", "multiprocessing", "posix_ipc", "sounddevice", "host")


class Reporter:
    channels = 2

    def process(self, samples, frames):
        pass

    def reset(self):
        pass


def create(kind, type_id, config, host, **spec):
    host.emit({"loaded": [name for name in WATCHED if name in sys.modules], "modules": len(sys.modules)})
    return Reporter()
"""
REPORTER_TOML = """
id = "test.dsp.reporter"
name = "Reporter"
version = "1.0.0"
api_version = 6
licence = "MIT"
python = "plugin.py"
description = "Tells what its process imported."

[[capabilities]]
kind = "dsp"
type_id = "reporter"
name = "Reporter"
config_schema = '{}'
default_config = '{}'
"""


def test_a_worker_imports_only_what_it_needs(worker: WorkerPeer, tmp_path: Path) -> None:
    """Asked from inside, where even a Python module is loaded."""
    (tmp_path / "plugin.toml").write_text(REPORTER_TOML)
    (tmp_path / "plugin.py").write_text(REPORTER)
    worker.load(tmp_path / "plugin.py", python=True)
    worker.ask(CreateInstance(1, DSP, "reporter", Payload(b"{}"), 48000, 2, ()))
    report = json.loads(worker.event(PluginEvent).text)
    assert report["loaded"] == []
    assert report["modules"] > 20
