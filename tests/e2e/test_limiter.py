"""The limiter in a chain: as late as it says, below its ceiling, and back after every death as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import RATE_HZ, render
from tests.support.direct_dsp import DirectDsp
from tests.support.failpoints import Action, Failpoints

pytestmark = pytest.mark.paced

LIMITER = "stellatune.dsp.limiter"
CHAIN = ("--dsp", 'limiter:{"input_gain_db": 12, "release_ms": 200}')
CEILING = np.float32(10 ** (-1 / 20))
AHEAD = 221
LOUD = noise(300_001)


def limited(samples: Samples) -> Samples:
    """What the plugin makes of it when it is called without a host, its last frames included."""
    end = np.zeros((AHEAD, samples.shape[1]), np.float32)
    with DirectDsp("limiter", {"input_gain_db": 12, "release_ms": 200}, RATE_HZ) as limiter:
        assert limiter.latency_frames == AHEAD
        return limiter.run(np.concatenate([samples, end]))


def test_it_is_late_and_loses_no_frame(stellatune: Stellatune, tmp_path: Path) -> None:
    """Silence first, as long as it looks ahead; then all of the input, which is below the ceiling here."""
    quiet = (noise(100_001) // 2).astype(np.int16)
    source = write_wav(tmp_path / "in.wav", quiet, RATE_HZ)
    done = render(stellatune, source, "--dsp", "limiter")
    assert done.code == 0, done.err
    assert len(done.samples) == len(quiet) + AHEAD
    assert not done.samples[:AHEAD].any()
    assert done.samples[AHEAD:].tobytes() == as_float(quiet).tobytes()
    assert done.track["frames_out"] == len(quiet)


def test_nothing_in_the_file_is_above_the_ceiling(stellatune: Stellatune, tmp_path: Path) -> None:
    """Also over the join of two tracks."""
    paths = [
        write_wav(tmp_path / f"{name}.wav", part, RATE_HZ)
        for name, part in zip("ab", np.split(LOUD, [123_457]), strict=True)
    ]
    done = render(stellatune, *paths, *CHAIN)
    assert done.code == 0, done.err
    assert 0.9 * CEILING < np.abs(done.samples).max() <= CEILING
    assert done.samples.tobytes() == limited(as_float(LOUD)).tobytes()


@pytest.mark.parametrize("place", ["output", "commit", "checkpoint_half", "checkpoint_filled", "replay"])
def test_its_deaths_are_not_heard(stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path, place: str) -> None:
    """While it limits, and in the middle of a release."""
    source = write_wav(tmp_path / "in.wav", LOUD, RATE_HZ)
    order = {"replay": (3, 0), "output": (50, 90), "commit": (50, 90)}.get(place, (4, 5))
    kills = failpoints.arm(place, Action.KILL, let_pass=order[0], every=order[1], plugin=LIMITER)
    if place == "replay":
        failpoints.arm("output", Action.KILL, let_pass=60, every=90, plugin=LIMITER)
    done = render(stellatune, source, *CHAIN, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= 1
    assert done.samples.tobytes() == limited(as_float(LOUD)).tobytes()
    assert len(done.repairs) >= kills.fired
    assert set(done.repairs) == {("limiter", LIMITER, "A")}
