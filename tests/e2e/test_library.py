"""The library through the command: folders read, searched, arranged, and played from."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import ask, serving
from tests.support.tagged_song import PNG

SONGS = (
    ("Abbey/1.wav", "Come Together", "The Beatles", "Abbey Road", "1969", "1"),
    ("Abbey/2.wav", "Something", "The Beatles", "Abbey Road", "1969", "2"),
    ("Portishead - Roads.wav", "Roads", "Portishead", "Dummy", "1994", "7"),
)


def tagged(path: Path, title: str, artist: str, album: str, year: str, number: str) -> None:
    """A short WAV with a LIST INFO chunk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, noise(2000, seed=len(title)))
    texts = {b"INAM": title, b"IART": artist, b"IPRD": album, b"ICRD": year, b"ITRK": number}
    body = b"INFO"
    for name, text in texts.items():
        value = text.encode() + b"\0"
        body += name + struct.pack("<I", len(value)) + value + b"\0" * (len(value) % 2)
    data = path.read_bytes() + b"LIST" + struct.pack("<I", len(body)) + body
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])


@pytest.fixture
def scanned(stellatune: Stellatune) -> Stellatune:
    """With a root of three songs, and a file whose name is no text."""
    music = stellatune.place / "music"
    for name, *tags in SONGS:
        tagged(music / name, *tags)
    (music / "Abbey" / "cover.png").write_bytes(PNG)
    write_wav(Path(os.fsdecode(os.fsencode(music) + b"/caf\xe9.wav")), noise(1000))
    assert "added" in stellatune.ok("library", "add", "music").out
    assert "4 added" in stellatune.ok("library", "scan").out
    return stellatune


def titles(stellatune: Stellatune, *query: str) -> list[str]:
    found = stellatune.ok("--json", "library", "search", *query).document["tracks"]
    return [each["title"] or Path(each["path"]).name for each in found]


def test_folders_are_read_searched_and_left_out(scanned: Stellatune) -> None:
    assert titles(scanned, "abbey", "road") == ["Come Together", "Something"]
    assert titles(scanned, "portished", "-genre:pop") == ["Roads"]
    assert scanned.ok("library", "albums").out.splitlines() == [
        "Portishead - Dummy (1994)  1 track  0:00",
        "The Beatles - Abbey Road (1969)  2 tracks  0:00",
    ]
    facts = scanned.ok("--json", "library", "info", "music/Abbey/2.wav").document
    assert (facts["title"], facts["track"], facts["rate_hz"], facts["format"]) == ("Something", 2, 44_100, "wav")
    covers = json.loads(scanned.ok("--json", "paths").out)["covers"]
    assert (Path(covers) / facts["cover"]).read_bytes() == PNG
    (odd,) = scanned.ok("--json", "library", "search", 'title:""').document["tracks"]
    assert base64.b64decode(odd["path_base64"]).endswith(b"/music/caf\xe9.wav")
    assert "2 tracks" in scanned.ok("library", "exclude", "music/Abbey").out
    assert titles(scanned, "beatles") == []
    scanned.ok("library", "include", "music/Abbey")
    scanned.ok("library", "scan")
    assert titles(scanned, "beatles") == ["Come Together", "Something"]
    assert "4 tracks" in scanned.ok("library", "remove", "music").out
    assert scanned.ok("--json", "library", "stats").document["tracks"] == 0


def test_what_is_found_and_arranged_is_played(scanned: Stellatune) -> None:
    quiet = ("--output", "null", "--no-control")
    played = scanned.ok("--json", "play", "--search", "beatles", *quiet).document
    assert [Path(each["source"]).name for each in played["inputs"]] == ["1.wav", "2.wav"]
    scanned.ok("library", "playlists", "create", "mix")
    assert "added 3" in scanned.ok("library", "playlists", "add", "mix", "music/Abbey", "--search", "roads").out
    assert "moved 1" in scanned.ok("library", "playlists", "move", "mix", "1", "3").out
    assert "1 more liked" in scanned.ok("library", "like", "--search", "something").out
    scanned.ok("library", "playlists", "export", "mix", "mix.m3u8")
    listed = [line for line in (scanned.place / "mix.m3u8").read_text().splitlines() if not line.startswith("#")]
    assert [Path(line).name for line in listed] == ["1.wav", "2.wav", "Portishead - Roads.wav"]
    (scanned.place / "music/Abbey/1.wav").unlink()
    partly = scanned("--json", "play", "--playlist", "mix", "--playlist", "liked", *quiet)
    assert partly.code == 6
    inputs = partly.document["inputs"]
    assert [bool(each["error"]) for each in inputs] == [True, False, False, False]
    assert "1.wav: no such file" in inputs[0]["error"]
    scanned.ok("library", "playlists", "remove", "mix", "1-2")
    assert "Portishead - Roads" in scanned.ok("library", "playlists", "show", "mix").out
    nothing = scanned("play", "--search", "xyzzyqqq", *quiet)
    assert (nothing.code, "has nothing for 'xyzzyqqq'" in nothing.err) == (4, True)
    assert scanned("play", "--playlist", "none", *quiet).code == 4


def test_a_running_host_takes_what_the_library_has(scanned: Stellatune) -> None:
    with serving(scanned):
        assert ask(scanned, "queue", "add", "--search", "beatles").out == "added 2, 2 entries\n"
        assert ask(scanned, "queue", "insert", "--search", "roads", "--at", "1").out == "added 1, 3 entries\n"
        assert "1 more liked" in ask(scanned, "library", "like", "--search", "roads").out
        assert ask(scanned, "queue", "add", "--playlist", "liked").out == "added 1, 4 entries\n"
        assert ask(scanned, "queue", "add").code == 2
        shown = ask(scanned, "--json", "queue", "list").document["entries"]
        assert [Path(each["label"]).name[0] for each in shown] == ["P", "1", "2", "P"]


def test_problems_are_listed_and_make_ten(scanned: Stellatune) -> None:
    (scanned.place / "music" / "broken.flac").write_bytes(b"fLaC" + bytes(100))
    assert scanned("library", "scan").code == 10
    found = scanned("library", "problems")
    assert (found.code, "broken.flac" in found.out) == (10, True)
    (told,) = [
        each for each in scanned("--json", "library", "problems").document["problems"] if "flac" in each["plugin"]
    ]
    assert told["kind"] == "unreadable"


def test_a_database_that_is_damaged_is_set_aside_and_read_anew(scanned: Stellatune) -> None:
    scanned.ok("library", "like", "--search", "roads")
    database = Path(json.loads(scanned.ok("--json", "paths").out)["library"])
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tracks'").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    failed = scanned("library", "search", "sort:path")
    assert (failed.code, "is damaged" in failed.err) == (1, True)
    again = scanned.ok("library", "scan")
    assert "was damaged and is now library.db.corrupt-" in again.err
    assert "4 added" in again.out
    assert titles(scanned, "liked:yes") == ["Roads"]
