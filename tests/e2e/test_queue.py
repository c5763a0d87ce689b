"""The queue of a running host, from a second terminal: edited, saved, loaded, and found again by the next host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import END_S, ask, asked, error_of, serving


def names(listed: dict[str, Any]) -> str:
    """The queue by the first letters of its files."""
    return "".join(Path(each["label"]).name[0] for each in listed["entries"])


def queue(stellatune: Stellatune) -> dict[str, Any]:
    return asked(stellatune, "queue", "list")


def test_a_queue_is_edited_saved_and_loaded(stellatune: Stellatune, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for name in "abcdef":
        write_wav(music / f"{name}.wav", noise(50))
    (tmp_path / "list.m3u").write_bytes(b"#EXTINF:1,Some\x1b[31mone - Title\rmusic\\a.wav\rmusic/gone.wav\r")
    with serving(stellatune):
        assert "0 entries" in ask(stellatune, "queue", "list").err
        assert ask(stellatune, "queue", "add", music).out == "added 6, 6 entries\n"
        partly = ask(stellatune, "queue", "insert", "--at", "3", tmp_path / "list.m3u")
        assert (partly.code, partly.out) == (6, "added 1, 7 entries\n")
        assert "gone.wav: no such file" in partly.err
        assert names(queue(stellatune)) == "abacdef"
        assert "    3 [7]  Some\ufffd[31mone - Title" in ask(stellatune, "queue", "list").out
        assert "removed 2, 5 entries" in ask(stellatune, "queue", "remove", "2", "7").out
        assert "moved 2" in ask(stellatune, "queue", "move", "4-5", "1").out
        assert names(queue(stellatune)) == "deaac"
        assert asked(stellatune, "queue", "mode", "--repeat", "all", "--consume")["modes"] == {
            "repeat": "all",
            "shuffle": False,
            "consume": True,
        }
        saved = tmp_path / "saved.xspf"
        assert str(saved) in ask(stellatune, "queue", "save", saved).out
        nothing = ask(stellatune, "queue", "load", tmp_path / "gone.m3u")
        assert (nothing.code, names(queue(stellatune))) == (5, "deaac")
        assert "removed 5" in ask(stellatune, "queue", "clear").out
        assert ask(stellatune, "queue", "load", saved).code == 0
        again = queue(stellatune)
        assert names(again) == "deaac"
        assert [each["title"] for each in again["entries"]].count("Title") == 1
        for words in (["remove", "9"], ["move", "--id", "99", "1"]):
            assert ask(stellatune, "queue", *words).code == 4
        assert error_of(ask(stellatune, "--json", "queue", "remove", "x"))["code"] == "usage"


def test_the_next_host_has_the_queue_however_the_last_one_ended(stellatune: Stellatune, tmp_path: Path) -> None:
    for name in "abc":
        write_wav(tmp_path / f"{name}.wav", noise(50))
    with serving(stellatune):
        ask(stellatune, "queue", "add", *(f"{name}.wav" for name in "abc"), tmp_path / "a.wav")
        ask(stellatune, "queue", "mode", "--shuffle")
    with serving(stellatune) as host:
        found = queue(stellatune)
        assert (names(found), found["modes"]["shuffle"]) == ("abca", True)
        ask(stellatune, "queue", "remove", "1")
        state = stellatune.place / "home" / "state" / "stellatune" / "queue.jsonl"
        while json.loads(state.read_bytes().split(b"\n")[0])["entries"] != 3:
            pass
        host.kill()
        host.wait(END_S)
    with serving(stellatune):
        again = queue(stellatune)
        assert names(again) == "bca"
        assert [each["id"] for each in again["entries"]] == [2, 3, 4]


def test_names_that_are_no_text_and_folders_full_of_files(stellatune: Stellatune, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1500):
        (folder / f"{number}.wav").touch()
    odd = tmp_path / "\udcff.wav"
    write_wav(tmp_path / "x.wav", noise(50)).rename(odd)
    with serving(stellatune):
        outcome = ask(stellatune, "queue", "add", odd, folder, *(folder / f"{number}.wav" for number in range(700)))
        assert outcome.out == "added 2201, 2201 entries\n"
        listed = queue(stellatune)
        assert [each["place"] for each in listed["entries"]] == list(range(1, 2202))
        assert [Path(each["label"]).name for each in listed["entries"][1:4]] == ["0.wav", "1.wav", "2.wav"]
        assert asked(stellatune, "queue", "list", "--first", "2200")["entries"] == listed["entries"][2199:]
        part = asked(stellatune, "queue", "list", "--first", "3", "--limit", "2")
        assert part["entries"] == listed["entries"][2:4]


def test_without_a_host_there_is_no_queue(stellatune: Stellatune) -> None:
    for words in ("list", "add x.wav"):
        assert stellatune("queue", *words.split()).code == 3
