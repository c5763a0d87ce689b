"""A dsp whose worker is killed, and its successor: not one bit of the output tells of it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from abi.wire import At, DetachStage, FaultKind, HoldStage, PluginLog, ReleaseStage
from shm_audio import Checkpoints, CheckpointSlot
from shm_audio._core import lib
from tests.integration.worker.conftest import BuildPlugin
from tests.support.ring_end import Audio, RawWords
from tests.support.stage_rings import BLOCK, FORMAT, SLOT_BYTES, StageRings
from tests.support.takeover import CHECKPOINT_FRAMES, EPOCH, Effect, TakenOver, noise, shipped
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]

FRAMES = 400 * BLOCK
SIGNAL = noise(FRAMES)
KILLS = 10
SOON_S = 5.0
BANDS = [
    {"type": "low_shelf", "freq_hz": 120, "gain_db": 6, "q": 0.7},
    {"type": "peaking", "freq_hz": 30, "gain_db": -9, "q": 8},
    {"type": "notch", "freq_hz": 1000, "q": 4},
]
EQUALIZER = shipped("equalizer", bands=BANDS)
GAIN = shipped("gain", gain_db=-7.3)
LIMITER = shipped("limiter", ceiling_db=-18, lookahead_ms=9, release_ms=30)
LOUDNESS = shipped("loudness", target_lufs=-30)


@pytest.fixture(params=["memfd", "posix"])
def each_rings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StageRings]:
    """On both backends of shared memory."""
    monkeypatch.setenv("STELLATUNE_SHM", request.param)
    with StageRings() as made:
        yield made


@pytest.fixture
def stage(start_worker: Start, rings: StageRings) -> TakenOver:
    return TakenOver(start_worker, rings, SIGNAL)


@pytest.fixture
def memory(build_plugin: BuildPlugin) -> Callable[..., Effect]:
    """The plugin that forgets nothing, in a mode."""
    return lambda mode="", at=0: Effect(build_plugin("memory"), "memory", {"mode": mode, "at": at})


def undisturbed(start: Start, effect: Effect, frames: int = FRAMES) -> Audio:
    """What one worker makes of the whole signal."""
    with StageRings() as rings:
        stage = TakenOver(start, rings, SIGNAL)
        stage.begin(effect)
        stage.move(frames)
        return stage.heard


def same(heard: Audio, expected: Audio) -> bool:
    return heard.tobytes() == expected[: len(heard)].tobytes() and len(heard) > 0


def checkpoints_of(rings: StageRings) -> list[int]:
    return [slot.position for slot in rings.checkpoints.slots()]


def spoil(rings: StageRings, slot: CheckpointSlot) -> None:
    """As it would be if all words were set before the bytes were there."""
    os.pwrite(
        rings.checkpoints.fd,
        b"\x5a\xa5\x5a\xa5",
        lib.st_checkpoint_slot_offset(SLOT_BYTES, slot.index) + 64 + slot.length // 2,
    )


@pytest.mark.parametrize(
    "effect", [EQUALIZER, GAIN, LIMITER, LOUDNESS], ids=["equalizer", "gain", "limiter", "loudness"]
)
def test_killed_at_many_places_nothing_is_heard(start_worker: Start, each_rings: StageRings, effect: Effect) -> None:
    """Killed while it has blocks to do, so at any instruction; every frame once, every bit as it would have been.

    The first death is at a known place, between two checkpoints: where the others find it is up to the scheduler.
    """
    expected = undisturbed(start_worker, effect)
    assert not same(SIGNAL, expected)
    stage = TakenOver(start_worker, each_rings, SIGNAL)
    stage.begin(effect)
    stage.move_exactly(CHECKPOINT_FRAMES + BLOCK)
    stage.kill()
    assert stage.take_over(effect) == CHECKPOINT_FRAMES
    places = random.Random(7)
    for _ in range(KILLS):
        stage.move(stage.frames_heard + places.randrange(BLOCK, 1000))
        stage.kill_at_work(at_most=places.randrange(BLOCK, 1000))
        stage.take_over(effect)
    stage.move(FRAMES)
    assert same(stage.heard, expected)
    assert len(stage.heard) == len(expected) == len(SIGNAL)


def test_a_torn_newest_checkpoint_gives_way_to_the_older(start_worker: Start, stage: TakenOver) -> None:
    expected = undisturbed(start_worker, EQUALIZER)
    stage.begin(EQUALIZER)
    stage.move(5 * CHECKPOINT_FRAMES)
    stage.kill()
    newest, older = stage.usable()
    spoil(stage.rings, newest)
    assert stage.take_over(EQUALIZER) == older.position
    stage.move(FRAMES)
    assert same(stage.heard, expected)


def test_without_export_the_history_is_replayed(stage: TakenOver, memory: Callable[..., Effect]) -> None:
    """Its state is its last 100 frames; what is kept is longer."""
    effect = memory("late")
    stage.begin(effect)
    stage.move(3000)
    stage.kill()
    assert checkpoints_of(stage.rings) == []
    worker = stage.made(effect)
    kept = stage.rings.before.words().retain_pos
    at = stage.rings.after.words().write_pos
    assert worker.ask(stage.attach(replay_from=kept), stage.rings.around) == At(at)
    stage.move(FRAMES)
    assert same(stage.heard, np.concatenate([np.zeros(200, np.float32), SIGNAL])[: len(SIGNAL)])


def test_a_state_as_text_is_as_exact(start_worker: Start, stage: TakenOver, memory: Callable[..., Effect]) -> None:
    expected = undisturbed(start_worker, memory("json"))
    stage.begin(memory("json"))
    stage.move(3000)
    stage.kill()
    stage.take_over(memory("json"))
    stage.move(FRAMES)
    assert same(stage.heard, expected)


def test_a_replay_is_neither_heard_nor_counted(
    start_worker: Start, stage: TakenOver, memory: Callable[..., Effect]
) -> None:
    """Not even what a plugin spoils in it."""
    expected = undisturbed(start_worker, memory())
    stage.begin(memory())
    stage.move(CHECKPOINT_FRAMES + 2 * BLOCK)
    stage.kill()
    at = stage.rings.after.words().write_pos
    assert stage.take_over(memory("nan"), stage.usable()[-1]) < at
    stage.move(FRAMES)
    assert same(stage.heard, expected)
    assert stage.worker is not None
    page = stage.worker.page
    assert until(lambda: [lane.blocks for lane in page.lanes()][-1] == (FRAMES - at) // BLOCK, SOON_S)
    assert sum(lane.scrubbed_samples for lane in page.lanes()) == 0


@pytest.mark.parametrize("published", ["both", "write only"])
def test_a_death_between_the_two_publishes_loses_and_doubles_nothing(
    start_worker: Start, each_rings: StageRings, published: str
) -> None:
    expected = undisturbed(start_worker, EQUALIZER)
    stage = TakenOver(start_worker, each_rings, SIGNAL)
    worker = stage.begin(EQUALIZER)
    stage.move(20 * BLOCK)
    at = worker.ask(HoldStage(1)).position
    stage.kill()
    if published == "write only":
        words = RawWords(each_rings.before.fd)
        words.set(read_pos=at - BLOCK, retain_pos=at - BLOCK - FORMAT.history_frames)
        words.close()
        assert each_rings.before.words().read_pos == at - BLOCK
        spoil(each_rings, next(slot for slot in stage.usable() if slot.position == at))  # it died before its checkpoint
    stage.take_over(EQUALIZER)
    stage.move(FRAMES)
    assert same(stage.heard, expected)
    assert len(stage.heard) == len(SIGNAL)


def test_a_death_in_export_leaves_both_checkpoints_whole(
    start_worker: Start, stage: TakenOver, memory: Callable[..., Effect]
) -> None:
    expected = undisturbed(start_worker, memory())
    worker = stage.begin(memory("die in export", at=4))
    stage.move(4 * CHECKPOINT_FRAMES)
    stage.supply()
    stage.rings.source.before_sleep()
    assert worker.ended() == -11
    assert [lane.call for lane in worker.page.lanes() if lane.instance == 1] == ["export"]
    assert checkpoints_of(stage.rings) == [4 * CHECKPOINT_FRAMES, 3 * CHECKPOINT_FRAMES]
    assert stage.rings.after.words().write_pos == 5 * CHECKPOINT_FRAMES
    stage.take_over(memory())
    stage.move(FRAMES)
    assert same(stage.heard, expected)


def test_deaths_at_one_checkpoint_after_the_other_stay_exact(
    start_worker: Start, stage: TakenOver, memory: Callable[..., Effect]
) -> None:
    """Who replayed more than an interval keeps its state first: else the last one falls out of the history."""
    expected = undisturbed(start_worker, memory())
    stage.begin(memory("die in export", at=4))
    lives = ((5, [4, 3], 0), (6, [4, 3], 1), (7, [6, 4], 0))  # dies at, with these kept, the next one at its nth export
    for death, kept, at in lives:
        stage.move((death - 1) * CHECKPOINT_FRAMES)
        stage.supply()
        stage.rings.source.before_sleep()
        assert stage.worker is not None
        assert stage.worker.ended() == -11
        assert stage.rings.after.words().write_pos == death * CHECKPOINT_FRAMES
        assert checkpoints_of(stage.rings) == [place * CHECKPOINT_FRAMES for place in kept]
        effect = memory("die in export", at=at) if death < 7 else memory()
        assert stage.take_over(effect) == kept[0] * CHECKPOINT_FRAMES
    stage.move(FRAMES)
    assert same(stage.heard, expected)


def test_checkpoints_stand_on_multiples_of_their_interval(stage: TakenOver) -> None:
    stage.begin(EQUALIZER)
    stage.move(7 * CHECKPOINT_FRAMES + BLOCK)
    assert until(lambda: max(checkpoints_of(stage.rings), default=0) >= 7 * CHECKPOINT_FRAMES, SOON_S)
    newest, older = checkpoints_of(stage.rings)
    assert (newest % CHECKPOINT_FRAMES, newest - older) == (0, CHECKPOINT_FRAMES)


def test_a_hold_keeps_where_it_holds(stage: TakenOver) -> None:
    """Once for one place; a detach keeps nothing; after a release the epoch is the new one."""
    rings = stage.rings
    worker = stage.begin(EQUALIZER, checkpoint_frames=1000 * BLOCK)
    rings.source.put(SIGNAL[: 6 * BLOCK])
    rings.source.before_sleep()
    rings.taste(3 * BLOCK)
    assert worker.ask(HoldStage(1)) == At(3 * BLOCK)
    assert checkpoints_of(rings) == [3 * BLOCK]
    worker.ask(HoldStage(1))
    assert checkpoints_of(rings) == [3 * BLOCK]
    worker.ask(ReleaseStage(1, EPOCH + 1))
    worker.ask(HoldStage(1))
    assert [(slot.position, slot.epoch) for slot in rings.checkpoints.slots()] == [
        (3 * BLOCK, EPOCH),
        (3 * BLOCK, EPOCH + 1),
    ]
    worker.ask(ReleaseStage(1, EPOCH + 1))
    rings.source.put(SIGNAL[: 2 * BLOCK])
    rings.taste(BLOCK)
    assert worker.ask(DetachStage(1)) == At(4 * BLOCK)
    assert checkpoints_of(rings) == [3 * BLOCK, 3 * BLOCK]


@pytest.mark.parametrize(
    ("mode", "frames", "words"),
    [
        ("none", CHECKPOINT_FRAMES, ""),
        ("", 0, ""),
        ("long", CHECKPOINT_FRAMES, f"1048576 bytes is not kept; [pipeline] checkpoint_kib says {SLOT_BYTES} bytes"),
        ("refuse export", CHECKPOINT_FRAMES, "export_state failed with code 5"),
    ],
)
def test_what_is_not_kept_is_told_once(
    start_worker: Start, stage: TakenOver, memory: Callable[..., Effect], mode: str, frames: int, words: str
) -> None:
    expected = undisturbed(start_worker, memory())
    worker = stage.begin(memory(mode), checkpoint_frames=frames)
    stage.move(FRAMES)
    assert same(stage.heard, expected)
    assert checkpoints_of(stage.rings) == []
    if words:
        assert words in worker.event(PluginLog).text
    with pytest.raises(TimeoutError):
        worker.hear(within_s=0.02)


LIES = {
    "another position": {"replay_from": BLOCK},
    "another epoch": {"epoch": EPOCH + 1},
    "another config": {"config_gen": 9},
    "a slot that is empty": {"state_slot": 1},
    "a slot that is none": {"state_slot": 2},
    "no whole blocks": {"replay_from": 1, "state_slot": -1},
    "before what is kept": {"replay_from": -BLOCK, "state_slot": -1},
    "behind the end": {"replay_from": 100 * BLOCK, "state_slot": -1},
    "checkpoints within blocks": {"checkpoint_frames": 100},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_takeover_that_cannot_be_is_refused_and_may_be_tried_again(stage: TakenOver, lie: dict[str, object]) -> None:
    held = held_once(stage)
    worker = stage.made(EQUALIZER)
    right = {"state_slot": 0, "replay_from": held}
    worker.refused(stage.attach(**{**right, **lie}), FaultKind.INTERNAL, stage.rings.around)
    worker.refused(stage.attach(**right, join=7), FaultKind.MISUSE, stage.rings.around)
    assert worker.ask(stage.attach(**right), stage.rings.around) == At(held)


def held_once(stage: TakenOver) -> int:
    """A stage with one checkpoint, in slot 0, and no worker."""
    worker = stage.begin(EQUALIZER, checkpoint_frames=1000 * BLOCK)
    stage.rings.source.put(SIGNAL[: 6 * BLOCK])
    stage.rings.source.before_sleep()
    stage.rings.taste(3 * BLOCK)
    held = worker.ask(HoldStage(1)).position
    stage.kill()
    (slot,) = stage.usable()
    assert (slot.index, slot.position) == (0, held)
    return held


def test_a_torn_checkpoint_is_refused_by_the_worker_too(stage: TakenOver) -> None:
    held = held_once(stage)
    (slot,) = stage.usable()
    spoil(stage.rings, slot)
    assert stage.usable() == []
    worker = stage.made(EQUALIZER)
    said = worker.refused(stage.from_slot(slot), FaultKind.INTERNAL, stage.rings.around)
    assert "not whole" in said.text
    assert worker.ask(stage.attach(replay_from=held), stage.rings.around) == At(held)


def test_a_state_that_the_plugin_refuses_is_its_refusal(stage: TakenOver, memory: Callable[..., Effect]) -> None:
    stage.begin(memory())
    stage.move(3 * CHECKPOINT_FRAMES)
    stage.kill()
    worker = stage.made(memory("refuse import"))
    said = worker.refused(stage.from_slot(stage.usable()[0]), FaultKind.PLUGIN, stage.rings.around)
    assert (said.call, said.text) == ("import", "memory: never")
    silent = stage.made(memory("none"))
    said = silent.refused(stage.from_slot(stage.usable()[0]), FaultKind.INTERNAL, stage.rings.around)
    assert "takes no state" in said.text


def test_checkpoints_are_no_ring(stage: TakenOver) -> None:
    worker = stage.made(EQUALIZER)
    fds = [stage.rings.before.fd, stage.rings.after.fd, stage.rings.after.fd]
    worker.refused(stage.attach(), FaultKind.INTERNAL, fds)
    with Checkpoints(1) as small:
        assert worker.ask(stage.attach(), [*fds[:2], small.fd]) == At(0)
