"""Every format through real PortAudio, frame by frame; and what a command says where there is no device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.devices import PLAYS, AlsaDevice, file_device, needs_portaudio, no_device

pytestmark = [needs_portaudio, pytest.mark.paced]


@pytest.fixture
def device(tmp_path: Path) -> AlsaDevice:
    """A device of this test alone."""
    return file_device(tmp_path)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "frames"),
    [
        (8_000, 2, 30_001),
        (22_050, 1, 44_103),
        (44_100, 2, 88_201),
        (48_000, 1, 48_017),
        (48_000, 3, 20_011),
        (48_000, 8, 33_333),
        (96_000, 6, 96_001),
        (192_000, 2, 192_007),
    ],
)
def test_the_device_gets_exactly_the_decoded_frames(
    stellatune: Stellatune, tmp_path: Path, device: AlsaDevice, rate_hz: int, channels: int, frames: int
) -> None:
    samples = noise(frames, channels)
    source = write_wav(tmp_path / "in.wav", samples, rate_hz)
    arguments = ("play", source, "--output", f"system:{device.name}")
    assert device.hears(as_float(samples), lambda: stellatune.ok(*arguments, **device.environment))


@pytest.mark.parametrize("frames", [1, 100, 511, 512, 513, 1_000])
def test_a_sound_shorter_than_the_device_holds_is_heard_with_silence_behind(
    stellatune: Stellatune, tmp_path: Path, device: AlsaDevice, frames: int
) -> None:
    samples = noise(frames)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("play", source, "--output", f"system:{device.name}", **device.environment)
    heard = device.heard(2)
    assert np.array_equal(heard[:frames], as_float(samples))
    assert len(heard) > frames, "so little would not start a real device"
    assert not heard[frames:].any()


def test_an_empty_input_plays_nothing(stellatune: Stellatune, tmp_path: Path, device: AlsaDevice) -> None:
    source = write_wav(tmp_path / "in.wav", noise(0))
    stellatune.ok("play", source, "--output", f"system:{device.name}", **device.environment)
    assert len(device.heard(2)) == 0


def test_through_an_effect(stellatune: Stellatune, tmp_path: Path, device: AlsaDevice) -> None:
    samples = noise(70_001)
    source = write_wav(tmp_path / "in.wav", samples)
    chain = ("--dsp", 'gain:{"gain_db": -3}')
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--format", "f32", *chain)
    rendered = read_wav(tmp_path / "out.wav").samples
    arguments = ("play", source, "--output", f"system:{device.name}", *chain)
    assert device.hears(rendered, lambda: stellatune.ok(*arguments, **device.environment))
    expected = as_float(samples).astype(np.float64) * 10 ** (-3 / 20)
    assert float(np.abs(rendered - expected).max()) < 1e-7


def test_devices_are_listed_by_the_names_that_play_takes(stellatune: Stellatune, device: AlsaDevice) -> None:
    targets = stellatune.ok("--json", "outputs", "list", **device.environment).document["targets"]
    system = [each for each in targets if each["type"] == "system"]
    assert [each["id"] for each in system if each["default"]] == ["ALSA/default"]
    assert f"system:ALSA/{device.name}" in [each["output"] for each in system]
    assert f"system:ALSA/{device.name}" in stellatune.ok("outputs", "list", **device.environment).out


def test_an_unknown_device_is_told_with_those_there_are(
    stellatune: Stellatune, tmp_path: Path, device: AlsaDevice
) -> None:
    source = write_wav(tmp_path / "in.wav", noise(100))
    outcome = stellatune("play", source, "--output", "system:nosuch", **device.environment)
    assert outcome.code == 4
    (error,) = outcome.errors
    assert "'nosuch'" in error
    assert device.name in error
    assert "outputs list" in error


def test_the_default_device_needs_no_name(stellatune: Stellatune, tmp_path: Path, device: AlsaDevice) -> None:
    samples = noise(50_000)
    source = write_wav(tmp_path / "in.wav", samples)
    assert device.hears(as_float(samples), lambda: stellatune.ok("play", source, **device.environment))


def test_without_any_device(stellatune: Stellatune, tmp_path: Path) -> None:
    nothing = no_device(tmp_path)
    targets = stellatune.ok("--json", "outputs", "list", **nothing).document["targets"]
    assert "system" not in {each["type"] for each in targets}
    assert {"null", "file"} <= {each["type"] for each in targets}
    source = write_wav(tmp_path / "in.wav", noise(100))
    outcome = stellatune("play", source, **nothing)
    assert outcome.code == 5
    (error,) = outcome.errors
    assert "no sound device" in error
    assert "outputs list" in error
    findings = stellatune.ok("--json", "doctor", **nothing).document["findings"]
    (device,) = [each for each in findings if each["check"] == "device"]
    assert device["state"] == "warning"
    assert device["remedy"]


@pytest.mark.parametrize("sample_format", ["int16", "int24"])
def test_a_device_of_whole_numbers_gets_those_of_the_file(
    stellatune: Stellatune, tmp_path: Path, device: AlsaDevice, sample_format: str
) -> None:
    """Dither is on where it is by itself, and finds nothing to do."""
    samples = noise(60_001)
    source = write_wav(tmp_path / "in.wav", samples)
    config = tmp_path / "config.toml"
    config.write_text(f'[plugins."stellatune.sink.system".system]\nformat = "{sample_format}"\n')
    data = b""
    for _ in range(PLAYS):  # a device that starves gets silence in between
        device.capture.unlink(missing_ok=True)
        stellatune.ok("--config", config, "play", source, "--output", f"system:{device.name}", **device.environment)
        data = device.capture.read_bytes()
        if len(data) == 60_001 * 2 * (3 if sample_format == "int24" else 2):
            break
    if sample_format == "int24":
        raw = np.frombuffer(data, np.uint8).reshape(-1, 3)
        assert not raw[:, 0].any(), "the lowest byte of 24 bits"
        data = raw[:, 1:].tobytes()
    assert data == samples.astype("<i2").tobytes()
