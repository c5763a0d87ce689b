"""The commands of the library, in this process: what they answer, and what they say when they cannot."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from host.cli.completing import answer_shell
from host.cli.root import COMPLETE_VARIABLE, run, stellatune
from host.library import FileStamp, Playlists, Problem, ProblemKind, Store
from host.media import Tags
from tests.unit.host.library.store_filled import track

COMMANDS = {
    "search road": "stellatune.library-search/1",
    "albums": "stellatune.library-albums/1",
    "artists beatles": "stellatune.library-artists/1",
    "stats": "stellatune.library-stats/1",
    "roots": "stellatune.library-roots/1",
    "info music/1.flac": "stellatune.library-track/1",
    "playlists list": "stellatune.library-playlists/1",
    "playlists show mix": "stellatune.library-playlist/1",
    "playlists create new": "stellatune.library-playlist-change/1",
    "playlists export mix list.m3u": "stellatune.library-playlist-change/1",
    "unlike music/1.flac": "stellatune.library-playlist-change/1",
    "exclude music": "stellatune.library-change/1",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of two files, one of them with a name that is no text, and a playlist of them."""
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    music = tmp_path / "music"
    music.mkdir()
    odd = Path(os.fsdecode(os.fsencode(music) + b"/caf\xe9.flac"))
    with Store.open(tmp_path / "data" / "stellatune" / "library.db") as store:
        store.add_root(music)
        tags = Tags(title="Come Together", artist="The Beatles", album="Abbey Road", date="1969", genre="Rock")
        store.put([track(music / "1.flac", tags), replace(track(odd, Tags()), cover="0" * 64)])
        Playlists(store.database).create("mix")
        Playlists(store.database).add("mix", [odd, music / "1.flac", tmp_path / "gone.flac"])
    return tmp_path


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_every_answer_names_its_schema(place: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    if command.startswith("playlists create"):
        assert run(["library", "playlists", "create", "other"]) == 0
        assert capsys.readouterr().out == "created other\n"
    assert document(capsys, "library", *command.split())["schema"] == COMMANDS[command]
    if "create" not in command and "exclude" not in command:
        assert run(["library", *command.split()]) == 0
        assert not capsys.readouterr().out.startswith("{")
    assert place.exists()


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (("search", "foo:bar"), 2, "no field 'foo' is known"),
        (("search", 'artist:"x'), 2, "is not closed"),
        (("add", "nowhere"), 4, "is not a directory"),
        (("add", "music"), 2, "is a root already"),
        (("remove", "nowhere"), 4, "is no root of the library"),
        (("include", "music"), 4, "is not excluded"),
        (("info", "nowhere.flac"), 4, "is not in the library"),
        (("playlists", "show", "none"), 4, "no playlist none"),
        (("playlists", "create", "MIX"), 2, "exists already"),
        (("playlists", "delete", "liked"), 2, "the playlist liked stays"),
        (("playlists", "add", "mix"), 2, "nothing is named"),
        (("playlists", "add", "mix", "nowhere.flac"), 5, "nothing could be added"),
        (("playlists", "add", "mix", "--search", "xyzzyqqq"), 4, "has nothing for 'xyzzyqqq'"),
        (("playlists", "remove", "mix", "x"), 2, "is no place"),
        (("playlists", "remove", "mix", "3-2"), 2, "is no place"),
        (("playlists", "move", "mix", "4", "1"), 4, "no entry at place 4"),
        (("playlists", "export", "mix", "list.txt"), 2, "a playlist to write ends in"),
        (("like",), 2, "nothing is named"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_said_in_a_line(
    place: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], code: int, told: str
) -> None:
    assert run(["library", *command]) == code
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("stellatune: error:")]
    assert told in error
    assert "(" in error  # the remedy
    assert place.exists()


def test_a_name_that_is_no_text_comes_whole(place: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    wanted = os.fsencode(place) + b"/music/caf\xe9.flac"
    assert run(["library", "search", 'title:""', "--paths"]) == 0
    assert capsysbinary.readouterr().out == wanted + b"\0"
    assert run(["library", "search", 'title:""']) == 0
    assert "caf\ufffd.flac".encode() in capsysbinary.readouterr().out
    assert run(["--json", "library", "search", 'title:""']) == 0
    (found,) = json.loads(capsysbinary.readouterr().out)["tracks"]
    assert (found["path_base64"] != "", found["cover"]) == (True, "0" * 64)


def test_problems_make_ten(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["library", "problems"]) == 0
    with Store.open(place / "data" / "stellatune" / "library.db") as store:
        problem = Problem(place / "bad.mp3", FileStamp(1, 1), "a.b", "c", "1", ProblemKind.CRASHED, "SIG\x1b[31mSEGV")
        store.put_problems([problem])
    assert run(["library", "problems"]) == 10
    assert capsys.readouterr().out == f"{place}/bad.mp3  a.b crashed: SIG\ufffd[31mSEGV\n"


def test_entries_that_the_library_does_not_know_are_marked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["library", "playlists", "show", "mix"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("!") for line in lines] == [False, False, True]
    assert lines[1] == "    2  The Beatles - Come Together  (Abbey Road, 1969)  3:20  flac"
    assert place.exists()


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("library", "search", "art"), ["artist:"]),
        (("library", "playlists", "show", "m"), ["mix"]),
        (("play", "--playlist", "li"), ["liked"]),
        (("queue", "add", "--search", "ge"), ["genre:"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_shell_is_offered_fields_and_playlists(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    some: list[str],
) -> None:
    monkeypatch.setattr("host.cli.completing.signal", _NoAlarm)
    monkeypatch.setenv("COMP_WORDS", " ".join(("stellatune", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    assert answer_shell(stellatune, COMPLETE_VARIABLE, "bash_complete") == 0
    assert [line.partition(",")[2] for line in capsys.readouterr().out.splitlines()] == some
    assert place.exists()


class _NoAlarm:
    """The test's own process must not be ended by the alarm of a completion."""

    SIGALRM = ITIMER_REAL = 0

    @staticmethod
    def signal(*_: object) -> None: ...

    @staticmethod
    def setitimer(*_: object) -> None: ...


def test_a_shell_that_asks_makes_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.cli.completing.signal", _NoAlarm)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("COMP_WORDS", "stellatune play --playlist l")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert answer_shell(stellatune, COMPLETE_VARIABLE, "bash_complete") == 0
    assert capsys.readouterr().out.strip() == ""
    assert not (tmp_path / "none").exists()


def test_the_database_is_where_the_settings_say(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = place / "own.toml"
    config.write_text(f'[library]\ndatabase = "{place}/own/music.db"\ncover_kib = 0\n')
    (place / "more").mkdir()
    assert run(["--config", str(config), "library", "add", "more"]) == 0
    assert (place / "own" / "music.db").exists()
    capsys.readouterr()
    assert document(capsys, "--config", str(config), "paths")["covers"] == f"{place}/own/music-covers"
    config.write_text('[library]\ndatabase = "relative.db"\n')
    assert run(["--config", str(config), "library", "roots"]) == 0
    assert "an absolute path, or one that begins with ~/" in capsys.readouterr().err


def test_a_root_that_goes_takes_its_covers_along(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    covers = place / "data" / "stellatune" / "library-covers"
    covers.mkdir()
    for name in ("0" * 64, "1" * 64):
        (covers / name).write_bytes(b"old")
        os.utime(covers / name, (1, 1))
    assert run(["library", "add", "."]) == 0  # holds the root that is there
    assert run(["library", "exclude", "nothing"]) == 0
    assert [each.name for each in covers.iterdir()] == ["0" * 64]
    assert run(["library", "remove", "."]) == 0
    assert [*covers.iterdir()] == []
    assert capsys.readouterr().out.splitlines()[-1] == f"removed {place}, 2 tracks"
