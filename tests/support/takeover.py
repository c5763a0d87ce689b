"""A dsp stage that loses its workers: signal in, signal out, and a successor that takes over where the last one ended.

What the host does after a death, by hand: see which checkpoints fit the rings' words, attach the next worker by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from abi.kinds import CapabilityKind
from abi.wire import At, AttachDsp, Join
from shm_audio import CheckpointSlot
from tests.support.ring_end import Audio
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.worker_peer import ROOT, WorkerPeer

__all__ = ["CHECKPOINT_FRAMES", "EPOCH", "Effect", "TakenOver", "noise", "shipped"]

CHECKPOINT_FRAMES = FORMAT.history_frames // 2
CONFIG_GEN = 2
EPOCH = 5
DSP = CapabilityKind.DSP


@dataclass(frozen=True)
class Effect:
    """What a worker is made of."""

    library: Path
    type_id: str
    config: dict[str, object]


def shipped(name: str, **config: object) -> Effect:
    """One of ours, ``dsp_NAME``."""
    return Effect(ROOT / f"native_plugins/dsp_{name}/dsp_{name}.so", name, config)


def noise(frames: int, seed: int = 1) -> Audio:
    """Between -0.5 and 0.5, on every channel another."""
    random = np.random.default_rng(seed)
    return random.uniform(-0.5, 0.5, frames * FORMAT.channels).astype(np.float32)


class TakenOver:
    """One stage and the rings around it. ``heard`` is all that came out, whoever made it."""

    def __init__(self, start: Callable[[], WorkerPeer], rings: StageRings, signal: Audio) -> None:
        self._start = start
        self.rings = rings
        self._signal = signal
        self._heard: list[Audio] = []
        self.worker: WorkerPeer | None = None

    @property
    def heard(self) -> Audio:
        return np.concatenate(self._heard)

    @property
    def frames_heard(self) -> int:
        return self.rings.target.position

    def begin(self, effect: Effect, **changes: object) -> WorkerPeer:
        """A fresh worker at the place where the stage stands; nothing is taken over but what ``changes`` says."""
        worker = self.made(effect)
        at = self.rings.after.words().write_pos
        assert worker.ask(self.attach(replay_from=at, **changes), self.rings.around) == At(at)
        self.worker = worker
        return worker

    def made(self, effect: Effect) -> WorkerPeer:
        """A worker with the instance, not attached."""
        worker = self._start()
        worker.load(effect.library)
        worker.ask(worker.creation(DSP, effect.type_id, json.loads(json.dumps(effect.config))))
        return worker

    def attach(self, **changes: object) -> AttachDsp:
        """A request that begins afresh at 0, but for the changes."""
        fields: dict[str, object] = {
            "instance": 1,
            "epoch": EPOCH,
            "config_gen": CONFIG_GEN,
            "wake_frames": BLOCK,
            "checkpoint_frames": CHECKPOINT_FRAMES,
            "state_slot": -1,
            "replay_from": 0,
            "join": int(Join.NONE),
            "join_at": 0,
            "join_frames": 0,
            "join_latency_frames": 0,
        }
        assert changes.keys() <= fields.keys()
        return AttachDsp(**{**fields, **changes})  # type: ignore[arg-type]

    def from_slot(self, slot: CheckpointSlot) -> AttachDsp:
        return self.attach(state_slot=slot.index, replay_from=slot.position)

    def usable(self) -> list[CheckpointSlot]:
        """Checkpoints that a successor may begin with, the newest first."""
        kept, after = self.rings.before.words(), self.rings.after.words()
        return [
            slot
            for slot in self.rings.checkpoints.slots()
            if (slot.epoch, slot.config_gen) == (EPOCH, CONFIG_GEN)
            and kept.retain_pos <= slot.position <= after.write_pos
        ]

    def kill(self) -> None:
        """Wherever it is just now."""
        assert self.worker is not None
        self.worker.kill()
        assert self.worker.ended() == -9
        self.worker = None

    def kill_at_work(self, at_most: int = BLOCK) -> None:
        """While it has blocks to do, and room for them: so many frames of what is there are heard right before."""
        self.supply()
        self.rings.source.before_sleep()
        there = min(self.rings.target.frames(), at_most)
        if there:
            self._heard.append(self.rings.taste(there))
        self.kill()

    def take_over(self, effect: Effect, slot: CheckpointSlot | None = None) -> int:
        """A fresh worker goes on from a checkpoint, by itself from the newest usable one; says where that is.

        Without any, it replays all that is kept, which at the very start is all there was.
        """
        if slot is None:
            slot = next(iter(self.usable()), None)
        begin = self.from_slot(slot) if slot else self.attach(replay_from=self.rings.before.words().retain_pos)
        worker = self.made(effect)
        at = self.rings.after.words().write_pos
        assert worker.ask(begin, self.rings.around) == At(at)
        assert self.rings.before.words().read_pos >= at
        self.worker = worker
        return begin.replay_from

    def supply(self, until: int | None = None) -> int:
        """As much of the signal as there is room for, or of its first ``until`` frames; says how much."""
        source, channels = self.rings.source, FORMAT.channels
        end = len(self._signal) // channels if until is None else until
        frames = min(source.frames(), end - source.position)
        if frames:
            source.put(self._signal[source.position * channels : (source.position + frames) * channels])
        return frames

    def move(self, until: int) -> None:
        """Supplies and hears until so many frames have been heard; the stage stands somewhere ahead."""
        self._move(until, None)

    def move_exactly(self, until: int) -> None:
        """Supplies no more than is heard, so the stage stands at ``until``, if nothing was supplied ahead before."""
        self._move(until, until)

    def _move(self, until: int, supplied: int | None) -> None:
        while self.frames_heard < until:
            self.supply(supplied)
            self.rings.source.before_sleep()
            self._heard.append(self.rings.taste(min(BLOCK, until - self.frames_heard)))
