"""Several inputs, volume, the demo: through real PortAudio into an ALSA device that writes a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.devices import AlsaDevice, file_device, needs_portaudio

pytestmark = [needs_portaudio, pytest.mark.paced]
OUTPUT = ("--output", "system:loopfile")


@pytest.fixture
def device(tmp_path: Path) -> AlsaDevice:
    """A device of this test alone."""
    return file_device(tmp_path)


def test_two_tracks_without_a_gap(stellatune: Stellatune, tmp_path: Path, device: AlsaDevice) -> None:
    samples = noise(80_000)
    first = write_wav(tmp_path / "a.wav", samples[:30_001])
    second = write_wav(tmp_path / "b.wav", samples[30_001:])
    arguments = ("play", first, second, *OUTPUT, "--dsp", "gain")
    assert device.hears(as_float(samples), lambda: stellatune.ok(*arguments, **device.environment))


def test_volume(stellatune: Stellatune, tmp_path: Path, device: AlsaDevice) -> None:
    samples = noise(20_000)
    source = write_wav(tmp_path / "in.wav", samples)
    expected = as_float(samples) * np.float32(0.5)
    arguments = ("play", source, *OUTPUT, "--volume", "50")
    assert device.hears(expected, lambda: stellatune.ok(*arguments, **device.environment))


def test_the_demo_plays_where_there_is_a_device(stellatune: Stellatune, device: AlsaDevice) -> None:
    document = stellatune.ok("--json", "demo", **device.environment).document
    assert document["file"] is None
    assert document["workers"] >= 3
    assert len(device.heard(2)) == document["frames"] == 176_400


def test_a_render_and_the_device_get_the_same(stellatune: Stellatune, tmp_path: Path, device: AlsaDevice) -> None:
    source = write_wav(tmp_path / "in.wav", noise(60_000))
    chain = ["--dsp", 'equalizer:{"bands": [{"type": "high_shelf", "freq_hz": 4000, "gain_db": -9, "q": 0.7}]}']
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", *chain)
    rendered = read_wav(tmp_path / "out.wav").samples
    assert device.hears(rendered, lambda: stellatune.ok("play", source, *OUTPUT, *chain, **device.environment))
