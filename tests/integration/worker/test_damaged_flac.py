"""A FLAC decoder that has lost frames says so at the end, as often as it gets there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import AttachDecode, DetachStage, OpenDecoder, Resampler, SeekDecoder, StageStopped, StopReason
from tests.e2e.audio import as_float, noise
from tests.support.ring_end import Audio
from tests.support.stage_rings import FORMAT, StageRings
from tests.support.worker_peer import ROOT, WorkerPeer

FRAMES = 40_960
BLOCK_FRAMES = 4096
RAW = ("--force-raw-format", "--endian=little", "--sign=signed", "--bps=16", f"--channels={FORMAT.channels}")

pytestmark = pytest.mark.skipif(shutil.which("flac") is None, reason="the flac command is not installed")


def flac_file(folder: Path, *places: float) -> Path:
    """Noise in ten blocks, with one bit turned round at each of these places."""
    raw, path = folder / "in.raw", folder / "in.flac"
    raw.write_bytes(noise(FRAMES).astype("<i2").tobytes())
    options = (*RAW, f"--sample-rate={FORMAT.sample_rate_hz}", f"--blocksize={BLOCK_FRAMES}", "--no-padding")
    subprocess.run(["flac", "--silent", "--force", *options, "-o", path, raw], check=True)
    data = bytearray(path.read_bytes())
    for place in places:
        data[int(len(data) * place)] ^= 1
    path.write_bytes(bytes(data))
    return path


def opened(worker: WorkerPeer, path: Path) -> None:
    worker.load(ROOT / "native_plugins/decoder_flac/decoder_flac.so")
    worker.ask(worker.creation(CapabilityKind.DECODER, "flac"))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, str(path), "flac"), [media.fileno()])


def read(worker: WorkerPeer, rings: StageRings, frames: int, epoch: int) -> tuple[Audio, StageStopped]:
    """All frames up to the end, shape (frames, channels), and how it ended."""
    worker.ask(AttachDecode(1, epoch, 0, 0, -1, 0, 1.0, Resampler.VERY_HIGH, False), [rings.after.fd])
    heard = rings.taste(frames).reshape(-1, FORMAT.channels)
    end = worker.event(StageStopped)
    worker.ask(DetachStage(1))
    return heard, end


def test_an_intact_one_ends(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    opened(worker, flac_file(tmp_path))
    heard, end = read(worker, rings, FRAMES, 1)
    assert StopReason(end.reason) is StopReason.END_OF_STREAM
    assert np.array_equal(heard, as_float(noise(FRAMES)))


def test_a_seek_forgets_nothing_and_counts_nothing_twice(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    opened(worker, flac_file(tmp_path, 0.25, 0.75))
    expected = as_float(noise(FRAMES))
    first, second = 2 * BLOCK_FRAMES, 7 * BLOCK_FRAMES
    gaps = {*range(first, first + BLOCK_FRAMES), *range(second, second + BLOCK_FRAMES)}
    beside = {frame + BLOCK_FRAMES for frame in gaps}  # what libFLAC finds in the same step as an error is not trusted
    straight: set[int] = set()
    for epoch, frame in enumerate((0, 39_000, 1000, FRAMES), start=1):
        worker.ask(SeekDecoder(1, frame))
        heard, end = read(worker, rings, FRAMES - frame, epoch)
        assert (StopReason(end.reason), end.code) == (StopReason.PLUGIN_ERROR, StatusCode.DECODE)
        assert end.text == f"damaged in 2 places, first near frame {first}: lost frames are silence"
        lost = {frame + int(each) for each in np.flatnonzero(~heard.any(axis=1))}
        straight = straight or lost
        assert gaps <= straight <= gaps | beside
        assert lost == {each for each in straight if each >= frame}
        kept = heard.any(axis=1)
        assert np.array_equal(heard[kept], expected[frame:][kept])


def test_damage_before_a_seek_is_not_known(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    opened(worker, flac_file(tmp_path, 0.25))
    worker.ask(SeekDecoder(1, 6 * BLOCK_FRAMES))
    heard, end = read(worker, rings, 4 * BLOCK_FRAMES, 1)
    assert StopReason(end.reason) is StopReason.END_OF_STREAM
    assert np.array_equal(heard, as_float(noise(FRAMES))[6 * BLOCK_FRAMES :])
