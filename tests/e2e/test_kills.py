"""Decoders that die at awkward moments: near a join, with their first frames and with their last; nobody hears it.

The kills come from the inside, at places that the test build of the worker knows.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import RATE_HZ, render
from tests.support.failpoints import Action, Failpoints

WAV = "stellatune.decoder.wav"
#: A whole number of blocks for nobody: the last block of each is filled by the next, or by silence.
LENGTHS = (100_001, 60_007, 80_003)


@pytest.fixture
def album(tmp_path: Path) -> tuple[list[Path], Samples]:
    """Three inputs, and what they give together."""
    tracks = [noise(frames, seed=seed) for seed, frames in enumerate(LENGTHS)]
    paths = [write_wav(tmp_path / f"{index}.wav", samples, RATE_HZ) for index, samples in enumerate(tracks)]
    return paths, as_float(np.concatenate(tracks))


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_decoders_that_die_all_the_time_lose_nothing_at_the_joins(
    stellatune: Stellatune, failpoints: Failpoints, album: tuple[list[Path], Samples], every: int
) -> None:
    """With every publish, or every second, the last of a track and the first of the next are among them."""
    paths, expected = album
    kills = failpoints.arm("publish", Action.KILL, let_pass=every, every=every + 1, plugin=WAV)
    chain = ("--dsp", "gain", "--dsp", 'equalizer:{"bands": []}')
    done = render(stellatune, *paths, *chain, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= sum(LENGTHS) // 4096 // (every + 2)
    assert np.array_equal(done.samples, expected)
    inputs = done.report["inputs"]
    assert [each["frames_out"] for each in inputs] == list(LENGTHS)
    assert [each["gaps"] for each in inputs] == [[], [], []]
    assert {each[2] for each in done.repairs} == {"A"}
    assert sum(each["restarts"] for each in inputs) == len(done.repairs)
    begins = 0
    for each in inputs:
        part = expected[begins : begins + each["frames_out"]]
        assert each["sha256"] == hashlib.sha256(part.tobytes()).hexdigest()
        begins += each["frames_out"]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_decoder_that_dies_with_its_first_frames(
    stellatune: Stellatune, failpoints: Failpoints, album: tuple[list[Path], Samples], index: int
) -> None:
    """The first of all, and one that was opened while another played."""
    paths, expected = album
    before = sum(-(-frames // 4096) for frames in LENGTHS[:index])
    kills = failpoints.arm("publish", Action.KILL, let_pass=before, plugin=WAV)
    done = render(stellatune, *paths, "--dsp", "gain", PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired == 1
    assert np.array_equal(done.samples, expected)


def test_a_decoder_that_dies_with_its_last_frames(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path
) -> None:
    """Its successor gives them, and is told to pad."""
    samples = noise(30_000)
    source = write_wav(tmp_path / "in.wav", samples, RATE_HZ)
    kills = failpoints.arm("publish", Action.KILL, let_pass=-(-len(samples) // 4096) - 1, plugin=WAV)
    done = render(stellatune, source, "--dsp", "gain", PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired == 1
    assert np.array_equal(done.samples, as_float(samples))
    assert done.repairs == [("decoder", WAV, "A")]
