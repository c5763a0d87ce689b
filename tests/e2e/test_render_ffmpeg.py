"""What decoder_ffmpeg decodes in its worker: chosen or forced, without a seam between tracks, and across its death."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, read_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import RATE_HZ, render
from tests.support.failpoints import Action, Failpoints
from tests.support.ffmpeg_tool import encoded, music

FFMPEG = "stellatune.decoder.ffmpeg"
FORMATS = {
    "a.m4a": ("-c:a", "alac"),
    "b.wv": ("-c:a", "wavpack"),
    "c.tta": ("-c:a", "tta"),
    "d.mka": ("-c:a", "alac"),
}


def test_an_album_of_many_formats_is_what_was_encoded(stellatune: Stellatune, tmp_path: Path) -> None:
    tracks = [music(30_000 + 1_111 * index, seed=index) for index in range(len(FORMATS))]
    pairs = zip(FORMATS.items(), tracks, strict=True)
    paths = [encoded(tmp_path / name, samples, *options) for (name, options), samples in pairs]
    document = stellatune.ok("--json", "render", *paths, "-o", tmp_path / "out.wav").document
    assert {each["decoder"]["plugin"] for each in document["inputs"]} == {FFMPEG}
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(np.concatenate(tracks)))


def test_aac_joins_without_a_gap(stellatune: Stellatune, tmp_path: Path) -> None:
    aac = ("-c:a", "aac", "-b:a", "256k")
    paths = [encoded(tmp_path / f"{index}.m4a", music(20_000 + index), *aac) for index in range(3)]
    stellatune.ok("render", *paths, "-o", tmp_path / "out.wav")
    assert len(read_wav(tmp_path / "out.wav").samples) == 60_003


def test_it_can_be_forced(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = music(20_001)
    source = encoded(tmp_path / "in.flac", samples)
    done = stellatune.ok("--json", "render", source, "-o", tmp_path / "out.wav", "--decoder", "ffmpeg")
    assert [each["decoder"]["plugin"] for each in done.document["inputs"]] == [FFMPEG]
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))


@pytest.mark.parametrize(
    ("name", "options"), [("x.m4a", FORMATS["a.m4a"]), ("x.wv", FORMATS["b.wv"]), ("x.m4a", ("-c:a", "aac"))]
)
def test_its_deaths_are_not_heard(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    source = encoded(tmp_path / name, music(100_001), *options, rate_hz=RATE_HZ)
    undisturbed = render(stellatune, source, "--dsp", "gain")
    assert len(undisturbed.samples) == 100_001
    kills = failpoints.arm("publish", Action.KILL, let_pass=2, every=3, plugin=FFMPEG)
    done = render(stellatune, source, "--dsp", "gain", PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= 5
    assert {each[2] for each in done.repairs} == {"A"}
    assert np.array_equal(done.samples, undisturbed.samples)
