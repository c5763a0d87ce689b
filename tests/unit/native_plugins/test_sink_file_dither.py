"""Dither of the file output: noise without tones, none where nothing is rounded, the same after every death."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abi.kinds import ConfigUpdateMode
from tests.e2e.audio import read_wav
from tests.support.direct_dsp import Frames
from tests.support.direct_instance import Refused
from tests.support.direct_sink import DirectFileSink

RATE_HZ = 48_000
STEPS = {"s16": 2.0**15, "s24": 2.0**23}


def written(path: Path, audio: Frames, start_frame: int = 0, block_frames: int = 512, **config: object) -> Frames:
    """What stands in the file, in steps of its format."""
    with DirectFileSink(**config) as sink:
        sink.open(path, RATE_HZ, audio.shape[1], start_frame)
        sink.write(audio, block_frames)
        sink.flush()
    return read_wav(path).samples * np.float32(STEPS[str(config["format"])])


def spectrum_db(steps: Frames) -> Frames:
    """Of one second and one channel, in bins of 1 Hz; 0 dB is a sine of one step."""
    found = np.abs(np.fft.rfft(steps[:RATE_HZ])) / (RATE_HZ / 2)
    return 20 * np.log10(found + 1e-12)


def faint_sine(sample_format: str, steps: float = 0.75) -> Frames:
    wave = steps / STEPS[sample_format] * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)
    return wave.astype(np.float32)[:, None]


@pytest.mark.parametrize("sample_format", STEPS)
def test_a_faint_sine_has_no_harmonics(tmp_path: Path, sample_format: str) -> None:
    """Three quarters of a step: rounding makes a square wave of it, dither a sine in noise."""
    audio = faint_sine(sample_format)
    rounded = spectrum_db(written(tmp_path / "off.wav", audio, format=sample_format, dither="off")[:, 0])
    dithered = spectrum_db(written(tmp_path / "on.wav", audio, format=sample_format, dither="on")[:, 0])
    harmonics = [3000, 5000, 7000, 9000]
    assert rounded[harmonics].max() > -13
    assert dithered[1000] == pytest.approx(20 * np.log10(0.75), abs=0.2)
    others = np.delete(dithered[20:], 1000 - 20)
    assert dithered[harmonics].max() < -35
    assert others.max() < -30, "no tone anywhere"


def test_the_noise_is_as_loud_as_it_should_be_and_alike_at_any_level(tmp_path: Path) -> None:
    """A quarter of a step squared: a twelfth of rounding, a sixth of the triangle. No mean, no likeness of channels."""
    ramp = np.linspace(-20.3, 20.3, 200_000)
    audio = np.repeat((ramp / STEPS["s16"])[:, None], 2, axis=1).astype(np.float32)
    wrong = written(tmp_path / "out.wav", audio, format="s16") - audio * np.float32(STEPS["s16"])
    assert np.sqrt(np.mean(wrong**2)) == pytest.approx(0.5, rel=0.01)
    assert np.abs(wrong).max() <= 1.5
    tenths = wrong[:, 0].reshape(-1, 2000)
    assert np.abs(tenths.mean(axis=1)).max() < 5 * 0.5 / np.sqrt(2000)
    assert np.sqrt(np.mean(tenths**2, axis=1)) == pytest.approx(0.5, rel=0.1)
    assert abs(float(np.mean(wrong[:, 0] * wrong[:, 1]))) < 0.01 / 4
    assert abs(float(np.mean(wrong[1:, 0] * wrong[:-1, 0]))) < 0.01 / 4


@pytest.mark.parametrize("sample_format", STEPS)
@pytest.mark.parametrize("dither", ["auto", "on"])
def test_what_is_whole_passes_unchanged(tmp_path: Path, sample_format: str, dither: str) -> None:
    scale = int(STEPS[sample_format])
    whole = np.random.default_rng(1).integers(-scale, scale, (20_000, 2))
    whole[:500] = 0
    whole[500:502] = [[-scale, scale - 1], [scale - 1, -scale]]
    audio = (whole / scale).astype(np.float32)
    assert np.array_equal(written(tmp_path / "out.wav", audio, format=sample_format, dither=dither), whole)


def test_by_itself_it_is_on_for_16_bits_only(tmp_path: Path) -> None:
    audio = np.random.default_rng(2).uniform(-1, 1, (5000, 2)).astype(np.float32)
    for sample_format, as_in in (("s16", "on"), ("s24", "off")):
        found = [
            written(tmp_path / f"{dither}.{sample_format}.wav", audio, format=sample_format, dither=dither)
            for dither in ("auto", as_in)
        ]
        assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize("channels", [1, 2, 7])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_who_goes_on_writes_the_same_samples(tmp_path: Path, suffix: str, channels: int) -> None:
    """In other blocks, from any frame; and a seek goes on with the noise of the position it goes to."""
    audio = np.random.default_rng(3).uniform(-0.5, 0.5, (30_000, channels)).astype(np.float32)
    whole, broken = tmp_path / f"whole.{suffix}", tmp_path / f"broken.{suffix}"
    with DirectFileSink(format="s16") as sink:
        sink.open(whole, RATE_HZ, channels, 4096)
        sink.write(audio, 30_000)
        sink.flush()
    for begun, until in ((0, 10_001), (9_000, 20_003), (19_999, 30_000)):
        with DirectFileSink(format="s16") as sink:
            sink.open(broken, RATE_HZ, channels, 4096 + begun)
            sink.write(audio[begun:until], 511)
            if until == len(audio):
                sink.flush()
    assert whole.read_bytes() == broken.read_bytes()
    if suffix == "wav":
        elsewhere = tmp_path / "elsewhere.wav"
        with DirectFileSink(format="s16") as sink:
            sink.open(elsewhere, RATE_HZ, channels, 0)
            sink.write(audio[:77])
            sink.reset(4096)
            sink.write(audio)
            sink.flush()
        assert np.array_equal(read_wav(elsewhere).samples[77:], read_wav(whole).samples)


def test_it_changes_in_place(tmp_path: Path) -> None:
    audio = np.random.default_rng(4).uniform(-1, 1, (2000, 2)).astype(np.float32)
    rounded = written(tmp_path / "off.wav", audio, format="s16", dither="off")
    dithered = written(tmp_path / "on.wav", audio, format="s16")
    with DirectFileSink(format="s16") as sink:
        sink.open(tmp_path / "both.wav", RATE_HZ, 2)
        sink.write(audio[:1000])
        assert sink.plan(format="s16", dither="off")[0] is ConfigUpdateMode.HOT_APPLY
        sink.apply(format="s16", dither="off")
        sink.write(audio[1000:])
        sink.flush()
    both = read_wav(tmp_path / "both.wav").samples * np.float32(STEPS["s16"])
    assert np.array_equal(both, np.concatenate([dithered[:1000], rounded[1000:]]))
    assert not np.array_equal(dithered[1000:], rounded[1000:])
    with pytest.raises(Refused, match="none of auto, on, off"):
        DirectFileSink(dither="loud")
