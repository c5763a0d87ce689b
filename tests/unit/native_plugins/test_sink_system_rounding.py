"""Whole numbers for a device: nothing changes that needs no rounding, what does gets noise by its position."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.support.direct_dsp import Frames
from tests.support.port_audio import CHANNELS, RATE_HZ, Audio, Host

BITS = {"int16": 16, "int24": 24}
Whole = npt.NDArray[np.int64]


def made(plugin: ModuleType, **config: object) -> Any:  # noqa: ANN401  # of a module that is loaded by path
    return plugin.create("sink", "system", {"latency_ms": 100, **config}, Host())


def played(plugin: ModuleType, audio: Audio, samples: Frames, start: int = 0, **config: object) -> Whole:
    """What the device got, as whole numbers; shape as the samples."""
    audio.stream.written = b""
    sink = made(plugin, **config)
    sink.open({}, RATE_HZ, CHANNELS, start)
    for at in range(0, len(samples), 300):
        block = samples[at : at + 300]
        assert sink.write(view(block), len(block)) == len(block)
    sink.close()
    return integers(audio.stream.written, str(config["format"])).reshape(samples.shape)


def view(frames: Frames) -> memoryview[float]:
    return memoryview(frames.tobytes()).cast("f")


def integers(data: bytes, sample_format: str) -> Whole:
    if sample_format == "int16":
        return np.frombuffer(data, "<i2").astype(np.int64)
    raw = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int64)
    return (raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16) - ((raw[:, 2] >> 7) << 24)


@pytest.mark.parametrize("dither", ["auto", "on", "off"])
@pytest.mark.parametrize("sample_format", BITS)
def test_what_is_whole_arrives_unchanged(plugin: ModuleType, audio: Audio, sample_format: str, dither: str) -> None:
    scale = 1 << (BITS[sample_format] - 1)
    whole = np.random.default_rng(1).integers(-scale, scale, (5000, CHANNELS))
    whole[:3] = [[0, 0], [-scale, scale - 1], [scale - 1, -scale]]
    samples = (whole / scale).astype(np.float32)
    assert np.array_equal(played(plugin, audio, samples, format=sample_format, dither=dither), whole)


def test_noise_is_right_and_goes_by_position(plugin: ModuleType, audio: Audio) -> None:
    """A quarter of a step squared, as in the file output; the same after a death, whatever the blocks."""
    ramp = np.linspace(-9.3, 9.3, 60_000)
    samples = np.repeat((ramp / 32768)[:, None], CHANNELS, axis=1).astype(np.float32)
    found = played(plugin, audio, samples, format="int16")
    wrong = found - samples.astype(np.float64) * 32768
    assert np.sqrt(np.mean(wrong**2)) == pytest.approx(0.5, rel=0.02)
    assert abs(wrong.mean()) < 0.01 and np.abs(wrong).max() <= 1.5
    assert abs(float(np.mean(wrong[:, 0] * wrong[:, 1]))) < 0.02 / 4
    again = played(plugin, audio, samples[30_001:], 30_001, format="int16")
    assert np.array_equal(again, found[30_001:])
    assert not np.array_equal(played(plugin, audio, samples[30_001:], format="int16"), again)


def test_rounding_alone_and_too_loud(plugin: ModuleType, audio: Audio) -> None:
    samples = np.array([[0.25 / 32768, 0.75 / 32768], [1.5 / 32768, -1.5 / 32768], [3e38, -3e38]], np.float32)
    assert played(plugin, audio, samples, format="int16", dither="off").tolist() == [[0, 1], [2, -2], [32767, -32768]]
    loud = played(plugin, audio, samples, format="int24", trim_db=24)
    assert loud[2].tolist() == [2**23 - 1, -(2**23)]


def test_noise_of_a_seek_and_a_change_in_place(plugin: ModuleType, audio: Audio) -> None:
    samples = np.random.default_rng(2).uniform(-1, 1, (400, CHANNELS)).astype(np.float32)
    expected = played(plugin, audio, samples, 7000, format="int16")
    rounded = played(plugin, audio, samples, format="int16", dither="off")
    audio.stream.written = b""
    sink = made(plugin, format="int16")
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.reset(7000)
    for part, change in ((samples[:200], "off"), (samples[200:], "auto")):
        sink.write(view(part), len(part))
        sink.apply({"latency_ms": 100, "format": "int16", "dither": change})
    found = integers(audio.stream.written, "int16").reshape(-1, CHANNELS)
    assert np.array_equal(found, np.concatenate([expected[:200], rounded[200:]]))


def test_the_device_is_asked_for_its_format(plugin: ModuleType, audio: Audio) -> None:
    del audio.formats["int24"]
    with pytest.raises(OSError, match="takes no int24 stream"):
        made(plugin, format="int24").negotiate({}, RATE_HZ, CHANNELS)
    with pytest.raises(ValueError, match="choose float32, int16, int24"):
        made(plugin, format="int8")
    sink = made(plugin)
    assert sink.plan({"latency_ms": 100, "format": "int16"})[0] == 2
    assert sink.plan({"latency_ms": 100, "format": "float32", "dither": "on"})[0] == 1
    with pytest.raises(ValueError, match="another latency_ms or format"):
        sink.apply({"latency_ms": 100, "format": "int16"})


def test_silence_behind_a_sound_has_the_format_too(plugin: ModuleType, audio: Audio) -> None:
    sink = made(plugin, format="int24")
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.write(view(np.zeros((500, CHANNELS), np.float32)), 500)
    sink.flush()
    assert len(audio.stream.written) % (3 * CHANNELS) == 0
    assert len(audio.stream.written) > (500 + RATE_HZ // 10) * 3 * CHANNELS
