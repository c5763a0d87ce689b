"""A device with a clock: played at its pace without a gap, at the volume asked for, and left quickly."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.devices import needs_portaudio, paced_device
from tests.support.waiting import until

pytestmark = [needs_portaudio, pytest.mark.paced]

RATE_HZ = 44_100
SECONDS = 2
#: Of a minute that would have been played.
ENDS_WITHIN_S = 20.0


def test_two_seconds_take_two_seconds_and_nothing_is_missing(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(SECONDS * RATE_HZ)
    source = write_wav(tmp_path / "in.wav", samples, RATE_HZ)
    device = paced_device(tmp_path, RATE_HZ, 2)
    chain = ("--dsp", "gain", "--volume", "50")
    stellatune.ok("play", source, "--output", "system:paced", *chain, **device.environment)
    told = device.capture.with_suffix(".json")
    assert until(told.exists, ENDS_WITHIN_S), "the device ends a moment after the sound"
    assert np.array_equal(device.heard(2), as_float(samples) * np.float32(0.5))
    report = json.loads(told.read_text())
    assert report["starved"] == 0
    assert report["seconds"] > 0.9 * SECONDS


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_fades_out_and_ends_soon(
    stellatune: Stellatune, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    level = np.full((60 * RATE_HZ, 2), 16_384, dtype=np.int16)
    source = write_wav(tmp_path / "in.wav", level, RATE_HZ)
    device = paced_device(tmp_path, RATE_HZ, 2)
    with stellatune.start("play", source, "--output", "system:paced", **device.environment) as process:
        assert until(lambda: device.capture.exists() and device.capture.stat().st_size > RATE_HZ, 20)
        process.send_signal(number)
        began = time.monotonic()
        _, err = process.communicate(timeout=20)
        took = time.monotonic() - began
    assert process.returncode == code, err
    assert took < ENDS_WITHIN_S
    assert until(device.capture.with_suffix(".json").exists, ENDS_WITHIN_S)
    stellatune.expect_nothing_left()
    heard = device.heard(2)
    assert heard[0, 0] == 0.5
    assert len(heard) < 30 * RATE_HZ
    assert heard[-1, 0] == 0.0
    assert float(np.abs(np.diff(heard[:, 0])).max()) < 0.001, "a click: the sound was cut off in mid-wave"
