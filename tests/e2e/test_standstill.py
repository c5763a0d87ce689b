"""What stands still is ended: an effect that never returns is left out, a worker that was stopped is replaced."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import asked, playing
from tests.support.c_plugins import build_plugin
from tests.support.patient import PATIENT

#: Time in which a worker did not get to run is not charged, so these may be short.
IMPATIENT = replace(PATIENT, process_ms=250, heartbeat_ms=200, heartbeat_misses=3)
SOON_S = 60


def rows(stellatune: Stellatune) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(stellatune, "plugins", "crashes")["rows"]
    return found


def stage(stellatune: Stellatune, type_id: str) -> dict[str, Any]:
    """One of the chain, as it plays now."""
    chain = asked(stellatune, "status")["playback"]["chain"]
    return next(each for each in chain if each["type"] == type_id)


def test_an_effect_that_never_returns_is_left_out(stellatune: Stellatune, tmp_path: Path) -> None:
    build_plugin("stuck", tmp_path)
    source = write_wav(tmp_path / "in.wav", noise(100_000))
    out = tmp_path / "out.wav"
    stellatune.limits = IMPATIENT
    outcome = stellatune(
        "render", source, "-o", out, "--dsp", 'stuck:{"after_blocks": 0}', STELLATUNE_PLUGIN_PATH=str(tmp_path)
    )
    assert outcome.code == 7, outcome.err
    assert "test.dsp.stuck" in outcome.err
    assert "process stood still for 0.2" in outcome.err  # 20 blocks
    assert out.exists(), "the music went on"
    found = rows(stellatune)
    assert {(row["cause"], row["call"], row["plugin"]) for row in found} == {("hang", "process", "test.dsp.stuck")}
    assert [row["action"] for row in found][-1] == "quarantine"


@pytest.mark.parametrize("type_id", ["gain", "wav"])
def test_a_stopped_worker_is_replaced_while_the_music_plays(stellatune: Stellatune, type_id: str) -> None:
    stellatune.limits = IMPATIENT
    with playing(stellatune, "--dsp", "gain") as host:
        pid = stage(stellatune, type_id)["pid"]
        os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + SOON_S
        while not (found := [row for row in rows(stellatune) if row["pid"] == pid]):
            assert time.monotonic() < deadline, "it was never ended"
        assert [(row["cause"], row["signal"], row["action"]) for row in found] == [("hang", "SIGKILL", "restart")]
        assert host.poll() in (None, 0), "it plays on, or has played all"
