"""The loudness effect in a chain: at its target, and back after every death as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import RATE_HZ, render
from tests.support.direct_dsp import DirectDsp
from tests.support.ebur128 import integrated_lufs
from tests.support.failpoints import Action, Failpoints

pytestmark = pytest.mark.paced

LOUDNESS = "stellatune.dsp.loudness"
#: Two tracks, the second 14 dB softer.
PARTS = [(noise(400_001) // 4).astype(np.int16), (noise(400_003, seed=2) // 20).astype(np.int16)]
CONFIG = {"window_s": 3, "speed_db_s": 10, "target_lufs": -23}
CHAIN = ("--dsp", 'loudness:{"window_s": 3, "speed_db_s": 10, "target_lufs": -23}')


def levelled(samples: Samples) -> Samples:
    """What the plugin makes of it when it is called without a host."""
    with DirectDsp("loudness", CONFIG, RATE_HZ) as loudness:
        return loudness.run(samples)


@pytest.mark.parametrize("place", ["output", "commit", "checkpoint_half", "checkpoint_filled", "replay"])
def test_its_deaths_are_not_heard(stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path, place: str) -> None:
    """While the gain moves, also over the join of two tracks."""
    paths = [write_wav(tmp_path / f"{name}.wav", part, RATE_HZ) for name, part in zip("ab", PARTS, strict=True)]
    order = {"replay": (3, 0), "output": (50, 190), "commit": (50, 190)}.get(place, (4, 9))
    kills = failpoints.arm(place, Action.KILL, let_pass=order[0], every=order[1], plugin=LOUDNESS)
    if place == "replay":
        failpoints.arm("output", Action.KILL, let_pass=60, every=190, plugin=LOUDNESS)
    done = render(stellatune, *paths, *CHAIN, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= 1
    assert done.samples.tobytes() == levelled(as_float(np.concatenate(PARTS))).tobytes()
    assert len(done.repairs) >= kills.fired
    assert set(done.repairs) == {("loudness", LOUDNESS, "A")}
    for end in (400_000, 800_000):
        assert integrated_lufs(done.samples[end - 2 * RATE_HZ : end], RATE_HZ) == pytest.approx(-23, abs=0.2)
