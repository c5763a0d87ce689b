"""A dsp that is to leave: it fades to its dry signal, to the frame, and the plugin is not called any more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from abi.wire import At, FadeDsp, Failed, Join
from tests.integration.worker.test_dsp_join import CHANNELS, FACTOR, FRAMES, GAIN, JOIN_FRAMES, WAVE, delayed, share
from tests.support.ring_end import Audio
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.takeover import TakenOver
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]

LATE = 100


@pytest.fixture
def stage(start_worker: Start, rings: StageRings) -> TakenOver:
    return TakenOver(start_worker, rings, WAVE.reshape(-1))


def faded(worker: WorkerPeer, latency_frames: int = 0) -> int:
    """Where the fade begins, once it is ordered."""
    reply = worker.ask(FadeDsp(1, JOIN_FRAMES, latency_frames))
    assert isinstance(reply, At)
    return reply.position - JOIN_FRAMES


def late(frames: int) -> Audio:
    """The wave, so much later."""
    return np.concatenate([np.zeros((frames, CHANNELS), np.float32), WAVE])[:FRAMES]


def rest(stage: TakenOver) -> Audio:
    stage.move(FRAMES)
    return stage.heard.reshape(-1, CHANNELS)


def test_a_fade_goes_from_wet_to_dry_and_stays_there(stage: TakenOver) -> None:
    worker = stage.begin(GAIN)
    stage.move(20 * BLOCK)
    start = faded(worker)
    assert start % BLOCK == 0 and start >= 20 * BLOCK
    heard = rest(stage)
    g = share(FRAMES - start)
    assert np.array_equal(heard[: start + 1], FACTOR * WAVE[: start + 1])
    assert np.allclose(heard[start:], g * (FACTOR * WAVE[start:]) + (1 - g) * WAVE[start:], atol=1e-6, rtol=0)
    assert np.array_equal(heard[start + JOIN_FRAMES :], WAVE[start + JOIN_FRAMES :])


@pytest.mark.parametrize("latency_frames", [0, LATE])
def test_the_dry_signal_is_as_late_as_asked_for(stage: TakenOver, latency_frames: int) -> None:
    worker = stage.begin(delayed(LATE))
    stage.move(20 * BLOCK)
    start = faded(worker, latency_frames)
    heard = rest(stage)
    g, wet, dry = share(FRAMES - start), late(LATE)[start:], late(latency_frames)[start:]
    assert np.array_equal(heard[:start], late(LATE)[:start])
    assert np.allclose(heard[start:], g * wet + (1 - g) * dry, atol=1e-6, rtol=0)
    assert np.array_equal(heard[start + JOIN_FRAMES :], dry[JOIN_FRAMES:])


def test_it_begins_when_the_join_is_over(stage: TakenOver) -> None:
    worker = stage.begin(GAIN, join=int(Join.RAMP), join_at=4 * BLOCK, join_frames=JOIN_FRAMES)
    start = faded(worker)
    assert start == 4 * BLOCK + -(-JOIN_FRAMES // BLOCK) * BLOCK
    heard = rest(stage)
    assert np.array_equal(heard[: 4 * BLOCK], WAVE[: 4 * BLOCK])
    assert np.array_equal(heard[start - 1 : start + 1], FACTOR * WAVE[start - 1 : start + 1])
    assert np.array_equal(heard[start + JOIN_FRAMES :], WAVE[start + JOIN_FRAMES :])


def test_it_waits_until_what_it_needs_is_kept(stage: TakenOver) -> None:
    for ring in (stage.rings.before, stage.rings.after):
        ring.set_words(10 * BLOCK)
    stage.rings.source.adopt()
    stage.rings.target.adopt()
    worker = stage.begin(GAIN)
    assert faded(worker, 3 * BLOCK + 1) == 14 * BLOCK


def test_asked_twice_it_says_the_same_and_another_fade_is_refused(stage: TakenOver) -> None:
    worker = stage.begin(GAIN)
    stage.move(20 * BLOCK)
    start = faded(worker)
    stage.move(40 * BLOCK)
    assert faded(worker) == start
    assert isinstance(worker.ask_any(FadeDsp(1, JOIN_FRAMES, LATE)), Failed)


def test_no_state_is_kept_of_who_has_left(stage: TakenOver) -> None:
    """What a plugin that is not called any more would say belongs to another place."""
    worker = stage.begin(GAIN)
    stage.move(20 * BLOCK)
    start = faded(worker)
    rest(stage)
    assert all(slot.position <= start for slot in stage.rings.checkpoints.slots())
    assert FORMAT.history_frames < FRAMES - start
