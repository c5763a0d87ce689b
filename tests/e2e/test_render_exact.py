"""What comes out of ``render`` is what is in the file, bit for bit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, pcm_bytes, read_wav, stream_info, write_wav
from tests.e2e.conftest import ROOT, Stellatune

CORPUS = sorted((ROOT.parent / "shared" / "corpora" / "flac-subset").glob("*.flac"))


@pytest.mark.parametrize("frames", [1, 511, 512, 513, 100_003])
def test_wav_to_wav(stellatune: Stellatune, tmp_path: Path, frames: int) -> None:
    samples = noise(frames)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("render", source, "-o", tmp_path / "out.wav")
    result = read_wav(tmp_path / "out.wav")
    assert (result.rate_hz, result.bits) == (44100, 32)
    assert np.array_equal(result.samples, as_float(samples))


@pytest.mark.parametrize(
    ("suffix", "sample_format"), [("wav", "s16"), ("wav", "s24"), ("flac", "s16"), ("flac", "s24")]
)
def test_every_format_of_the_output(stellatune: Stellatune, tmp_path: Path, suffix: str, sample_format: str) -> None:
    samples = noise(50_001)
    source = write_wav(tmp_path / "in.wav", samples, 48000)
    out = tmp_path / f"out.{suffix}"
    stellatune.ok("render", source, "-o", out, "--format", sample_format)
    if suffix == "flac":
        facts = stream_info(out)
        assert (facts.frames, facts.rate_hz, facts.bits) == (50_001, 48000, int(sample_format[1:]))
        stellatune.ok("render", out, "-o", tmp_path / "back.wav")
        out = tmp_path / "back.wav"
    assert np.array_equal(read_wav(out).samples, as_float(samples))


def test_effects_that_change_nothing_change_nothing(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(70_001)
    source = write_wav(tmp_path / "in.wav", samples)
    chain = ["--dsp", "gain", "--dsp", 'gain:{"gain_db": 0}', "--dsp", "dsp.gain"]
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", *chain)
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))


def test_gain_is_applied_to_every_frame(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(10_001)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--dsp", 'gain:{"gain_db": -6}')
    expected = as_float(samples) * np.float32(10 ** (-6 / 20))
    assert np.allclose(read_wav(tmp_path / "out.wav").samples, expected, rtol=1e-6, atol=0)


def test_the_report_tells_who_did_what(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(44_100)
    source = write_wav(tmp_path / "in.wav", samples)
    told = tmp_path / "report.json"
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--dsp", "loud=gain", "--report", told)
    report = json.loads(told.read_text())
    assert report["schema"] == "stellatune.render-report/1"
    (entry,) = report["inputs"]
    assert entry["sha256"] == hashlib.sha256(as_float(samples).tobytes()).hexdigest()
    assert (entry["frames_in"], entry["frames_out"]) == (44_100, 44_100)
    assert entry["decoder"] == {"type": "wav", "plugin": "stellatune.decoder.wav"}
    assert set(entry["pids"]) == set(entry["generations"]) == {"decoder", "loud", "output"}
    assert len(set(entry["pids"].values())) == 3
    assert (entry["gaps"], entry["faults"], entry["restarts"]) == ([], [], 0)
    assert entry["wall_s"] > 0 and report["times_realtime"] > 0


def test_another_rate_keeps_the_length(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(44_100))
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--rate", "48000")
    result = read_wav(tmp_path / "out.wav")
    assert result.rate_hz == 48000
    assert abs(len(result.samples) - 48_000) <= 1


@pytest.mark.parametrize("backend", ["memfd", "posix"])
@pytest.mark.parametrize("source", CORPUS, ids=lambda path: path.stem)
def test_flac_equals_its_own_md5(stellatune: Stellatune, tmp_path: Path, source: Path, backend: str) -> None:
    facts = stream_info(source)
    out = tmp_path / "out.wav"
    stellatune.ok("render", source, "-o", out, "--format", "f32", STELLATUNE_SHM=backend)
    result = read_wav(out)
    assert (result.rate_hz, result.samples.shape[1]) == (facts.rate_hz, facts.channels)
    assert facts.frames in (0, len(result.samples))
    assert hashlib.md5(pcm_bytes(result.samples, facts.bits)).hexdigest() == facts.md5


def test_the_corpus_is_whole(corpora: Path, stellatune: Stellatune) -> None:
    assert corpora.is_dir() and len(CORPUS) == 22
    stellatune.ok("--version")
