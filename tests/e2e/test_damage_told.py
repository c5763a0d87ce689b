"""Damage that ends nothing is told: lost FLAC frames, blocks an effect failed on, samples that are no numbers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Outcome, Stellatune

FRAMES = 100_000


def one_bit(whole: bytes, at: int) -> bytes:
    """The file with one bit turned round."""
    data = bytearray(whole)
    data[at] ^= 1
    return bytes(data)


def silent(samples: Samples) -> int:
    """How many frames are silence; noise has none."""
    return int(np.count_nonzero(~samples.any(axis=1)))


def render(stellatune: Stellatune, *arguments: str | Path) -> tuple[Outcome, dict[str, Any], Samples]:
    """The outcome, the report and the samples of one render."""
    out, told = stellatune.place / "out.wav", stellatune.place / "report.json"
    outcome = stellatune("render", *arguments, "-o", out, "--report", told)
    report: dict[str, Any] = json.loads(told.read_text())
    return outcome, report, read_wav(out).samples


@pytest.fixture
def flac(stellatune: Stellatune, tmp_path: Path) -> bytes:
    """A FLAC of noise, of which no frame is silent."""
    source = write_wav(tmp_path / "in.wav", noise(FRAMES))
    stellatune.ok("render", source, "-o", tmp_path / "whole.flac", "--format", "s16")
    return (tmp_path / "whole.flac").read_bytes()


@pytest.mark.parametrize("chain", [(), ("--dsp", "gain")], ids=["bare", "effect"])
@pytest.mark.parametrize(
    ("places", "words"), [((0.5,), "in 1 place,"), ((0.25, 0.75), "in 2 places,"), ((0.999,), "in 1 place,")]
)
def test_lost_frames_are_told_and_the_track_is_whole(
    stellatune: Stellatune, flac: bytes, tmp_path: Path, places: tuple[float, ...], words: str, chain: tuple[str, ...]
) -> None:
    damaged = flac
    for place in places:
        damaged = one_bit(damaged, int(len(flac) * place))
    (tmp_path / "bad.flac").write_bytes(damaged)
    outcome, report, result = render(stellatune, tmp_path / "bad.flac", *chain)
    assert outcome.code == 6, outcome.err
    warnings = [line for line in outcome.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1, outcome.err
    assert "bad.flac: played to its end" in warnings[0] and words in warnings[0]
    (entry,) = report["inputs"]
    (fault,) = entry["faults"]
    assert words in fault["message"]
    expected = as_float(noise(FRAMES))
    lost = silent(result)
    assert 0 < lost < FRAMES / 4
    first = int(fault["message"].split("near frame ")[1].split(":")[0])
    assert first == int(np.flatnonzero(~result.any(axis=1))[0])
    assert np.count_nonzero((result == expected).all(axis=1)) == FRAMES - lost
    assert (entry["frames_out"], len(result)) == (FRAMES, FRAMES)


@pytest.mark.parametrize("at", [0.02, 0.5, 0.999])
def test_a_rate_converter_gives_all_it_holds(stellatune: Stellatune, flac: bytes, tmp_path: Path, at: float) -> None:
    (tmp_path / "bad.flac").write_bytes(one_bit(flac, int(len(flac) * at)))
    _, _, whole = render(stellatune, tmp_path / "whole.flac", "--rate", "48000")
    outcome, _, result = render(stellatune, tmp_path / "bad.flac", "--rate", "48000")
    assert outcome.code == 6, outcome.err
    assert len(result) == len(whole) > FRAMES


def test_the_next_track_follows_without_a_gap(stellatune: Stellatune, flac: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.flac").write_bytes(one_bit(flac, len(flac) // 2))
    following = noise(5_001, seed=2)
    after = write_wav(tmp_path / "after.wav", following)
    outcome, report, result = render(stellatune, tmp_path / "bad.flac", tmp_path / "whole.flac", after)
    assert outcome.code == 6, outcome.err
    assert [len(entry["faults"]) for entry in report["inputs"]] == [1, 0, 0]
    assert len(result) == 2 * FRAMES + len(following)
    assert np.array_equal(result[FRAMES:], np.concatenate([as_float(noise(FRAMES)), as_float(following)]))
    digests = [entry["sha256"] for entry in report["inputs"]]
    assert digests[2] == hashlib.sha256(as_float(following).tobytes()).hexdigest()


def test_what_follows_the_last_frame_is_no_damage(stellatune: Stellatune, flac: bytes, tmp_path: Path) -> None:
    (tmp_path / "tagged.flac").write_bytes(flac + b"TAG" + bytes(125))
    unknown = bytearray(flac)
    unknown[21] &= 0xF0
    unknown[22:26] = bytes(4)  # STREAMINFO: the number of samples
    (tmp_path / "unknown.flac").write_bytes(bytes(unknown) + b"TAG" + bytes(125))
    for name in ("tagged.flac", "unknown.flac"):
        outcome, report, result = render(stellatune, tmp_path / name)
        assert outcome.code == 0, outcome.err
        assert (report["inputs"][0]["faults"], report["faults"]) == ([], [])
        assert np.array_equal(result, as_float(noise(FRAMES)))


@pytest.mark.parametrize("at", [60_001, 100_007, 120_001])
def test_one_bit_of_a_real_file(stellatune: Stellatune, corpora: Path, tmp_path: Path, at: int) -> None:
    whole = (corpora / "flac-subset" / "41 - 6 channels (5.1).flac").read_bytes()
    (tmp_path / "bad.flac").write_bytes(one_bit(whole, at))
    outcome, report, result = render(stellatune, tmp_path / "bad.flac")
    assert outcome.code == 6, outcome.err
    assert "in 1 place," in report["inputs"][0]["faults"][0]["message"]
    assert len(result) == 357_223


@pytest.mark.parametrize("at", [0.3, 0.6])
def test_libsndfile_tells_it_too(stellatune: Stellatune, flac: bytes, tmp_path: Path, at: float) -> None:
    """What it gives in place of the damage, and whether it goes on, is its own affair; that it is told is ours."""
    (tmp_path / "bad.flac").write_bytes(one_bit(flac, int(len(flac) * at)))
    outcome, report, result = render(stellatune, tmp_path / "bad.flac", "--decoder", "sndfile")
    assert outcome.code == 6, outcome.err
    (fault,) = report["inputs"][0]["faults"]
    assert "decoder.sndfile" in fault["message"] and "flac decoder" in fault["message"]
    assert len(result) > FRAMES * at / 2
