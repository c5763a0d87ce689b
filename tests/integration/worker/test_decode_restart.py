"""A converted track that a new decoder goes on with: begun early, on a whole rate period, nobody hears the seam."""

from __future__ import annotations

import math
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from abi.kinds import CapabilityKind
from abi.wire import AttachDecode, OpenDecoder, Resampler, SeekDecoder
from tests.support.stage_rings import FORMAT, StageRings
from tests.support.worker_peer import ROOT, WorkerPeer

pytestmark = pytest.mark.paced

Start = Callable[[], WorkerPeer]
Frames = npt.NDArray[np.float32]

HEARD = 60_000
WARM_FRAMES = 1024
LIMIT_DB = -120.0


def written(folder: Path, rate: int) -> Path:
    """16-bit noise, full of what a converter has to do."""
    frames = HEARD * rate // FORMAT.sample_rate_hz + 10_000
    noise = np.random.default_rng(3).integers(-20_000, 20_000, frames * FORMAT.channels, dtype=np.int16)
    path = folder / f"{rate}.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(FORMAT.channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(noise.tobytes())
    return path


def heard(start: Start, path: Path, first: int, drop: int, frames: int) -> Frames:
    """What a fresh worker gives from source frame ``first`` on, without the first ``drop`` frames of the ring."""
    worker = start()
    worker.load(ROOT / "native_plugins/decoder_wav/decoder_wav.so")
    worker.ask(worker.creation(CapabilityKind.DECODER, "wav"))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, path.name, "wav"), [media.fileno()])
    landed = worker.ask(SeekDecoder(1, first))
    with StageRings() as rings:
        request = AttachDecode(1, 1, 0, first - landed.frame, -1, drop, 1.0, Resampler.VERY_HIGH, False)
        worker.ask(request, [rings.after.fd])
        return rings.taste(frames)


def below_full_scale_db(difference: Frames) -> float:
    return 20 * math.log10(max(float(np.abs(difference).max()), 1e-30))


@pytest.mark.parametrize("rate", [44_100, 96_000, 32_000, 11_025])
def test_a_restart_on_a_whole_period_is_within_the_limit(start_worker: Start, tmp_path: Path, rate: int) -> None:
    path = written(tmp_path, rate)
    common = math.gcd(rate, FORMAT.sample_rate_hz)
    source_period, ring_period = rate // common, FORMAT.sample_rate_hz // common
    whole = heard(start_worker, path, 0, 0, HEARD)
    warm = -(-WARM_FRAMES // source_period)
    periods = HEARD // 2 // ring_period
    first = (periods - warm) * source_period
    assert first > 0
    at = periods * ring_period
    rest = heard(start_worker, path, first, warm * ring_period, HEARD - at)
    assert below_full_scale_db(rest - whole[at * FORMAT.channels :]) < LIMIT_DB
    cold = heard(start_worker, path, periods * source_period, 0, 1000)
    assert below_full_scale_db(cold - whole[at * FORMAT.channels :][: len(cold)]) > LIMIT_DB + 60
    if source_period > 1:  # else every frame begins a period
        off = heard(start_worker, path, first + 1, warm * ring_period, 1000)
        assert below_full_scale_db(off - whole[at * FORMAT.channels :][: len(off)]) > LIMIT_DB + 60
