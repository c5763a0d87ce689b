"""Tracks follow each other without a frame lost, doubled or inserted."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune

EQUALIZER = 'equalizer:{"bands": [{"type": "peaking", "freq_hz": 1000, "gain_db": 6, "q": 1}]}'


@pytest.mark.parametrize("chain", [(), ("--dsp", EQUALIZER, "--dsp", 'gain:{"gain_db": -3}')], ids=["bare", "effects"])
def test_two_halves_equal_the_whole(stellatune: Stellatune, tmp_path: Path, chain: tuple[str, ...]) -> None:
    samples = noise(150_000)
    cut = 70_001
    whole = write_wav(tmp_path / "whole.wav", samples)
    first = write_wav(tmp_path / "a.wav", samples[:cut])
    second = write_wav(tmp_path / "b.wav", samples[cut:])
    stellatune.ok("render", whole, "-o", tmp_path / "whole_out.wav", *chain)
    stellatune.ok("render", first, second, "-o", tmp_path / "halves_out.wav", *chain)
    expected = read_wav(tmp_path / "whole_out.wav").samples
    assert len(expected) == 150_000
    assert np.array_equal(read_wav(tmp_path / "halves_out.wav").samples, expected)


def test_each_track_has_its_own_digest(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(600_000)
    cuts = [0, 200_001, 400_003, 600_000]
    parts = [samples[start:end] for start, end in pairwise(cuts)]
    names = [write_wav(tmp_path / f"{index}.wav", part) for index, part in enumerate(parts)]
    told = tmp_path / "report.json"
    stellatune.ok("render", *names, "-o", tmp_path / "out.wav", "--report", told)
    entries = json.loads(told.read_text())["inputs"]
    expected = [hashlib.sha256(as_float(part).tobytes()).hexdigest() for part in parts]
    assert [entry["sha256"] for entry in entries] == expected
    assert [entry["frames_out"] for entry in entries] == [len(part) for part in parts]
    assert len({entry["pids"]["decoder"] for entry in entries}) == 1


@pytest.mark.parametrize("chain", [(), ("--dsp", "gain")], ids=["bare", "effect"])
def test_tracks_shorter_than_a_block(stellatune: Stellatune, tmp_path: Path, chain: tuple[str, ...]) -> None:
    samples = noise(3_000)
    cuts = [0, 1, 300, 301, 700, 1500, 1501, 3000]
    parts = [samples[start:end] for start, end in pairwise(cuts)]
    names = [write_wav(tmp_path / f"{index}.wav", part) for index, part in enumerate(parts)]
    told = tmp_path / "report.json"
    stellatune.ok("render", *names, "-o", tmp_path / "out.wav", "--report", told, *chain)
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))
    for entry, part in zip(json.loads(told.read_text())["inputs"], parts, strict=True):
        assert entry["frames_out"] == len(part)
        assert entry["sha256"] in (None, hashlib.sha256(as_float(part).tobytes()).hexdigest())


def test_a_broken_track_in_the_middle_is_left_out(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(100_001)
    first = write_wav(tmp_path / "a.wav", samples[:40_001])
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"this is no audio")
    last = write_wav(tmp_path / "b.wav", samples[40_001:])
    outcome = stellatune("render", first, broken, last, "-o", tmp_path / "out.wav")
    assert outcome.code == 6
    assert "broken.wav" in outcome.err
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))


def test_an_excerpt_of_every_input(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(100_000)
    source = write_wav(tmp_path / "in.wav", samples)
    target = tmp_path / "out.wav"
    stellatune.ok("play", source, source, "--start", "1", "--length", "0.5", "--output", f"file:{target}")
    part = as_float(samples)[44_100 : 44_100 + 22_050]
    assert np.array_equal(read_wav(target).samples, np.concatenate([part, part]))


def test_a_directory_in_natural_order(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(30_000)
    album = tmp_path / "album"
    album.mkdir()
    for index, name in enumerate(["track 1.wav", "track 2.wav", "track 10.wav"]):
        write_wav(album / name, samples[index * 10_000 : (index + 1) * 10_000])
    (album / "cover.txt").write_text("no audio")
    stellatune.ok("render", album, "-o", tmp_path / "out.wav")
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_the_tracks_of_a_cue_sheet_are_together_the_whole_file(
    stellatune: Stellatune, tmp_path: Path, suffix: str
) -> None:
    samples = noise(200_000)
    whole = write_wav(tmp_path / "whole.wav", samples)
    album = tmp_path / f"an album{suffix}"
    if suffix == ".wav":
        whole.rename(album)
    else:
        stellatune.ok("render", whole, "-o", album, "--format", "s16")
    starts = [(0, 0), (0, 33), (2, 74), (3, 0)]
    tracks = "".join(
        f"TRACK {number:02} AUDIO\n  INDEX 01 00:{seconds:02}:{frames:02}\n"
        for number, (seconds, frames) in enumerate(starts, 1)
    )
    (tmp_path / "album.cue").write_text(f'FILE "{album.name}" WAVE\n{tracks}')
    (tmp_path / "list.m3u8").write_text("album.cue\n")
    out, told = tmp_path / "out.wav", tmp_path / "report.json"
    stellatune.ok("render", tmp_path / "list.m3u8", "-o", out, "--report", told)
    assert np.array_equal(read_wav(out).samples, as_float(samples))
    begins = [(seconds * 75 + frames) * 588 for seconds, frames in starts]
    heard = [entry["frames_out"] for entry in json.loads(told.read_text())["inputs"]]
    assert heard == [end - begin for begin, end in pairwise([*begins, 200_000])]
    stellatune.ok("play", tmp_path / "album.cue", "--start", "0.01", "--length", "1", "--output", f"file:{out}")
    parts = [slice(begin + 441, min(begin + 441 + 44_100, end)) for begin, end in pairwise([*begins, 200_000])]
    assert np.array_equal(read_wav(out).samples, np.concatenate([as_float(samples)[part] for part in parts]))
