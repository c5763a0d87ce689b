"""``config set`` while it plays: heard within moments, exactly as the plugin says it, told by command and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, write_wav
from tests.e2e.conftest import Started, Stellatune, wait_until_it_plays
from tests.e2e.test_control import ask, asked, error_of
from tests.support.c_plugins import build_plugin
from tests.support.capture import Capture, load_capture
from tests.support.patient import DEEP, DEEP_DEVICE

pytestmark = pytest.mark.paced

RATE_HZ = 44_100
TUNE = noise(180 * RATE_HZ, seed=5)
END_S = 120
LAST_WORDS_FRAMES = RATE_HZ // 5
BLOCK = 512
#: As dsp_gain has it: a straight line of 10 ms, and one frame.
RAMP_FRAMES = RATE_HZ // 100 + 1


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "tune.wav", TUNE, RATE_HZ)


@contextmanager
def heard(stellatune: Stellatune, tune: Path, *chain: str, into: list[Capture]) -> Iterator[Started]:
    """Plays into a capture until the block ends."""
    stellatune.sizes = DEEP
    folder = stellatune.place / "plugins"
    folder.mkdir()
    build_plugin("capture", folder, DEEP_DEVICE)
    path = stellatune.place / "heard"
    output = ("--output", f"capture:{path}")
    with stellatune.start("play", tune, *chain, *output, STELLATUNE_PLUGIN_PATH=str(folder)) as host:
        wait_until_it_plays(host)
        yield host
        assert ask(stellatune, "quit").code == 0
        _, err = host.communicate(timeout=END_S)
    assert host.returncode == 0, err
    stellatune.expect_nothing_left()
    into.append(load_capture(path))


def heard_until(stellatune: Stellatune, host: Started, position: int) -> None:
    """Returns when so many frames were heard."""
    while int(asked(stellatune, "status")["playback"]["position"]) < position:
        assert host.poll() is None, "it ended before"


def gain_of(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))


def test_a_gain_is_heard_as_the_line_that_it_says(stellatune: Stellatune, tune: Path) -> None:
    captures: list[Capture] = []
    with heard(stellatune, tune, "--dsp", 'gain:{"gain_db": -20}', into=captures) as host:
        with stellatune.start("events", "--filter", "host.instance.*") as events:
            assert events.stdout is not None
            done = asked(stellatune, "config", "set", "gain.gain_db", "0")
            told = json.loads(events.stdout.readline())
            events.terminate()
            events.communicate(timeout=END_S)
        (outcome,) = done["outcomes"]
        assert (outcome["outcome"], outcome["config_gen"], outcome["changed"]) == ("applied", 2, True)
        assert outcome["config"] == {"gain_db": 0}
        assert outcome["heard_after_ms"] >= 0
        position = outcome["position"]
        assert told["event"] == "host.instance.config_update"
        assert (told["data"]["status"], told["data"]["position"], told["data"]["config_gen"]) == (
            "applied",
            position,
            2,
        )
        again = ask(stellatune, "config", "set", "gain.gain_db", "0")
        assert "it is in force already" in again.out
        heard_until(stellatune, host, position + RATE_HZ)
    (capture,) = captures
    assert (capture.lost, capture.doubled, capture.silence_frames) == ((), (), 0)
    found = capture.samples().reshape(-1, 2)[: capture.frames - LAST_WORDS_FRAMES]
    assert position % BLOCK == 0 and len(found) > position + RAMP_FRAMES
    wanted = as_float(TUNE[: len(found)])
    before, after = gain_of(-20), np.float32(1)
    share = np.arange(1, RAMP_FRAMES) / RAMP_FRAMES
    line = (before + (np.float64(after) - before) * share).astype(np.float32)[:, None]
    assert np.array_equal(found[:position], wanted[:position] * before)
    ramp = slice(position, position + RAMP_FRAMES - 1)
    assert np.array_equal(found[ramp], wanted[ramp] * line)
    assert np.array_equal(found[ramp.stop :], wanted[ramp.stop :])
    saved = stellatune.ok("config", "get", "gain.gain_db")
    assert saved.out == "0\n"


def test_other_bands_are_another_instance_and_one_stage_can_be_named(stellatune: Stellatune, tune: Path) -> None:
    bands = {"bands": [{"type": "peaking", "freq_hz": 500, "gain_db": 0}]}
    more = {"bands": [*bands["bands"], {"type": "low_shelf", "freq_hz": 90, "gain_db": 0}]}
    captures: list[Capture] = []
    chain = ("--dsp", f"first=equalizer:{json.dumps(bands)}", "--dsp", f"second=equalizer:{json.dumps(bands)}")
    with heard(stellatune, tune, *chain, into=captures) as host:
        (one,) = asked(stellatune, "config", "set", "--live", "second", json.dumps(more))["outcomes"]
        assert (one["name"], one["outcome"], one["config_gen"]) == ("second", "recreated", 2)
        both = asked(stellatune, "config", "set", "equalizer.preamp_db", "0")["outcomes"]
        assert [(each["name"], each["outcome"]) for each in both] == [("first", "applied"), ("second", "applied")]
        live = asked(stellatune, "config", "show", "--live")["stages"]
        assert [(each["name"], each["config_gen"]) for each in live[1:3]] == [("first", 1), ("second", 2)]
        assert live[2]["config"] == {"preamp_db": 0, **more}
        refused = ask(stellatune, "--json", "config", "set", "--live", "first.preamp_db", "1000")
        assert refused.code == 8, refused.err
        assert json.loads(refused.out)["outcomes"][0]["outcome"] == "rejected"
        nobody = ask(stellatune, "--json", "config", "set", "--live", "third.preamp_db", "1")
        assert (nobody.code, error_of(nobody)["code"]) == (4, "not_found")
        heard_until(stellatune, host, one["position"] + RATE_HZ)
    (capture,) = captures
    assert (capture.lost, capture.doubled, capture.silence_frames) == ((), (), 0)
    found = capture.samples().reshape(-1, 2)[: capture.frames - LAST_WORDS_FRAMES]
    assert np.array_equal(found, as_float(TUNE[: len(found)]))
