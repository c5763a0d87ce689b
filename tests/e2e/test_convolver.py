"""The convolver in its chain: exact whoever dies, its file the very same whatever becomes of the name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from host.settings import PipelineSizes
from tests.e2e.audio import Samples, as_float, noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import render
from tests.e2e.test_control import ask
from tests.e2e.test_planned import RATE_HZ, expect, golden, heard
from tests.support.c_plugins import build_plugin
from tests.support.capture import Capture
from tests.support.failpoints import Action, Failpoints
from tests.support.patient import DEEP_DEVICE

pytestmark = pytest.mark.paced

CONVOLVER = "stellatune.dsp.convolver"
BLOCK = 512
FRAMES = 300_000
TAPS = 9_000
TOLERANCE_DB = -120


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "in.wav", noise(FRAMES), RATE_HZ)


def impulse(path: Path, seed: int = 5, taps: int = TAPS) -> Path:
    """Noise in both channels, so quiet that nothing clips."""
    return write_wav(path, noise(taps, seed=seed) // 256, RATE_HZ)


def room(path: str | Path, **config: float) -> tuple[str, str]:
    return "--dsp", f"room=convolver:{json.dumps({'impulse': str(path), **config})}"


def convolved(samples: Samples, taps: Samples) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """By definition, in double precision."""
    columns = [
        np.convolve(samples[:, c].astype(np.float64), taps[:, c].astype(np.float64))[: len(samples)] for c in range(2)
    ]
    return np.stack(columns, axis=1)


def test_a_render_is_convolution(stellatune: Stellatune, tmp_path: Path) -> None:
    """The impulse named from where the command was typed."""
    samples, taps = noise(60_000), noise(3_000, seed=5) // 64
    source, _ = write_wav(tmp_path / "in.wav", samples, RATE_HZ), write_wav(tmp_path / "room.wav", taps, RATE_HZ)
    done = render(stellatune, source, *room("room.wav"))
    assert done.code == 0, done.err
    wanted = convolved(as_float(samples), as_float(taps))
    assert len(done.samples) == len(samples)
    assert 20 * np.log10(np.abs(done.samples - wanted).max() / np.abs(wanted).max()) < TOLERANCE_DB


@pytest.mark.parametrize("block_frames", [BLOCK, 480])
def test_killed_again_and_again_it_goes_on_bit_for_bit(
    stellatune: Stellatune, failpoints: Failpoints, source: Path, block_frames: int
) -> None:
    """Its state fits, so the place of the partitions does not matter."""
    stellatune.sizes = PipelineSizes(block_frames=block_frames)
    chain = room(impulse(stellatune.place / "room.wav"), gain_db=-3, mix=0.7)
    wanted = golden(stellatune, source, *chain)
    kills = failpoints.arm("commit", Action.KILL, let_pass=20, every=47, plugin=CONVOLVER)
    done = render(stellatune, source, *chain, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= FRAMES // block_frames // 50
    assert len(done.repairs) == kills.fired
    assert set(done.repairs) == {("room", CONVOLVER, "A")}
    assert np.array_equal(done.samples, wanted)


def test_without_a_state_the_last_second_is_enough_for_what_ends_in_it(
    stellatune: Stellatune, failpoints: Failpoints, source: Path
) -> None:
    """The host cannot know that it is, and tells a join: that of what is heard to the very same."""
    stellatune.sizes = PipelineSizes(checkpoint_kib=1)
    chain = room(impulse(stellatune.place / "room.wav", taps=RATE_HZ - 2 * BLOCK), gain_db=-12)
    wanted = golden(stellatune, source, *chain)
    kills = failpoints.arm("commit", Action.KILL, let_pass=120, every=150, plugin=CONVOLVER)
    done = render(stellatune, source, *chain, PYTHONPATH=failpoints.python_path)
    assert done.code == 7, done.err
    assert kills.fired == len(done.repairs) >= 3
    assert set(done.repairs) == {("room", CONVOLVER, "B")}
    assert np.array_equal(done.samples, wanted)


def test_a_restart_reads_the_very_file_that_was_there(stellatune: Stellatune, tmp_path: Path) -> None:
    tune = write_wav(tmp_path / "tune.wav", noise(180 * RATE_HZ, seed=3), RATE_HZ)
    (tmp_path / "plugins").mkdir()
    build_plugin("capture", tmp_path / "plugins", DEEP_DEVICE)
    chain = room(impulse(tmp_path / "room.wav"))
    wanted = golden(stellatune, tune, *chain)
    captures: list[Capture] = []
    with heard(stellatune, tune, *chain, into=captures):
        (tmp_path / "room.wav").unlink()
        assert ask(stellatune, "plugins", "restart", "dsp.convolver").code == 0
        impulse(tmp_path / "room.wav", seed=6)
        for _ in range(2):
            done = ask(stellatune, "plugins", "restart", "dsp.convolver")
            assert (done.code, done.out.endswith("0 frames lost\n")) == (0, True), done.err
    expect(captures[0], wanted)


def test_a_saved_file_that_the_chain_refuses_is_told_and_leaves_what_plays(
    stellatune: Stellatune, tmp_path: Path
) -> None:
    tune = write_wav(tmp_path / "tune.wav", noise(180 * RATE_HZ, seed=3), RATE_HZ)
    (tmp_path / "plugins").mkdir()
    build_plugin("capture", tmp_path / "plugins", DEEP_DEVICE)
    chain = room(impulse(tmp_path / "room.wav"))
    wanted = golden(stellatune, tune, *chain)
    captures: list[Capture] = []
    with heard(stellatune, tune, *chain, into=captures):
        refused = ask(stellatune, "config", "set", "convolver.impulse", '"missing.wav"')
        assert refused.code == 8 and "room  rejected  config_gen 1" in refused.out
        assert "no such file" in refused.out and "config unset" in refused.err
    expect(captures[0], wanted)


USELESS = {
    "missing.wav": (8, "no such file"),
    "folder": (8, "is a directory"),
    "fifo": (8, "is a FIFO"),
    "garbage": (7, "is no audio file"),
    "slow.wav": (7, "is at 22050 Hz, the music at 44100 Hz"),
}


@pytest.mark.parametrize(("name", "told"), USELESS.items(), ids=USELESS)
def test_a_file_that_is_no_use_is_one_line(
    stellatune: Stellatune, source: Path, name: str, told: tuple[int, str]
) -> None:
    place = stellatune.place
    (place / "folder").mkdir()
    os.mkfifo(place / "fifo")
    (place / "garbage").write_bytes(b"no sound " * 100)
    write_wav(place / "slow.wav", noise(100), 22_050)
    done = stellatune("render", source, "-o", "out.wav", *room(name))
    code, text = told
    (line,) = done.errors
    assert (done.code, text in line, str(place / name) in line) == (code, True, True), done.err
    assert not (place / "out.wav").exists()
