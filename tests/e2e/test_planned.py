"""Restarts and reloads while music plays, asked for from another process: not a frame is lost, and it is said so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Started, Stellatune, wait_until_it_plays
from tests.e2e.test_control import ask, asked, error_of
from tests.support.bad_files import make_bad_files
from tests.support.c_plugins import build_plugin
from tests.support.capture import Capture, load_capture
from tests.support.patient import DEEP, DEEP_DEVICE
from tests.support.scanned import killer

pytestmark = pytest.mark.paced

RATE_HZ = 44_100
END_S = 120
#: Longer than ten commands take on the slowest machine; who has heard enough asks it to stop.
TUNE = noise(180 * RATE_HZ, seed=3)
#: Who is asked to stop fades out.
LAST_WORDS_FRAMES = RATE_HZ // 5
#: What is done to an effect is heard when the rings behind it have been played.
HEARD_LATER_FRAMES = 3 * RATE_HZ
EQUALIZER = (
    "--dsp",
    f"equalizer:{json.dumps({'bands': [{'type': 'low_shelf', 'freq_hz': 200, 'gain_db': -6, 'q': 0.7}]})}",
)
RENEWED = r"{name}  gen (\d+) -> (\d+)  pid (\d+) -> (\d+)  \d+ ms  0 frames lost\n"
SEAM_FRAMES = RATE_HZ // 100


@contextmanager
def heard(stellatune: Stellatune, tune: Path, *chain: str, into: list[Capture]) -> Iterator[Started]:
    """Plays into a capture until the block ends; what was heard comes after it."""
    stellatune.sizes = DEEP
    path = stellatune.place / "heard"
    folders = str(stellatune.place / "plugins")
    with stellatune.start("play", tune, *chain, "--output", f"capture:{path}", STELLATUNE_PLUGIN_PATH=folders) as host:
        wait_until_it_plays(host)
        yield host
        enough = position(stellatune) + HEARD_LATER_FRAMES
        while position(stellatune) < enough:
            assert host.poll() is None, "it ended before the commands did"
        assert ask(stellatune, "quit").code == 0
        _, err = host.communicate(timeout=END_S)
    assert host.returncode == 0, err
    stellatune.expect_nothing_left()
    into.append(load_capture(path))


def position(stellatune: Stellatune) -> int:
    """Frames that were heard."""
    return int(asked(stellatune, "status")["playback"]["position"])


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path) -> Path:
    """A folder with the capture output."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    build_plugin("capture", folder, DEEP_DEVICE)
    return folder


def golden(stellatune: Stellatune, tune: Path, *chain: str) -> Samples:
    """The same, rendered without any disturbance."""
    out = stellatune.place / "golden.wav"
    stellatune.ok("render", tune, "-o", out, "--format", "f32", *chain)
    return read_wav(out).samples


def expect(capture: Capture, wanted: Samples) -> None:
    """Exactly this as far as it was played, nothing twice, nothing missing, no silence between."""
    assert (capture.lost, capture.doubled, capture.restarts) == ((), (), ())
    assert capture.silence_frames == 0
    found = played(capture)
    assert np.array_equal(found, wanted[: len(found)])


def played(capture: Capture) -> Samples:
    """What was heard before the stop."""
    whole = capture.frames - LAST_WORDS_FRAMES
    assert whole > RATE_HZ
    return capture.samples().reshape(-1, 2)[:whole]


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """``TUNE`` as a file."""
    return write_wav(tmp_path / "tune.wav", TUNE, RATE_HZ)


@pytest.mark.parametrize("name", ["dsp.equalizer", "decoder.wav"])
def test_ten_restarts_are_not_heard(stellatune: Stellatune, tune: Path, name: str) -> None:
    captures: list[Capture] = []
    renewals = []
    with heard(stellatune, tune, *EQUALIZER, into=captures):
        for _ in range(10):
            done = ask(stellatune, "plugins", "restart", name)
            assert done.code == 0, done.err
            told = re.fullmatch(RENEWED.format(name=re.escape(name)), done.out)
            assert told is not None, done.out
            renewals.append(tuple(int(each) for each in told.groups()))
    assert all(new > old and new_pid != old_pid for old, new, old_pid, new_pid in renewals)
    assert [each[0] for each in renewals[1:]] == [each[1] for each in renewals[:-1]]
    assert [each[2] for each in renewals[1:]] == [each[3] for each in renewals[:-1]]
    expect(captures[0], golden(stellatune, tune, *EQUALIZER))


def by_two_factors(capture: Capture, before: float, after: float) -> None:
    """All of the first up to some frame, all of the second from shortly behind it on."""
    assert (capture.lost, capture.doubled, capture.restarts, capture.silence_frames) == ((), (), (), 0)
    found = played(capture)
    wanted = as_float(TUNE[: len(found)])
    differs = (found != wanted * np.float32(before)).any(axis=1)
    seam = int(np.argmax(differs))
    assert differs.any() and 0 < seam < len(wanted) - SEAM_FRAMES
    assert seam % 512 == 0
    assert np.array_equal(found[seam + SEAM_FRAMES :], wanted[seam + SEAM_FRAMES :] * np.float32(after))


def test_a_rebuilt_plugin_is_heard_from_a_block_on(stellatune: Stellatune, plugins: Path, tune: Path) -> None:
    build_plugin("level", plugins, "FACTOR=0.5f")
    captures: list[Capture] = []
    with heard(stellatune, tune, "--dsp", "level", into=captures):
        build_plugin("level", plugins, "FACTOR=0.25f")
        done = asked(stellatune, "plugins", "reload", "test.level")
        assert (done["reload"], len(done["moved"]), done["frames_lost"]) == (True, 1, 0)
    by_two_factors(captures[0], 0.5, 0.25)


def test_a_restart_reads_the_file_as_it_was(stellatune: Stellatune, plugins: Path, tune: Path) -> None:
    build_plugin("level", plugins, "FACTOR=0.5f")
    captures: list[Capture] = []
    with heard(stellatune, tune, "--dsp", "level", into=captures):
        (plugins / "level" / "level.so").write_text("overwritten in place while it plays")
        outcome = ask(stellatune, "--json", "plugins", "reload", "test.level")
        assert outcome.code == 7, outcome.err
        assert error_of(outcome)["code"] == "load_failed"
        assert "level.so" in error_of(outcome)["message"]
    expect(captures[0], as_float(TUNE) * np.float32(0.5))


@pytest.mark.parametrize("how", ["CRASHES", "REFUSES"])
def test_a_build_that_loads_and_makes_no_instance_leaves_the_old_one(
    stellatune: Stellatune, plugins: Path, tune: Path, how: str
) -> None:
    build_plugin("level", plugins, "FACTOR=0.5f")
    captures: list[Capture] = []
    with heard(stellatune, tune, "--dsp", "level", into=captures):
        before = asked(stellatune, "status")["playback"]["chain"]
        build_plugin("level", plugins, "FACTOR=0.25f", how)
        outcome = ask(stellatune, "--json", "plugins", "reload", "test.level")
        assert outcome.code == 7, outcome.err
        assert "level" in error_of(outcome)["message"]
        assert asked(stellatune, "status")["playback"]["chain"] == before
        build_plugin("level", plugins, "FACTOR=0.25f")
        asked(stellatune, "plugins", "reload", "test.level")
    by_two_factors(captures[0], 0.5, 0.25)


def test_a_scan_of_good_and_bad_files_is_not_heard(stellatune: Stellatune, tune: Path, tmp_path: Path) -> None:
    """Beside a device that keeps time; the scan is a process of its own and dies of nothing that it reads."""
    music = tmp_path / "music"
    music.mkdir()
    bads = make_bad_files(
        music / "bad", [write_wav(tmp_path / "small.wav", TUNE[:RATE_HZ], RATE_HZ)], count=40, seed=11
    )
    killers = [killer(music / f"{number}.frames") for number in range(3)]
    stellatune.ok("library", "add", music)
    captures: list[Capture] = []
    with heard(stellatune, tune, *EQUALIZER, into=captures):
        scan = ask(stellatune, "--json", "library", "scan")
        assert scan.code == 10, scan.err
        assert scan.document["found"] == len(bads) + len(killers)
    listed = stellatune("--json", "library", "problems").document["problems"]
    assert {str(each) for each in killers} <= {each["path"] for each in listed if each["kind"] == "crashed"}
    expect(captures[0], golden(stellatune, tune, *EQUALIZER))
