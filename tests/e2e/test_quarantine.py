"""An effect that dies in its first block, whoever starts it: left alone after a while, told, brought back by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, write_wav
from tests.e2e.conftest import Started, Stellatune, wait_until_it_plays
from tests.e2e.test_control import ask, asked
from tests.support.c_plugins import build_plugin
from tests.support.capture import load_capture
from tests.support.faulty import Order
from tests.support.patient import DEEP, DEEP_DEVICE

pytestmark = pytest.mark.paced

RATE_HZ = 44_100
SOON_S = 60
#: Longer than six restarts with their delays take, and what is looked at afterwards.
TUNE_S = 180
#: Who is asked to stop fades out.
LAST_WORDS_FRAMES = RATE_HZ // 5
DEATHS = 6


def until_true(host: Started, look: Callable[[], bool]) -> None:
    """Asks until it holds; each look is a command of its own."""
    deadline = time.monotonic() + SOON_S
    while not look():
        assert host.poll() is None, "it ended before"
        assert time.monotonic() < deadline, "it never came"


def test_it_is_bypassed_told_and_reset(stellatune: Stellatune, tmp_path: Path) -> None:
    build_plugin("capture", tmp_path, DEEP_DEVICE)
    marks = tmp_path / "marks"
    marks.mkdir()
    order = Order("segv", "process", marks, generations=DEATHS)
    effect = f"fx=stellatune.fault:fault:{json.dumps(order.config)}"
    samples = noise(TUNE_S * RATE_HZ)
    source = write_wav(tmp_path / "in.wav", samples, RATE_HZ)
    chain = ("--dsp", effect, "--output", f"capture:{tmp_path / 'heard'}")

    def state() -> list[str]:
        return [each["state"] for each in asked(stellatune, "plugins", "info", "stellatune.fault")["standing"]]

    def fx() -> dict[str, Any]:
        (found,) = [each for each in asked(stellatune, "status")["playback"]["chain"] if each["name"] == "fx"]
        return dict(found)

    stellatune.sizes = DEEP
    with stellatune.start("play", source, *chain, STELLATUNE_PLUGIN_PATH=str(tmp_path)) as host:
        wait_until_it_plays(host)
        until_true(host, lambda: state() == ["quarantined"])
        until_true(host, lambda: fx()["type"] == "dry")
        rows = asked(stellatune, "plugins", "crashes", "stellatune.fault")["rows"]
        told = ask(stellatune, "plugins", "crashes", "stellatune.fault").out
        reset = asked(stellatune, "plugins", "reset", "stellatune.fault")
        until_true(host, lambda: fx()["type"] == "fault")
        assert fx()["generation"] == rows[-1]["generation"] + 1
        assert "quarantined" not in state()
        assert ask(stellatune, "quit").code == 0
        _, err = host.communicate(timeout=SOON_S)
    assert host.returncode == 0, err
    stellatune.expect_nothing_left()

    assert len(order.fired()) == DEATHS
    assert [row["action"] for row in rows] == ["restart"] * (DEATHS - 1) + ["quarantine"]
    assert [(row["call"], row["signal"]) for row in rows] == [("process", "SIGSEGV")] * DEATHS
    assert all(any("strike_segv" in frame for frame in row["backtrace"]) for row in rows)
    assert told.count("SIGSEGV in process of instance") == DEATHS and "strike_segv at crashes.c" in told
    assert [(each["role"], each["state"], each["restarts"]) for each in reset["before"]] == [
        ("play", "quarantined", DEATHS)
    ]

    capture = load_capture(tmp_path / "heard")
    assert (capture.restarts, capture.lost, capture.doubled, capture.silence_frames) == ((), (), (), 0)
    whole = capture.frames - LAST_WORDS_FRAMES
    assert whole > RATE_HZ
    heard = capture.samples().reshape(-1, 2)[:whole]
    assert np.abs(heard - as_float(samples[:whole])).max() < 1e-6  # where it came back two equal waves were mixed
