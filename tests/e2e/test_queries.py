"""Sources and lyrics as people ask for them: one command, one private host, nothing left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Stellatune
from tests.support.c_plugins import build_plugin

RED = "\x1b[31m"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    for name in ("song.wav", "album/first.wav", "album/second.wav"):
        (folder / name).write_bytes(b"x")
    return folder


def folder(music: Path, **more: object) -> str:
    return f"folder:{json.dumps({'root': str(music)} | more)}"


def test_sources_are_listed_without_loading_them(stellatune: Stellatune) -> None:
    document = stellatune.ok("--json", "sources", "list").document
    assert document["schema"] == "stellatune.sources/1"
    assert {"folder", "fault"} <= {each["source"] for each in document["sources"]}
    assert "stellatune.source.folder" in stellatune.ok("sources", "list").out


def test_a_folder_is_browsed_page_by_page(stellatune: Stellatune, music: Path) -> None:
    document = stellatune.ok("--json", "sources", "browse", folder(music, page_items=1)).document
    assert document["schema"] == "stellatune.source-items/1"
    assert [(each["id"], each["kind"]) for each in document["items"]] == [("album", "folder"), ("song.wav", "track")]
    assert document["more"] is False
    some = stellatune.ok("--json", "sources", "browse", folder(music), "album", "--limit", "1").document
    assert ([each["id"] for each in some["items"]], some["more"]) == (["album/first.wav"], True)
    lines = stellatune.ok("sources", "browse", folder(music)).out.splitlines()
    told = [line.split() for line in lines]
    assert [(kind, title) for kind, _, title in told] == [("folder", "album"), ("track", "song.wav")]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nosuch",), 4, "nosuch"),
        (("folder",), 7, "no root is configured"),
        (('folder:{"root": 7}',), 8, "must be of type string"),
        (("folder:{",), 8, "not JSON"),
        (("FOLDER",), 2, "no name of a source"),
        (("folder", "--limit", "0"), 2, "limit"),
    ],
)
def test_what_cannot_be_browsed_is_told(
    stellatune: Stellatune, arguments: tuple[str, ...], code: int, words: str
) -> None:
    outcome = stellatune("sources", "browse", *arguments)
    assert (outcome.code, outcome.out) == (code, ""), outcome.err
    assert words in outcome.err


def test_a_path_that_leads_nowhere_is_no_such_thing(stellatune: Stellatune, music: Path) -> None:
    for path in ("none", "../music"):
        outcome = stellatune("--json", "sources", "browse", folder(music), path)
        assert (outcome.code, json.loads(outcome.err)["error"]["code"]) == (4, "not_found")


def test_the_words_beside_a_track(stellatune: Stellatune, music: Path) -> None:
    track = music / "song.wav"
    outcome = stellatune("lyrics", track)
    assert (outcome.code, outcome.out) == (4, "")
    assert "put them into song.lrc" in outcome.err
    track.with_suffix(".lrc").write_text(f"[00:01.00]first {RED}line\n[00:02.00]second\n")
    assert stellatune.ok("lyrics", track).out == "first \ufffd[31mline\nsecond\n"
    assert stellatune.ok("lyrics", "--lrc", track).out == "[00:01.00]first \ufffd[31mline\n[00:02.00]second\n"
    document = stellatune.ok("--json", "lyrics", "music/song.wav").document
    assert (document["schema"], document["timed"]) == ("stellatune.lyrics/2", True)
    assert document["provider"] == "sidecar"
    assert document["text"].startswith("[00:01.00]first")
    assert stellatune("lyrics", music / "gone.wav").code == 4


def test_a_provider_that_fails_is_named_and_the_next_is_asked(stellatune: Stellatune, music: Path) -> None:
    track = music / "song.wav"
    track.with_suffix(".lrc").write_bytes(b"\0")
    plugins = music.parent / "more"
    plugins.mkdir()
    build_plugin("turnstile", plugins)
    chosen = music.parent / "chosen.toml"
    chosen.write_text('[lyrics]\nproviders = ["sidecar", "nosuch", "turnstile"]\n')
    outcome = stellatune.ok("--config", chosen, "lyrics", track, STELLATUNE_PLUGIN_PATH=str(plugins))
    assert outcome.out == "2 entries, 1 at most\n"
    assert "sidecar: " in outcome.err and "holds no text" in outcome.err
    assert "nosuch: no type" in outcome.err
    assert stellatune("lyrics", track).code == 7
