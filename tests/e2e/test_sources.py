"""Tracks of sources by their names, through the command: rendered as files are, queued, saved and found again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from host.where import SourceTrack
from tests.e2e.audio import read_wav, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import asked, serving
from tests.support.c_plugins import build_plugin

RATE = 44_100


@pytest.fixture
def music(stellatune: Stellatune) -> Path:
    """Two songs, one of them in an album."""
    folder = stellatune.place / "music"
    (folder / "album").mkdir(parents=True)
    noise = np.random.default_rng(7).integers(-9000, 9000, (RATE * 2, 2), np.int16)
    write_wav(folder / "a song.wav", noise[:RATE], RATE)
    write_wav(folder / "album/first.wav", noise[RATE:], RATE)
    return folder


@pytest.fixture
def plugins(stellatune: Stellatune) -> Path:
    """The source that serves bytes is installed."""
    folder = stellatune.place / "home/data/stellatune/plugins"
    folder.mkdir(parents=True)
    build_plugin("served", folder)
    return folder


def in_folder(music: Path, name: str = "") -> str:
    return SourceTrack(name, "folder", config=json.dumps({"root": str(music)})).uri


def as_stream(path: Path, **config: int) -> str:
    return SourceTrack(path.name, "served", config=json.dumps({"path": str(path), **config})).uri


@pytest.mark.usefixtures("plugins")
def test_what_a_source_holds_is_rendered_as_the_files_are(stellatune: Stellatune, music: Path) -> None:
    song, first = music / "a song.wav", music / "album/first.wav"
    out, report = stellatune.place / "out.wav", stellatune.place / "report.json"
    stellatune.ok("render", first, song, "-o", out)
    wanted = read_wav(out).samples
    for names in ([in_folder(music)], [as_stream(first), as_stream(song, seeks=0, sized=0, chunk=999)]):
        stellatune.ok("render", *names, "-o", out, "--report", report)
        np.testing.assert_array_equal(read_wav(out).samples, wanted)
        told = json.loads(report.read_text())["inputs"]
        assert [each["source"].partition("://")[0] for each in told] == ["source", "source"]


def test_what_browse_prints_is_played(stellatune: Stellatune, music: Path) -> None:
    listed = stellatune.ok("--json", "sources", "browse", f"folder:{json.dumps({'root': str(music)})}").document
    assert [(each["kind"], each["id"]) for each in listed["items"]] == [("folder", "album"), ("track", "a song.wav")]
    out = stellatune.place / "out.wav"
    stellatune.ok("render", *(each["uri"] for each in listed["items"]), "-o", out)
    assert len(read_wav(out).samples) == 2 * RATE
    deeper = stellatune.ok("--json", "sources", "browse", listed["items"][0]["uri"]).document
    assert [each["id"] for each in deeper["items"]] == ["album/first.wav"]


def test_sources_say_which_schemes_they_open_and_whether_they_search(stellatune: Stellatune, music: Path) -> None:
    rows = {each["source"]: each for each in stellatune.ok("--json", "sources", "list").document["sources"]}
    assert rows["folder"]["schemes"] == []
    outcome = stellatune("sources", "search", f"folder:{json.dumps({'root': str(music)})}", "song")
    assert (outcome.code, "cannot be searched" in outcome.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("gopher://host/a.mp3", 5, "no source opens gopher://"),
        ("source://nosuch/a.mp3", 5, "no source type 'nosuch'"),
        ("source://folder/a.mp3?config=1", 5, "JSON objects"),
        ("source://folder/a.mp3", 5, "no root is configured"),
    ],
)
def test_a_name_that_leads_nowhere_is_told(stellatune: Stellatune, name: str, code: int, words: str) -> None:
    outcome = stellatune("render", name, "-o", stellatune.place / "out.wav")
    assert (outcome.code, words in outcome.err) == (code, True), outcome.err


def test_an_item_that_is_gone_is_told_and_the_others_are_rendered(stellatune: Stellatune, music: Path) -> None:
    out = stellatune.place / "out.wav"
    outcome = stellatune("render", in_folder(music, "gone.wav"), in_folder(music, "a song.wav"), "-o", out)
    assert outcome.code == 6 and "source://folder/gone.wav: " in outcome.err
    assert len(read_wav(out).samples) == RATE


@pytest.mark.usefixtures("plugins")
def test_a_queue_of_streams_is_saved_and_restored(stellatune: Stellatune, music: Path) -> None:
    """Also as a playlist, by names that a later host understands."""
    stream, saved = as_stream(music / "a song.wav"), stellatune.place / "saved.m3u8"
    names: list[str | Path] = [stream, music / "album/first.wav", in_folder(music, "a song.wav")]
    labels = ["source://served/a song.wav", str(names[1]), "source://folder/a song.wav"]

    def listed() -> list[str]:
        return [each["label"] for each in asked(stellatune, "queue", "list")["entries"]]

    with serving(stellatune):
        assert asked(stellatune, "queue", "add", *names)["added"] == 3
        assert listed() == labels
        asked(stellatune, "queue", "save", saved)
    assert stream in saved.read_text().splitlines()
    with serving(stellatune):
        assert listed() == labels
        asked(stellatune, "queue", "clear")
        assert asked(stellatune, "queue", "add", saved)["added"] == 3
        assert listed() == labels
