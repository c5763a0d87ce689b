"""The format of the chain through the command: rates, channels, qualities, and what is said about the samples."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import RATE_HZ, render
from tests.support.failpoints import Action, Failpoints

WAV = "stellatune.decoder.wav"


def test_a_killed_decoder_is_not_told_from_the_one_before(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path
) -> None:
    """The quick conversion knows its time exactly: the same bits; a good one keeps within the limit of a seam."""
    source = write_wav(tmp_path / "in.wav", noise(200_000), RATE_HZ)
    limits = {"quick": 0.0, "medium": 1e-6}
    for quality, limit in limits.items():
        convert = (source, "--rate", "48000", "--resampler", quality)
        undisturbed = render(stellatune, *convert)
        kills = failpoints.arm("publish", Action.KILL, let_pass=3, every=9, plugin=WAV)
        done = render(stellatune, *convert, PYTHONPATH=failpoints.python_path)
        assert (undisturbed.code, done.code) == (0, 0), done.err
        assert kills.fired >= 3
        assert len(done.samples) == len(undisturbed.samples)
        assert np.abs(done.samples - undisturbed.samples).max() <= limit
        assert done.track["why_not"] == "44.1 kHz becomes 48 kHz"


def test_channels_and_their_lfe(stellatune: Stellatune, tmp_path: Path) -> None:
    """An LFE alone: silence, or both fronts; the option goes over what is saved."""
    samples = np.zeros((5_000, 6), np.int16)
    samples[:, 3] = noise(5_000, 1)[:, 0]
    source = write_wav(tmp_path / "in.wav", samples)
    out = tmp_path / "out.wav"
    stellatune.ok("render", source, "-o", out, "--channels", "stereo")
    assert read_wav(out).samples.shape == (5_000, 2)
    assert not read_wav(out).samples.any()
    stellatune.ok("render", source, "-o", out, "--channels", "2", "--lfe", "mix")
    mixed = read_wav(out).samples
    half = np.float32(0.70710678)
    assert np.allclose(mixed, as_float(samples[:, 3:4]) * half / (1 + 3 * half), atol=1e-6)
    stellatune.ok("render", source, "-o", out)
    assert np.array_equal(read_wav(out).samples, as_float(samples))


def test_what_is_said_of_the_samples_is_so(stellatune: Stellatune, tmp_path: Path) -> None:
    """A track as it is, one that is converted to the first one's format, and an effect."""
    first, second = noise(20_000), noise(20_000, seed=2)
    sources = (write_wav(tmp_path / "a.wav", first), write_wav(tmp_path / "b.wav", second, 48_000))
    told = tmp_path / "report.json"

    def judged(*arguments: str | Path) -> list[tuple[bool, str]]:
        stellatune.ok("render", *sources, "-o", tmp_path / "out.wav", *arguments, "--report", told)
        return [(each["bit_perfect"], each["why_not"]) for each in json.loads(told.read_text())["inputs"]]

    for choice in ((), ("--rate", "track"), ("--rate", "best")):
        assert judged("--format", "s16", *choice) == [(True, ""), (False, "48 kHz becomes 44.1 kHz")]
        assert np.array_equal(read_wav(tmp_path / "out.wav").samples[:20_000], as_float(first))
    assert judged("--rate", "48000") == [(False, "44.1 kHz becomes 48 kHz"), (True, "")]
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples[-20_000:], as_float(second))
    assert judged("--dsp", "loud=gain") == [(False, "the effect loud is heard"), (False, "48 kHz becomes 44.1 kHz")]


def test_an_output_follows_the_tracks_unless_told_not_to(stellatune: Stellatune, tmp_path: Path) -> None:
    rates_hz = (RATE_HZ, 48_000, RATE_HZ)
    sources = [write_wav(tmp_path / f"{at}.wav", noise(20_000), rate) for at, rate in enumerate(rates_hz)]

    def frames(*arguments: str, before: tuple[str | Path, ...] = ()) -> int:
        document = stellatune.ok(*before, "--json", "play", *sources, "--output", "null", *arguments).document
        assert document["faults"] == [] and all(each["error"] is None for each in document["inputs"])
        return int(document["frames"])

    assert frames() == 60_000
    assert frames("--rate", str(RATE_HZ)) == 40_000 + 20_000 * RATE_HZ // 48_000
    saved = tmp_path / "config.toml"
    saved.touch()
    stellatune.ok("--config", saved, "config", "set", "output.rate", "fixed")
    assert frames("--rate", "track", before=("--config", saved)) == 60_000
    assert frames(before=("--config", saved)) > 60_000, "48 kHz are the default"


def test_a_killed_output_dithers_as_the_one_before(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path
) -> None:
    source = write_wav(tmp_path / "in.wav", noise(300_000))
    chain = (source, "--dsp", 'gain:{"gain_db": -6.3}', "--format", "s16")
    whole, broken = tmp_path / "whole.wav", tmp_path / "broken.wav"
    stellatune.ok("render", *chain, "-o", whole)
    kills = failpoints.arm("accepted", Action.KILL, let_pass=5, every=40, plugin="stellatune.sink.file")
    done = stellatune("render", *chain, "-o", broken, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= 2
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (whole, broken)}
    assert len(digests) == 1
    rounded = np.rint(as_float(noise(300_000)) * np.float32(10 ** (-6.3 / 20)) * 32768) / 32768
    assert (read_wav(whole).samples != rounded).mean() > 0.2, "there was noise"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--rate", "999", "track or best"),
        ("--rate", "fixed", "track or best"),
        ("--channels", "9", "from 1 to 8, track or stereo"),
        ("--resampler", "great", "very_high"),
        ("--lfe", "loud", "mute"),
    ],
)
def test_what_cannot_be_chosen(stellatune: Stellatune, option: str, value: str, words: str) -> None:
    done = stellatune("render", "x.wav", "-o", "y.wav", option, value)
    assert done.code == 2 and words in done.err
