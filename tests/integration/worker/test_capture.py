"""The capture output tells the truth: what was heard, what was silent, what came twice and what never came."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from abi.wire import AttachSink, FinishStage, OpenSink, Payload, StopReason
from host.jsontext import dump_json
from tests.integration.worker.stages import EPOCH, SINK, SOON_S, stopped
from tests.support.c_plugins import build_plugin
from tests.support.capture import Span, load_capture
from tests.support.frames import first_wrong, numbered_audio
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

RATE = FORMAT.sample_rate_hz
AHEAD_MS = 20.0
HEAD_START = FORMAT.ahead_frames // 2


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_plugin("capture", tmp_path_factory.mktemp("capture")).entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "heard"


def start(
    worker: WorkerPeer,
    library: Path,
    rings: StageRings,
    path: Path,
    position: int = 0,
    silence_after_ms: int = 0,
    speed: float = 1,
    ahead_ms: float = AHEAD_MS,
) -> WorkerPeer:
    """Instance 1 of the output, open at that position and attached."""
    worker.load(library)
    worker.ask(worker.creation(SINK, "capture", {"speed": speed, "ahead_ms": ahead_ms}))
    target = Payload(dump_json({"path": str(path)}).encode())
    worker.ask(OpenSink(1, target, RATE, FORMAT.channels, position, ()))
    worker.ask(AttachSink(1, EPOCH, BLOCK, 1.0, 0, False, silence_after_ms, -1, -1), [rings.before.fd])
    return worker


def end(worker: WorkerPeer, position: int) -> None:
    worker.ask(FinishStage(1, position))
    stopped(worker, StopReason.FINISHED, position)


def test_what_comes_in_time_is_heard_without_a_gap(
    worker: WorkerPeer, library: Path, rings: StageRings, path: Path
) -> None:
    """The device takes all at once and plays it for a second: nothing can be late."""
    start(worker, library, rings, path, speed=0.1, ahead_ms=100)
    rings.feed(4800)
    end(worker, 4800)
    heard = load_capture(path)
    assert first_wrong(heard.samples(), 2) == ""
    assert (heard.frames, heard.start, heard.rate, heard.channels) == (4800, 0, RATE, 2)
    assert (heard.silence_frames, heard.restarts, heard.doubled, heard.lost) == (0, (), (), ())
    assert (heard.flushed, heard.thrown_away) == (True, ())


def test_it_takes_frames_no_faster_than_it_plays(
    worker: WorkerPeer, library: Path, rings: StageRings, path: Path
) -> None:
    start(worker, library, rings, path)
    rings.feed(9600)
    end(worker, 9600)
    assert first_wrong(load_capture(path).samples(), 2) == ""
    writes = [line.split() for line in path.with_name("heard.journal").read_text().splitlines() if "write" in line]
    took_s = (int(writes[-1][3]) - int(writes[0][3])) / 1e9
    assert took_s >= (9600 - AHEAD_MS * RATE / 1000 - BLOCK) / RATE  # all but what it takes ahead
    played_s = int(path.with_name("heard.journal").read_text().splitlines()[-1].split()[3]) / 1e9
    assert played_s - int(writes[0][3]) / 1e9 >= 9600 / RATE


def test_what_comes_late_is_silence_before_it(worker: WorkerPeer, library: Path, rings: StageRings, path: Path) -> None:
    start(worker, library, rings, path)
    rings.feed(10 * BLOCK)
    assert until(lambda: rings.before.words().read_pos == 10 * BLOCK, SOON_S)
    began_ns = int(path.with_name("heard.journal").read_text().splitlines()[1].split()[3])
    assert until(lambda: time.monotonic_ns() > began_ns + 60_000_000, SOON_S)  # ten blocks last 13 ms
    rings.feed(10 * BLOCK)
    end(worker, 20 * BLOCK)
    heard = load_capture(path)
    (silence,) = heard.inserted_silence
    assert (silence.position, silence.after_restart, silence.by_worker) == (10 * BLOCK, False, False)
    assert silence.frames > 0.04 * RATE
    assert first_wrong(heard.samples(), 2) == ""


def test_zeros_of_a_starving_worker_are_silence(
    worker: WorkerPeer, library: Path, rings: StageRings, path: Path
) -> None:
    start(worker, library, rings, path, silence_after_ms=50)
    rings.feed(HEAD_START)
    assert until(lambda: sum(lane.silence_frames for lane in worker.page.lanes()) > 20 * BLOCK, SOON_S)
    rings.feed(10 * BLOCK)
    end(worker, HEAD_START + 10 * BLOCK)
    heard = load_capture(path)
    by_worker = [each for each in heard.inserted_silence if each.by_worker]
    assert HEAD_START in {each.position for each in by_worker}
    assert sum(each.frames for each in by_worker) == sum(lane.silence_frames for lane in worker.page.lanes())
    assert first_wrong(heard.samples(), 2) == ""
    assert load_capture(path, zeros_are_programme=True).frames > HEAD_START + 30 * BLOCK


@pytest.mark.parametrize("shift", [0, -BLOCK, BLOCK])
def test_a_successor_goes_on(
    start_worker: Callable[[], WorkerPeer], library: Path, rings: StageRings, path: Path, shift: int
) -> None:
    first = start(start_worker(), library, rings, path)
    rings.feed(10 * BLOCK)
    assert until(lambda: rings.before.words().read_pos == 10 * BLOCK, SOON_S)
    first.kill()
    first.ended()
    second = start(start_worker(), library, rings, path, 10 * BLOCK + shift)
    rings.feed(10 * BLOCK)
    end(second, 20 * BLOCK)
    heard = load_capture(path)
    (restart,) = heard.restarts
    assert (restart.position, restart.planned, restart.pid) == (10 * BLOCK + shift, False, second.process.pid)
    gap = [each for each in heard.inserted_silence if each.after_restart]
    assert {each.position for each in gap} == {restart.position}
    assert sum(each.frames for each in gap) > 0.01 * RATE, "the new worker cannot have been there in time"
    samples = heard.samples().reshape(-1, 2)
    assert len(samples) == 20 * BLOCK + shift
    assert first_wrong(samples[: 10 * BLOCK + min(shift, 0)].reshape(-1), 2) == ""
    assert first_wrong(samples[10 * BLOCK + shift :].reshape(-1), 2, 10 * BLOCK) == ""
    assert heard.doubled == ((Span(9 * BLOCK, 10 * BLOCK),) if shift < 0 else ())
    assert heard.lost == ((Span(10 * BLOCK, 11 * BLOCK),) if shift > 0 else ())
    assert bool(np.isnan(samples).any()) == (shift > 0)


def test_seeks_and_closes_of_a_device(tmp_path: Path) -> None:
    """As the plugin would write it: 100 frames, a seek to 500 with 30 unheard, 50 more, closed with 20 unheard."""
    events = [
        "open 0 48000 1 1 7",
        "write 0 100 2 0 7",
        "reset 500 30 3 0 7",
        "write 500 50 4 0 7",
        "close 550 20 5 0 7",
        "open 550 48000 6 1 8",
        "write 550 10 7 0 8",
    ]
    journal = tmp_path / "heard.journal"
    journal.write_text("\n".join(events) + "\n")
    audio = np.concatenate([numbered_audio(1, 100, 1), numbered_audio(500, 60, 1)])
    (tmp_path / "heard.f32").write_bytes(audio.tobytes())
    heard = load_capture(tmp_path / "heard")
    (first, before), (second, after) = heard.segments
    assert (first, len(before), second) == (0, 100, 500)
    assert first_wrong(after, 1, 500) == ""
    assert heard.thrown_away == (Span(70, 100), Span(530, 550))
    assert [(each.position, each.planned) for each in heard.restarts] == [(550, True)]
    assert (heard.frames, heard.flushed) == (160, False)
