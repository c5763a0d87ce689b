"""The output is changed while it plays: no frame of a file is lost or doubled, a device fades over, both are told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, read_wav, write_wav
from tests.e2e.conftest import Stellatune, wait_until_it_plays
from tests.e2e.test_config_live import END_S, LAST_WORDS_FRAMES, RATE_HZ, TUNE
from tests.e2e.test_control import ask, asked, error_of
from tests.support.c_plugins import build_plugin
from tests.support.capture import load_capture
from tests.support.patient import DEEP, DEEP_DEVICE

pytestmark = pytest.mark.paced

FADE_FRAMES = RATE_HZ // 50
#: A fade begins with what the output takes next.
SEAM_FRAMES = FADE_FRAMES + 4096


@pytest.fixture
def plugins(tmp_path: Path) -> str:
    folder = tmp_path / "plugins"
    folder.mkdir()
    build_plugin("capture", folder, DEEP_DEVICE)
    return str(folder)


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "tune.wav", TUNE, RATE_HZ)


def test_a_device_fades_over_to_another_and_to_a_file(stellatune: Stellatune, tune: Path, plugins: str) -> None:
    stellatune.sizes = DEEP
    one, two, file = (stellatune.place / name for name in ("one", "two", "three.wav"))
    with stellatune.start("play", tune, "--output", f"capture:{one}", STELLATUNE_PLUGIN_PATH=plugins) as host:
        wait_until_it_plays(host)
        while int(asked(stellatune, "status")["playback"]["position"]) < RATE_HZ:
            assert host.poll() is None
        first = asked(stellatune, "outputs", "set", f"capture:{two}")
        assert (first["old"], first["new"], first["frames_lost"]) == ("capture", "capture", 0)
        refused = ask(stellatune, "--json", "outputs", "set", f"file:{stellatune.place}/missing/x.wav")
        assert (refused.code, error_of(refused)["code"]) == (4, "not_found")
        while int(asked(stellatune, "status")["playback"]["position"]) < first["position"] + RATE_HZ:
            assert host.poll() is None
        told = ask(stellatune, "outputs", "set", f"file:{file}")
        assert told.code == 0, told.err
        assert told.out.startswith("capture -> file  gen ")
        _, err = host.communicate(timeout=END_S)
    assert host.returncode == 0, err
    stellatune.expect_nothing_left()
    wanted = as_float(TUNE)
    early, late = load_capture(one), load_capture(two, zeros_are_programme=True)
    assert (early.lost, early.doubled, early.silence_frames) == ((), (), 0)
    assert early.flushed and (early.start, early.frames, late.start) == (0, first["position"], first["position"])
    before = early.samples().reshape(-1, 2)
    assert np.array_equal(before[:-SEAM_FRAMES], wanted[: len(before) - SEAM_FRAMES])
    assert not before[-1].any()
    second = late.start + late.frames
    between = late.samples().reshape(-1, 2)
    assert len(between) > 2 * SEAM_FRAMES
    whole = slice(SEAM_FRAMES, len(between) - SEAM_FRAMES)
    assert np.array_equal(between[whole], wanted[late.start : second][whole])
    assert np.array_equal(read_wav(file).samples, wanted[second:])


def test_a_file_is_complete_and_the_next_begins_with_the_next_frame(stellatune: Stellatune, tune: Path) -> None:
    stellatune.sizes = DEEP
    folder = stellatune.place
    # As fast as it goes into a file: the tune is as long as that takes.
    tunes = [tune] * 40
    with stellatune.start("play", *tunes, "--output", f"file:{folder / 'one.wav'}") as host:
        wait_until_it_plays(host)
        done = asked(stellatune, "outputs", "set", f"file:{folder / 'two.wav'}")
        assert (folder / "one.wav").exists()
        assert ask(stellatune, "quit").code == 0
        host.communicate(timeout=END_S)
    stellatune.expect_nothing_left()
    one = read_wav(folder / "one.wav").samples
    assert len(one) == done["position"] > LAST_WORDS_FRAMES
    wanted = np.tile(as_float(TUNE), (-(-len(one) // len(TUNE)), 1))
    assert np.array_equal(one, wanted[: len(one)])
    assert not (folder / "two.wav").exists()  # who is stopped leaves no half of it


def test_an_old_file_that_cannot_be_put_in_place_costs_nothing_of_the_new_one(
    stellatune: Stellatune, tune: Path
) -> None:
    stellatune.sizes = DEEP
    folder = stellatune.place / "gone"
    folder.mkdir()
    tunes = [tune] * 40
    with stellatune.start("play", *tunes, "--output", f"file:{folder / 'one.wav'}") as host:
        wait_until_it_plays(host)
        shutil.rmtree(folder)
        told = ask(stellatune, "--json", "outputs", "set", f"file:{stellatune.place / 'two.wav'}")
        assert told.code == 5, told.err
        assert "one.wav: cannot be put in place" in str(error_of(told)["message"])
        host.communicate(timeout=END_S)
    stellatune.expect_nothing_left()
    two = read_wav(stellatune.place / "two.wav").samples
    assert 0 < len(two) < len(tunes) * len(TUNE)
    wanted = np.tile(as_float(TUNE), (len(tunes), 1))
    assert np.array_equal(two, wanted[-len(two) :])
