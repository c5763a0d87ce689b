"""What stands still is ended: an effect that never returns, and a worker that was stopped."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

from tests.e2e.audio import noise, write_endless_wav, write_wav
from tests.e2e.conftest import Stellatune, wait_until_it_plays
from tests.e2e.test_processes import worker_with
from tests.support.c_plugins import build_plugin
from tests.support.patient import PATIENT

#: Time in which a worker did not get to run is not charged, so these may be short.
IMPATIENT = replace(PATIENT, process_ms=250, heartbeat_ms=200, heartbeat_misses=3)


def test_an_effect_that_never_returns_ends_the_render(stellatune: Stellatune, tmp_path: Path) -> None:
    build_plugin("stuck", tmp_path)
    source = write_wav(tmp_path / "in.wav", noise(100_000))
    out = tmp_path / "out.wav"
    stellatune.limits = IMPATIENT
    arguments = ("render", source, "-o", out, "--dsp", 'stuck:{"after_blocks": 20}')
    with stellatune.start(*arguments, STELLATUNE_PLUGIN_PATH=str(tmp_path)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    assert "test.dsp.stuck" in err
    assert "process stood still for 0.25 s" in err
    assert not out.exists()
    stellatune.expect_nothing_left()


def test_a_stopped_worker_is_ended(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    stellatune.limits = IMPATIENT
    arguments = ("render", source, "-o", tmp_path / "out.wav", "--dsp", "gain")
    with stellatune.start(*arguments) as process:
        wait_until_it_plays(process)
        os.kill(worker_with(process, "dsp_gain.so"), signal.SIGSTOP)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 7, err
    assert "stellatune.dsp.gain" in err
    stellatune.expect_nothing_left()
