"""The chain changed from another process while music plays: heard as asked for, without a frame lost, and told so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import ask, asked, error_of
from tests.e2e.test_planned import RATE_HZ, SEAM_FRAMES, TUNE, heard, played
from tests.support.c_plugins import build_plugin
from tests.support.capture import Capture
from tests.support.patient import DEEP_DEVICE

pytestmark = pytest.mark.paced

BLOCK = 512


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path) -> None:
    """The capture output, and an effect that is a factor."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    build_plugin("capture", folder, DEEP_DEVICE)
    build_plugin("level", folder)


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "tune.wav", TUNE, RATE_HZ)


def expect_factors(capture: Capture, factors: list[float]) -> None:
    """One after the other, with short seams in which the signal stays between its neighbours'; no frame of silence."""
    assert (capture.lost, capture.doubled, capture.restarts, capture.silence_frames) == ((), (), (), 0)
    found = played(capture)
    plain = as_float(TUNE[: len(found)])
    at = 0
    for index, factor in enumerate(factors):
        same = (found == plain * np.float32(factor)).all(axis=1)
        start = at + int(np.argmax(same[at:]))
        assert same[start] and start - at <= (SEAM_FRAMES + BLOCK if index else 0), (index, at, start)
        seam, low, high = found[at:start], *sorted((factor, factors[index - 1]))
        loud = np.abs(plain[at:start])
        assert ((np.abs(seam) >= low * loud - 1e-6) & (np.abs(seam) <= high * loud + 1e-6)).all()
        differs = ~same[start:]
        at = start + int(np.argmax(differs)) if differs.any() else len(found)
    assert at == len(found)


def names(stellatune: Stellatune) -> list[tuple[str, str]]:
    rows = asked(stellatune, "dsp", "list")["effects"]
    return [(row["name"], row["heard"]) for row in rows]


def test_effects_come_go_move_and_are_left_out(stellatune: Stellatune, tune: Path) -> None:
    captures: list[Capture] = []
    with heard(stellatune, tune, "--dsp", 'a=level:{"factor": 0.5}', into=captures):
        added = asked(stellatune, "dsp", "add", 'b=level:{"factor": 0.25}', "--before", "a")
        assert (added["name"], added["frames_lost"], added["frames_repeated"]) == ("b", 0, 0)
        assert names(stellatune) == [("b", "yes"), ("a", "yes")]
        for taken in ("output", "decoder"):
            refused = ask(stellatune, "dsp", "add", f"{taken}=level")
            assert (refused.code, refused.err.count("\n")) == (2, 1) and "another stage" in refused.err
        asked(stellatune, "dsp", "bypass", "a")
        assert names(stellatune) == [("b", "yes"), ("a", "left_out")]
        asked(stellatune, "plugins", "restart", "test.level")
        assert names(stellatune) == [("b", "yes"), ("a", "left_out")]
        asked(stellatune, "dsp", "bypass", "a", "off")
        asked(stellatune, "dsp", "move", "b", "2")
        assert names(stellatune) == [("a", "yes"), ("b", "yes")]
        gone = ask(stellatune, "dsp", "remove", "a")
        assert (gone.code, gone.out.splitlines()[0].endswith("0 frames lost")) == (0, True), gone.err
        chain = asked(stellatune, "status")["playback"]["chain"]
        assert [use["name"] for use in chain][1:] == ["b", "output"]
    expect_factors(captures[0], [0.5, 0.125, 0.25, 0.125, 0.5, 0.125, 0.25])


def test_what_cannot_be_is_said_and_changes_nothing(stellatune: Stellatune, tune: Path) -> None:
    captures: list[Capture] = []
    with heard(stellatune, tune, "--dsp", 'a=level:{"factor": 0.5}', into=captures):
        for code, arguments in [
            (4, ("remove", "z")),
            (4, ("add", "nonsense")),
            (4, ("add", "level", "--after", "z")),
            (2, ("add", "a=level")),
            (2, ("add", "level", "--at", "3")),
            (2, ("move", "a", "2")),
            (8, ("add", 'gain:{"gain_db": "loud"}')),
        ]:
            outcome = ask(stellatune, "--json", "dsp", *arguments)
            assert outcome.code == code, (arguments, outcome.err)
            assert error_of(outcome)["message"]
        assert names(stellatune) == [("a", "yes")]
    expect_factors(captures[0], [0.5])


def test_without_a_playback_there_is_no_chain(stellatune: Stellatune) -> None:
    outcome = stellatune("dsp", "list")
    assert outcome.code == 3, outcome.err
