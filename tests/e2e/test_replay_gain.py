"""Tags of a file reach the listener: as words, and as loudness that is exact whoever dies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.numbered import RATE_HZ, render
from tests.e2e.tagged import tag_flac
from tests.support.c_plugins import build_plugin
from tests.support.failpoints import Action, Failpoints

FRAMES = 60_001
#: No sample of it is above 0.25 of full scale.
QUIET = (noise(FRAMES) // 4).astype(np.int16)
FLAC = "stellatune.decoder.flac"


def flac(stellatune: Stellatune, name: str, tags: Mapping[str, str]) -> Path:
    source = write_wav(stellatune.place / "source.wav", QUIET, RATE_HZ)
    made = stellatune.place / f"{name}.flac"
    stellatune.ok("render", source, "-o", made, "--format", "s16")
    tag_flac(made, tags)
    return made


def multiplied(factor: float) -> Samples:
    return (as_float(QUIET) * np.float32(factor)).astype(np.float32)


def test_each_track_is_as_loud_as_its_tags_ask_for(stellatune: Stellatune) -> None:
    """Two of one album: by track and by album, the second held by its peak; the join is at the very frame."""
    album = {"REPLAYGAIN_ALBUM_GAIN": "-1.50 dB", "REPLAYGAIN_ALBUM_PEAK": "0.5"}
    first = flac(stellatune, "a", {**album, "REPLAYGAIN_TRACK_GAIN": "-6.30 dB", "replaygain_track_peak": "0.3"})
    second = flac(stellatune, "b", {**album, "REPLAYGAIN_TRACK_GAIN": "+9.00 dB", "REPLAYGAIN_TRACK_PEAK": "0.5"})

    by_track = render(stellatune, first, second, "--replaygain", "track")
    lower, held = 10 ** (-6.3 / 20), 2.0
    assert np.array_equal(by_track.samples, np.concatenate([multiplied(lower), multiplied(held)]))
    assert [each["gain"]["reason"] for each in by_track.report["inputs"]] == [
        "track -6.3 dB",
        "track +9.0 dB, limited by the peak to +6.0 dB",
    ]
    by_album = render(stellatune, first, second, "--replaygain", "album")
    assert np.array_equal(by_album.samples, np.concatenate([multiplied(10 ** (-1.5 / 20))] * 2))


def test_without_the_wish_and_at_0_db_no_bit_changes(stellatune: Stellatune) -> None:
    track = flac(stellatune, "a", {"REPLAYGAIN_TRACK_GAIN": "0 dB", "REPLAYGAIN_ALBUM_GAIN": "-9 dB"})
    for wish in ([], ["--replaygain", "off"], ["--replaygain", "track"]):
        assert np.array_equal(render(stellatune, track, *wish).samples, as_float(QUIET)), wish


def test_the_wish_may_stand_in_the_settings(stellatune: Stellatune) -> None:
    """With a preamp, a fallback for who has no tags, and without the guard."""
    tagged = flac(stellatune, "a", {"REPLAYGAIN_TRACK_GAIN": "3 dB", "REPLAYGAIN_TRACK_PEAK": "1.0"})
    bare = write_wav(stellatune.place / "bare.wav", QUIET, RATE_HZ)
    own, out = stellatune.place / "own.toml", stellatune.place / "own.wav"
    own.write_text("[replaygain]\nmode = 'track'\npreamp_db = 2\nfallback_db = -6.5\nclip_guard = false\n")
    stellatune.ok("--config", own, "render", tagged, bare, "-o", out)
    expected = [multiplied(10 ** (5 / 20)), multiplied(10 ** (-6.5 / 20))]
    assert np.array_equal(read_wav(out).samples, np.concatenate(expected))
    stellatune.ok("--config", own, "render", tagged, "-o", out, "--replaygain", "off")
    assert np.array_equal(read_wav(out).samples, as_float(QUIET))


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_a_decoder_that_dies_is_followed_by_one_as_loud(
    stellatune: Stellatune, failpoints: Failpoints, rate_hz: int
) -> None:
    track = flac(stellatune, "a", {"REPLAYGAIN_TRACK_GAIN": "-6.30 dB"})
    wish = ("--replaygain", "track", "--rate", str(rate_hz), "--dsp", "gain")
    undisturbed = render(stellatune, track, *wish)
    kills = failpoints.arm("publish", Action.KILL, let_pass=2, every=3, plugin=FLAC)
    done = render(stellatune, track, *wish, PYTHONPATH=failpoints.python_path)
    assert done.code == 0, done.err
    assert kills.fired >= 3
    assert len(done.samples) == len(undisturbed.samples)
    error = np.abs(done.samples.astype(np.float64) - undisturbed.samples).max()
    assert error == 0.0 if rate_hz == RATE_HZ else error <= 1e-6  # -120 dB where a converter begins anew


@pytest.mark.parametrize(
    ("tags", "faults", "deaths"),
    [
        ('{"title": "One", "replaygain_track_gain": "-6 dB"}', 0, 0),
        ("refuse", 1, 0),
        ("no JSON", 1, 0),
        ("[1]", 1, 0),
        ("die", 1, 1),
    ],
)
def test_tags_that_cannot_be_told_stop_nothing(
    stellatune: Stellatune, tmp_path: Path, tags: str, faults: int, deaths: int
) -> None:
    """Not even a decoder that dies over them: it is made anew, and not asked again."""
    build_plugin("touchy", tmp_path)
    source = tmp_path / "in.frames"
    source.write_text(json.dumps({"rate": RATE_HZ, "channels": 2, "frames": 10_000, "tags": tags}))
    done = render(stellatune, source, "--replaygain", "track", STELLATUNE_PLUGIN_PATH=str(tmp_path))
    assert (done.code, done.track["decoder"]["plugin"]) == (0, "test.touchy"), done.err
    assert [each["code"] for each in done.track["faults"]] == ["no_tags"] * faults, done.report
    factor = 1.0 if faults else 10 ** (-6 / 20)
    expected = np.arange(10_000, dtype=np.float32) * np.float32(factor)
    assert np.array_equal(done.samples[:, 0], expected)
    rows = stellatune.ok("--json", "plugins", "crashes").document["rows"]
    assert [each["call"] for each in rows] == ["get_metadata"] * deaths
