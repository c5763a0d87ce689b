"""How a dsp that takes over meets what was heard last: a step that dies away, or a ramp from dry to wet."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from abi.wire import At, HoldStage, Join, ReleaseStage
from tests.support.ring_end import Audio
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.takeover import EPOCH, Effect, TakenOver, shipped
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]

JOIN_FRAMES = 480
CHANNELS = FORMAT.channels
FRAMES = 100 * BLOCK
GAIN = shipped("gain", gain_db=-6.0)
FACTOR = np.float32(10 ** (-6 / 20))
DRY = shipped("dry")


def delayed(frames: int) -> Effect:
    return shipped("dry", latency_frames=frames)


def wave() -> Audio:
    """A slow sine and its cosine: small steps from frame to frame, and never both near zero."""
    turn = 2 * math.pi * 97 / FORMAT.sample_rate_hz * np.arange(FRAMES)
    return (np.stack([np.sin(turn), np.cos(turn)], axis=1) / 2).astype(np.float32)


WAVE = wave()
OWN_STEP = float(np.abs(np.diff(WAVE, axis=0)).max())


@pytest.fixture
def stage(start_worker: Start, rings: StageRings) -> TakenOver:
    return TakenOver(start_worker, rings, WAVE.reshape(-1))


def joined(
    stage: TakenOver,
    first: Effect,
    second: Effect,
    join: Join,
    replay_frames: int = 0,
    dry_frames: int = 0,
    late_frames: int = 0,
) -> tuple[Audio, int]:
    """All that is heard, shape (frames, channels), and where the second took over."""
    stage.begin(first)
    stage.move(20 * BLOCK)
    stage.kill()
    at = stage.rings.after.words().write_pos
    worker = stage.made(second)
    request = stage.attach(
        replay_from=at - replay_frames,
        join=int(join),
        join_at=at + dry_frames,
        join_frames=JOIN_FRAMES,
        join_latency_frames=late_frames,
    )
    assert worker.ask(request, stage.rings.around) == At(at)
    stage.move(FRAMES)
    assert FRAMES - at > 2 * JOIN_FRAMES
    return stage.heard.reshape(-1, CHANNELS), at


def steps(heard: Audio, at: int) -> float:
    """The greatest step from frame to frame around a place."""
    return float(np.abs(np.diff(heard[at - 5 : at + JOIN_FRAMES + 5], axis=0)).max())


def share(frames: int) -> Audio:
    """1 down to 0 over the join, 0 behind it."""
    line = 1 - np.arange(frames, dtype=np.float64) / JOIN_FRAMES
    return np.clip(line, 0, 1)[:, None].astype(np.float32)


@pytest.mark.parametrize("replay_frames", [0, 3 * BLOCK])
def test_settling_has_no_step_and_dies_away(stage: TakenOver, replay_frames: int) -> None:
    """From half as loud to the plain signal, with the formula to the frame."""
    heard, at = joined(stage, GAIN, DRY, Join.SETTLE, replay_frames)
    step = heard[at - 1] - WAVE[at - 1]
    assert np.abs(step).max() > 20 * OWN_STEP
    assert np.allclose(heard[at:], WAVE[at:] + step * share(FRAMES - at), atol=1e-6, rtol=0)
    assert np.array_equal(heard[at + JOIN_FRAMES :], WAVE[at + JOIN_FRAMES :])
    assert steps(heard, at) < OWN_STEP + 1 / JOIN_FRAMES


def test_without_a_join_there_is_a_step(stage: TakenOver) -> None:
    """What the test above would see if nothing settled."""
    heard, at = joined(stage, GAIN, DRY, Join.NONE)
    assert np.array_equal(heard[at:], WAVE[at:])
    assert steps(heard, at) > 20 * OWN_STEP


def test_settling_knows_its_own_last_frame(stage: TakenOver) -> None:
    """A delay that replayed is where it would be: what settles is what was heard against its own last frame."""
    late = 100
    heard, at = joined(stage, GAIN, delayed(late), Join.SETTLE, replay_frames=4 * BLOCK)
    plain = np.concatenate([np.zeros((late, CHANNELS), np.float32), WAVE])[:FRAMES]
    assert np.abs(plain[at - 1] - WAVE[at - 1]).max() > 20 * OWN_STEP
    step = heard[at - 1] - plain[at - 1]
    assert np.allclose(heard[at:], plain[at:] + step * share(FRAMES - at), atol=1e-6, rtol=0)
    assert np.array_equal(heard[at + JOIN_FRAMES :], plain[at + JOIN_FRAMES :])


def test_settling_at_the_very_start_is_the_plain_signal(stage: TakenOver) -> None:
    """Nothing was heard before, so nothing settles; the same behind a seek, whatever lies in the rings."""
    stage.begin(DRY, join=int(Join.SETTLE), join_frames=JOIN_FRAMES)
    stage.move(10 * BLOCK)
    assert np.array_equal(stage.heard.reshape(-1, CHANNELS), WAVE[: 10 * BLOCK])
    stage.kill()
    for ring in (stage.rings.before, stage.rings.after):
        ring.set_words(FRAMES // 2)
    stage.rings.source.adopt()
    stage.rings.target.adopt()
    stage.begin(DRY, join=int(Join.SETTLE), join_frames=JOIN_FRAMES)
    before = len(stage.heard)
    stage.move(FRAMES // 2 + 4 * BLOCK)
    assert np.array_equal(stage.heard[before:], WAVE[FRAMES // 2 : FRAMES // 2 + 4 * BLOCK].reshape(-1))


def test_a_ramp_goes_from_dry_to_wet(stage: TakenOver) -> None:
    heard, at = joined(stage, DRY, GAIN, Join.RAMP)
    g = 1 - share(FRAMES - at)
    assert np.array_equal(heard[at], WAVE[at])
    assert np.allclose(heard[at:], g * (FACTOR * WAVE[at:]) + (1 - g) * WAVE[at:], atol=1e-6, rtol=0)
    assert np.array_equal(heard[at + JOIN_FRAMES :], FACTOR * WAVE[at + JOIN_FRAMES :])
    assert steps(heard, at) < OWN_STEP + 1 / JOIN_FRAMES


def test_a_ramp_that_begins_later_is_dry_until_then(stage: TakenOver) -> None:
    """And the effect sees nothing of that input: what is in its delay line is from behind it."""
    late, dry_frames = 100, 3 * BLOCK
    heard, at = joined(stage, DRY, delayed(late), Join.RAMP, dry_frames=dry_frames, late_frames=late)
    start = at + dry_frames
    assert np.array_equal(heard[at:start], WAVE[at - late : start - late])
    g = 1 - share(FRAMES - start)
    wet = np.concatenate([np.zeros((late, CHANNELS), np.float32), WAVE[start : FRAMES - late]])
    dry = WAVE[start - late : FRAMES - late]
    assert np.allclose(heard[start:], g * wet + (1 - g) * dry, atol=1e-6, rtol=0)
    assert np.array_equal(heard[start + JOIN_FRAMES :], WAVE[start + JOIN_FRAMES - late : FRAMES - late])


@pytest.mark.parametrize("late", [1, 100, 400])
def test_a_ramp_takes_the_dry_signal_as_late_as_the_wet(stage: TakenOver, late: int) -> None:
    """Dry and wet are the same delay here, so that any difference in time would be heard."""
    replay = -(-late // BLOCK) * BLOCK
    heard, at = joined(stage, delayed(late), delayed(late), Join.RAMP, replay, late_frames=late)
    plain = np.concatenate([np.zeros((late, CHANNELS), np.float32), WAVE])[:FRAMES]
    assert np.allclose(heard, plain, atol=1e-6, rtol=0)
    assert np.array_equal(heard[at + JOIN_FRAMES :], plain[at + JOIN_FRAMES :])


def test_a_ramp_is_silent_before_what_is_kept(stage: TakenOver) -> None:
    """At the very start a delay has nothing to give yet, dry or wet."""
    stage.begin(delayed(100), join=int(Join.RAMP), join_frames=JOIN_FRAMES, join_latency_frames=100)
    stage.move(FRAMES)
    plain = np.concatenate([np.zeros((100, CHANNELS), np.float32), WAVE])[:FRAMES]
    assert np.allclose(stage.heard.reshape(-1, CHANNELS), plain, atol=1e-6, rtol=0)


def test_a_join_goes_on_through_a_hold(stage: TakenOver) -> None:
    stage.begin(DRY)
    stage.move(20 * BLOCK)
    stage.kill()
    at = stage.rings.after.words().write_pos
    worker = stage.made(GAIN)
    request = stage.attach(replay_from=at, join=int(Join.RAMP), join_frames=JOIN_FRAMES)
    worker.ask(request, stage.rings.around)
    stage.move(at + 3 * BLOCK)
    worker.ask(HoldStage(1))
    worker.ask(ReleaseStage(1, EPOCH))
    stage.move(FRAMES)
    g = 1 - share(FRAMES - at)
    heard = stage.heard.reshape(-1, CHANNELS)
    assert np.allclose(heard[at:], g * (FACTOR * WAVE[at:]) + (1 - g) * WAVE[at:], atol=1e-6, rtol=0)
