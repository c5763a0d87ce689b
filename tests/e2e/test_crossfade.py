"""One track fades into the next: every sample is what the two files and the position say, whoever dies on the way."""

from __future__ import annotations

import hashlib
import math
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.e2e.audio import as_float, noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import Rendered, render
from tests.support.failpoints import Action, Failpoints

RATE = 44_100
FADE_S = 0.7
FADE = int(FADE_S * RATE)
LENGTHS = (200_001, 150_003, 180_000)
DRY, WAV, FLAC = "stellatune.dsp.dry", "stellatune.decoder.wav", "stellatune.decoder.flac"
EFFECT = ("--dsp", 'equalizer:{"bands": []}')
#: Of a FLAC file: where its count of samples stands, the lower 32 bits of it.
COUNT_AT = 22

Frames = npt.NDArray[np.float32]


def crossed(tracks: list[Frames], fade: int = FADE) -> Frames:
    """The tracks one after the other, each over the end of the one before, with the gains of the machine's own libm."""
    out = tracks[0]
    angles = [1.57079632679489661923 * at / fade for at in range(fade)]
    going = np.array([math.cos(angle) for angle in angles])[:, None]
    coming = np.array([math.sin(angle) for angle in angles])[:, None]
    for track in tracks[1:]:
        both = (going * out[-fade:] + coming * track[:fade]).astype(np.float32)
        out = np.concatenate((out[:-fade], both, track[fade:]))
    return out


def made(folder: Path, *lengths: int) -> tuple[list[Path], list[Frames]]:
    """Tracks of noise, and what is in them."""
    parts = [noise(length, seed=seed) for seed, length in enumerate(lengths)]
    names = [write_wav(folder / f"{index}.wav", part, RATE) for index, part in enumerate(parts)]
    return names, [as_float(part) for part in parts]


def as_flac(path: Path, count: int | None = None) -> Path:
    """The same as FLAC; ``count``: how many samples it says it has."""
    out = path.with_suffix(".flac")
    subprocess.run(["flac", "--silent", "--force", "-o", out, path], check=True)
    path.unlink()
    if count is not None:
        data = bytearray(out.read_bytes())
        data[COUNT_AT : COUNT_AT + 4] = count.to_bytes(4, "big")
        out.write_bytes(data)
    return out


def fades(stellatune: Stellatune, *arguments: str | Path, **environment: str) -> Rendered:
    return render(stellatune, *arguments, "--crossfade", str(FADE_S), **environment)


@pytest.mark.parametrize("chain", [(), EFFECT], ids=["bare", "effect"])
def test_it_is_what_the_files_say(stellatune: Stellatune, tmp_path: Path, chain: tuple[str, ...]) -> None:
    names, parts = made(tmp_path, *LENGTHS)
    done = fades(stellatune, *names, *chain)
    assert np.array_equal(done.samples, crossed(parts))
    assert [each["frames_out"] for each in done.report["inputs"]] == list(LENGTHS)
    assert done.report["repairs"] == []


@pytest.mark.parametrize(
    ("lengths", "joined"),
    [
        ((100_000, FADE // 2, 90_000), ()),
        ((100_000, FADE + FADE // 2, 90_000), (0,)),
        ((FADE - 1, 90_000), ()),
        ((90_000, 1, 1, 90_000, 80_000), (3,)),
    ],
    ids=["shorter than the fade", "too short for two", "first too short", "next to nothing"],
)
def test_who_is_too_short_follows_without_a_gap(
    stellatune: Stellatune, tmp_path: Path, lengths: tuple[int, ...], joined: tuple[int, ...]
) -> None:
    """``joined``: which ones fade into the next."""
    names, parts = made(tmp_path, *lengths)
    expected = parts[0]
    for index, part in enumerate(parts[1:]):
        expected = crossed([expected, part]) if index in joined else np.concatenate((expected, part))
    assert np.array_equal(fades(stellatune, *names).samples, expected)


def test_whose_length_is_not_known_is_followed_without_a_gap(stellatune: Stellatune, tmp_path: Path) -> None:
    names, parts = made(tmp_path, 100_000, 90_000)
    done = fades(stellatune, as_flac(names[0], count=0), names[1])
    assert np.array_equal(done.samples, np.concatenate(parts))


@pytest.mark.parametrize("missing", [FADE // 3, FADE + 9_000])
def test_who_ends_too_early(stellatune: Stellatune, tmp_path: Path, missing: int) -> None:
    """Within the fade it falls silent there; before it, the next one follows without a gap."""
    names, parts = made(tmp_path, 120_000, 90_000)
    whole = as_flac(names[0], count=len(parts[0]) + missing)
    done = fades(stellatune, whole, names[1])
    assert done.code == 6
    expected = np.concatenate(parts)
    if missing < FADE:
        expected = crossed([np.concatenate((parts[0], np.zeros((missing, 2), np.float32))), parts[1]])
    assert np.array_equal(done.samples, expected)


def test_what_cannot_be_opened_joins_nobody(stellatune: Stellatune, tmp_path: Path) -> None:
    names, parts = made(tmp_path, 100_000, 90_000)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nothing")
    done = fades(stellatune, names[0], broken, names[1])
    assert np.array_equal(done.samples, crossed(parts))


@pytest.mark.parametrize("place", ["mixed", "mixed_half"])
def test_mixes_that_die_all_the_time(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path, place: str
) -> None:
    """Before and after they publish what they wrote: before fades, in them, behind them."""
    names, parts = made(tmp_path, *LENGTHS)
    kills = failpoints.arm(place, Action.KILL, let_pass=20, every=37, plugin=DRY)
    done = fades(stellatune, *names, *EFFECT, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert np.array_equal(done.samples, crossed(parts))
    assert kills.fired >= sum(LENGTHS) // 512 // 40
    assert done.repairs == [("mix", DRY, "A")] * kills.fired


@pytest.mark.parametrize(("victim", "every"), [(WAV, 2), (FLAC, 2), (WAV, 5)])
def test_decoders_that_die_all_the_time(
    stellatune: Stellatune, failpoints: Failpoints, tmp_path: Path, victim: str, every: int
) -> None:
    """The one that goes, the one that comes; and in one worker both at once."""
    names, parts = made(tmp_path, *LENGTHS)
    sources = [names[0], as_flac(names[1]), names[2]] if every == 2 else names
    kills = failpoints.arm("publish", Action.KILL, let_pass=every, every=every + 1, plugin=victim)
    done = fades(stellatune, *sources, *EFFECT, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert np.array_equal(done.samples, crossed(parts))
    assert kills.fired >= min(LENGTHS) // 4096 // (every + 2)
    assert {(stage, kind) for stage, _, kind in done.repairs} == {("decoder", "A")}


def digest(samples: Frames) -> str:
    return hashlib.sha256(samples.tobytes()).hexdigest()


def test_each_track_has_the_digest_of_what_begins_with_it(stellatune: Stellatune, tmp_path: Path) -> None:
    names, parts = made(tmp_path, *LENGTHS)
    done = fades(stellatune, *names)
    begins = [0, *np.cumsum([len(part) - FADE for part in parts[:-1]]).tolist(), len(done.samples)]
    assert len(begins) == len(parts) + 1
    spans = [done.samples[start:end] for start, end in pairwise(begins)]
    assert [each["sha256"] for each in done.report["inputs"]] == [digest(span) for span in spans]
