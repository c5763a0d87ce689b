"""Stages of the odd plugin (tests/plugins/odd.c), attached to rings whose far ends this process holds."""

from __future__ import annotations

import os
import re

from abi.kinds import CapabilityKind
from abi.wire import (
    At,
    AttachDecode,
    AttachDsp,
    AttachSink,
    Join,
    OpenDecoder,
    OpenSink,
    Payload,
    PluginLog,
    Resampler,
    StageStopped,
    StopReason,
)
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.worker_peer import WorkerPeer

DECODER, DSP, SINK = CapabilityKind.DECODER, CapabilityKind.DSP, CapabilityKind.OUTPUT_SINK
EPOCH = 5
SOON_S = 20.0


def decoder(
    worker: WorkerPeer,
    rings: StageRings,
    mode: str = "",
    frames: int = 10_000,
    skip: int = 0,
    take: int = -1,
    silence: int = 0,
    drop: int = 0,
    gain: float = 1.0,
) -> None:
    open_decoder(worker, mode, frames)
    attach_decoder(worker, rings, skip=skip, take=take, silence=silence, drop=drop, gain=gain)


def open_decoder(worker: WorkerPeer, mode: str = "", frames: int = 10_000) -> None:
    worker.ask(worker.creation(DECODER, "odd", {"mode": mode, "frames": frames}))
    with open(os.devnull, "rb") as media:  # noqa: PTH123  a device
        worker.ask(OpenDecoder(1, "x", ""), [media.fileno()])


def attach_decoder(
    worker: WorkerPeer,
    rings: StageRings,
    *,
    skip: int = 0,
    take: int = -1,
    silence: int = 0,
    drop: int = 0,
    gain: float = 1.0,
) -> None:
    request = AttachDecode(1, EPOCH, silence, skip, take, drop, gain, Resampler.VERY_HIGH, False)
    worker.ask(request, [rings.after.fd])


def dsp_attach(instance: int = 1, epoch: int = EPOCH) -> AttachDsp:
    """At the begin, without checkpoints."""
    return AttachDsp(instance, epoch, 1, BLOCK, 0, -1, 0, Join.NONE, 0, 0, 0)


def dsp(worker: WorkerPeer, rings: StageRings, mode: str = "") -> None:
    worker.ask(worker.creation(DSP, "odd", {"mode": mode}))
    assert worker.ask(dsp_attach(), rings.around) == At(0)


def sink(
    worker: WorkerPeer, rings: StageRings, mode: str = "", digest: bool = False, silence_after_ms: int = 0
) -> None:
    worker.ask(worker.creation(SINK, "odd", {"mode": mode}))
    worker.ask(OpenSink(1, Payload(b"{}"), FORMAT.sample_rate_hz, FORMAT.channels, 0, ()))
    worker.ask(AttachSink(1, EPOCH, BLOCK, 1.0, 0, digest, silence_after_ms, -1, -1), [rings.before.fd])


def stopped(worker: WorkerPeer, reason: StopReason, position: int | None = None) -> StageStopped:
    event = worker.event(StageStopped)
    assert (event.instance, event.epoch, StopReason(event.reason)) == (1, EPOCH, reason), event
    assert position is None or event.position == position, event
    return event


def played(worker: WorkerPeer) -> tuple[int, int]:
    """Frames and wrong samples, as the sink itself counted them."""
    line = worker.event(PluginLog).text
    found = re.fullmatch(r"sink: (\d+) frames, (\d+) wrong", line)
    assert found, line
    return int(found[1]), int(found[2])
