"""Instances of ``native_plugins/fault`` in a worker, attached to rings whose far ends this process holds."""

from __future__ import annotations

from pathlib import Path

from abi.wire import At, AttachDecode, AttachDsp, AttachSink, Join, OpenDecoder, OpenSink, Payload, Resampler
from host.jsontext import JsonObject
from tests.integration.worker.stages import DECODER, DSP, EPOCH, SINK
from tests.support.faulty import LIBRARY, PLUGIN
from tests.support.frames import make_frames
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.worker_peer import WorkerPeer

__all__ = ["attach_decoder", "attach_dsp", "attach_sink", "load", "open_decoder"]

RATE = FORMAT.sample_rate_hz


def load(worker: WorkerPeer, folder: Path = PLUGIN) -> WorkerPeer:
    """The worker with the plugin of that folder."""
    worker.load(folder / LIBRARY)
    return worker


def open_decoder(
    worker: WorkerPeer, folder: Path, config: JsonObject, frames: int = 10_000, order: JsonObject | None = None
) -> None:
    """Instance 1, open on an input made in ``folder``."""
    media = make_frames(folder / "x.frames", frames, RATE, FORMAT.channels, order)
    worker.ask(worker.creation(DECODER, "fault", config))
    with media.open("rb") as opened:
        worker.ask(OpenDecoder(1, str(media), "frames"), [opened.fileno()])


def attach_decoder(worker: WorkerPeer, rings: StageRings) -> None:
    worker.ask(AttachDecode(1, EPOCH, 0, 0, -1, 0, 1.0, Resampler.VERY_HIGH, False), [rings.after.fd])


def attach_dsp(worker: WorkerPeer, rings: StageRings, config: JsonObject, checkpoint_frames: int = 0) -> None:
    """Instance 1, from the begin."""
    worker.ask(worker.creation(DSP, "fault", config))
    request = AttachDsp(1, EPOCH, 1, BLOCK, checkpoint_frames, -1, 0, Join.NONE, 0, 0, 0)
    assert worker.ask(request, rings.around) == At(0)


def attach_sink(worker: WorkerPeer, rings: StageRings, config: JsonObject) -> None:
    """Instance 1, open and attached."""
    worker.ask(worker.creation(SINK, "fault", config))
    worker.ask(OpenSink(1, Payload(b"{}"), RATE, FORMAT.channels, 0, ()))
    worker.ask(AttachSink(1, EPOCH, BLOCK, 1.0, 0, False, 0, -1, -1), [rings.before.fd])
