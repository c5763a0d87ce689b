"""Played through real PortAudio into an ALSA device that writes a file: what was captured is what was decoded."""

from __future__ import annotations

import ctypes.util
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune

DEVICE = """</usr/share/alsa/alsa.conf>
pcm.loopfile {{ type file file "{file}" format "raw" slave.pcm "null" hint {{ show on description "file" }} }}
pcm.!default {{ type plug slave.pcm "loopfile" hint {{ show on description "default" }} }}
"""

pytestmark = pytest.mark.skipif(ctypes.util.find_library("portaudio") is None, reason="PortAudio is not installed")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """The file behind the device."""
    return tmp_path / "captured.raw"


@pytest.fixture
def alsa(tmp_path: Path, capture: Path) -> str:
    """An ALSA configuration with that one device."""
    configuration = tmp_path / "asound.conf"
    configuration.write_text(DEVICE.format(file=capture))
    return str(configuration)


def captured(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.fromfile(path, dtype="<f4").reshape(-1, 2)


def test_the_device_gets_the_decoded_samples(stellatune: Stellatune, tmp_path: Path, alsa: str, capture: Path) -> None:
    samples = noise(100_003)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("play", source, "--output", "system:loopfile", ALSA_CONFIG_PATH=alsa)
    heard = captured(capture)
    assert np.array_equal(heard[: len(samples)], as_float(samples))
    assert not heard[len(samples) :].any()


def test_two_tracks_without_a_gap(stellatune: Stellatune, tmp_path: Path, alsa: str, capture: Path) -> None:
    samples = noise(80_000)
    first = write_wav(tmp_path / "a.wav", samples[:30_001])
    second = write_wav(tmp_path / "b.wav", samples[30_001:])
    stellatune.ok("play", first, second, "--output", "system:loopfile", "--dsp", "gain", ALSA_CONFIG_PATH=alsa)
    heard = captured(capture)
    assert np.array_equal(heard[: len(samples)], as_float(samples))


def test_an_unknown_device(stellatune: Stellatune, tmp_path: Path, alsa: str) -> None:
    source = write_wav(tmp_path / "in.wav", noise(100))
    outcome = stellatune("play", source, "--output", "system:nosuch", ALSA_CONFIG_PATH=alsa)
    assert outcome.code != 0
    assert len(outcome.errors) == 1
    assert "nosuch" in outcome.errors[0]


def test_volume(stellatune: Stellatune, tmp_path: Path, alsa: str, capture: Path) -> None:
    samples = noise(20_000)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("play", source, "--output", "system:loopfile", "--volume", "50", ALSA_CONFIG_PATH=alsa)
    assert np.array_equal(captured(capture)[: len(samples)], as_float(samples) * np.float32(0.5))


def test_the_demo_plays_where_there_is_a_device(stellatune: Stellatune, alsa: str, capture: Path) -> None:
    document = stellatune.ok("--json", "demo", ALSA_CONFIG_PATH=alsa).document
    assert document["file"] is None
    assert document["workers"] >= 3
    assert len(captured(capture)) >= document["frames"] == 176_400


def test_a_render_and_the_device_get_the_same(stellatune: Stellatune, tmp_path: Path, alsa: str, capture: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(60_000))
    chain = ["--dsp", 'equalizer:{"bands": [{"type": "high_shelf", "freq_hz": 4000, "gain_db": -9, "q": 0.7}]}']
    stellatune.ok("play", source, "--output", "system:loopfile", *chain, ALSA_CONFIG_PATH=alsa)
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", *chain)
    rendered = read_wav(tmp_path / "out.wav").samples
    assert np.array_equal(captured(capture)[: len(rendered)], rendered)
