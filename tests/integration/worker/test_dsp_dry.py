"""The dry plugin: the signal as it is, later or silent, and filled by a replay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from abi.kinds import CapabilityKind
from abi.wire import FaultKind
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.takeover import TakenOver, noise, shipped
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]

FRAMES = 80 * BLOCK
SIGNAL = noise(FRAMES)
LATE = [0, 1, 63, 64, 65, 500]


@pytest.fixture
def stage(start_worker: Start, rings: StageRings) -> TakenOver:
    return TakenOver(start_worker, rings, SIGNAL)


@pytest.mark.parametrize("late", LATE)
def test_it_delays_and_changes_nothing_else(stage: TakenOver, late: int) -> None:
    stage.begin(shipped("dry", latency_frames=late))
    stage.move(FRAMES)
    lead = np.zeros(late * FORMAT.channels, np.float32)
    assert np.array_equal(stage.heard, np.concatenate([lead, SIGNAL])[: len(SIGNAL)])


def test_silent_is_silent_and_as_late(stage: TakenOver) -> None:
    worker = stage.made(shipped("dry", latency_frames=100, silent=True))
    worker.ask(stage.attach(), stage.rings.around)
    stage.move(FRAMES)
    assert not stage.heard.any()


@pytest.mark.parametrize("late", LATE)
def test_it_says_how_late_it_is_and_keeps_no_state(worker: WorkerPeer, late: int) -> None:
    effect = shipped("dry")
    worker.load(effect.library)
    created = worker.ask(worker.creation(CapabilityKind.DSP, "dry", {"latency_frames": late}))
    assert (created.latency_frames, created.exports_state) == (late, False)


@pytest.mark.parametrize("late", LATE)
def test_a_replay_fills_the_line(stage: TakenOver, late: int) -> None:
    """A fresh one in the middle, given so much of the past, is the one that was always there."""
    stage.begin(shipped("dry", latency_frames=late))
    stage.move(FRAMES // 2)
    stage.kill_at_work()
    at = stage.rings.after.words().write_pos
    successor = stage.made(shipped("dry", latency_frames=late))
    successor.ask(stage.attach(replay_from=at - -(-late // BLOCK) * BLOCK), stage.rings.around)
    stage.move(FRAMES)
    lead = np.zeros(late * FORMAT.channels, np.float32)
    assert np.array_equal(stage.heard, np.concatenate([lead, SIGNAL])[: len(SIGNAL)])


@pytest.mark.parametrize(
    "config", [{"latency_frames": -1}, {"latency_frames": 0.5}, {"latency_frames": 1 << 24}, {"silent": 1}]
)
def test_what_it_does_not_understand_it_refuses(worker: WorkerPeer, config: dict[str, object]) -> None:
    worker.load(shipped("dry").library)
    said = worker.refused(worker.creation(CapabilityKind.DSP, "dry", config), FaultKind.PLUGIN)
    assert said.text.startswith("dry: ")
