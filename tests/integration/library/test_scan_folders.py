"""What a scan makes of folders: links, circles, strange names, things that are no files, roots that are away, moves."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from host.app import ScanHost
from host.errors import LibraryBusy, LibraryFull, Usage
from host.library.ledger import Ledger
from host.library.scans import Scanning, Tally
from tests.e2e.audio import noise, write_wav
from tests.support.scanned import Shelf, frames_file, killer, strikes


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def counts(tally: Tally) -> tuple[int, int, int, int, int]:
    return (tally.added, tally.changed, tally.moved, tally.removed, tally.unchanged)


def test_each_file_is_found_once_however_links_lead_to_it(shelf: Shelf) -> None:
    music = shelf.music
    frames_file(music / "one/a.frames")
    frames_file(music / "two/b.frames")
    outside = shelf.place / "outside"
    frames_file(outside / "c.frames")
    (music / "one/up").symlink_to(music)
    (music / "one/self.frames").symlink_to(music / "one")
    (music / "two/again").symlink_to(music / "one")
    (music / "else").symlink_to(outside)
    (music / "two/d.frames").symlink_to(outside / "c.frames")
    (music / "nowhere.frames").symlink_to(music / "none")
    (music / "circle.frames").symlink_to(music / "circle.frames")
    assert shelf.scan().added == 4
    assert list(shelf.tracks()) == ["else/c.frames", "one/a.frames", "two/b.frames", "two/d.frames"]
    assert counts(shelf.scan()) == (0, 0, 0, 0, 4)


def test_a_link_to_a_folder_that_was_read_adds_nothing(shelf: Shelf) -> None:
    frames_file(shelf.music / "real/a.frames")
    (shelf.music / "link").symlink_to(shelf.music / "real")
    assert shelf.scan().added == 1
    assert list(shelf.tracks()) == ["real/a.frames"]


def test_a_folder_elsewhere_that_several_links_lead_to_is_read_once(shelf: Shelf, tmp_path: Path) -> None:
    """And one that leads back into itself ends."""
    elsewhere = tmp_path / "elsewhere"
    frames_file(elsewhere / "a.frames")
    (elsewhere / "again").symlink_to(elsewhere)
    for name in ("first", "second"):
        (shelf.music / name).symlink_to(elsewhere)
    assert shelf.scan().added == 1
    assert [Path(name).name for name in shelf.tracks()] == ["a.frames"]


def test_where_what_is_wrong_with_one_file_cannot_be_written_the_others_are_closed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is looked at after each test."""

    async def full(_ledger: Ledger, _problem: object) -> None:
        raise LibraryFull("no room is left", remedy="make room")

    frames_file(shelf.music / "a.frames")
    (shelf.music / "b.frames").touch()
    monkeypatch.setattr(Ledger, "problem", full)
    with pytest.raises(LibraryFull):
        shelf.scan()


def test_what_is_no_file_of_music_is_left_alone(shelf: Shelf) -> None:
    music = shelf.music
    os.mkfifo(music / "pipe.frames")
    (music / "folder.frames").mkdir()
    frames_file(music / "folder.frames/a.frames")
    frames_file(music / ".hidden/b.frames")
    frames_file(music / ".c.frames")
    (music / "notes.txt").write_text("no music")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(music / "door.frames"))
        assert shelf.scan().added == 1
    assert list(shelf.tracks()) == ["folder.frames/a.frames"]
    assert shelf.warnings == []


def test_names_of_any_bytes_are_found_again(shelf: Shelf) -> None:
    names = [b"\xff\xfe.frames", b"new\nline.frames", b"tab\t.frames", "\u00fc\u20ac.frames".encode(), b" .frames"]
    for name in names:
        frames_file(Path(os.fsdecode(bytes(shelf.music) + b"/" + name)))
    frames_file(Path(os.fsdecode(bytes(shelf.music) + b"/\xc3\x28/a.frames")))
    assert shelf.scan().added == 6
    assert counts(shelf.scan()) == (0, 0, 0, 0, 6)
    assert {os.fsencode(name) for name in shelf.tracks()} == {*names, b"\xc3\x28/a.frames"}


def test_an_empty_file_is_a_problem_and_a_vanished_one_none(shelf: Shelf) -> None:
    (shelf.music / "empty.frames").touch()
    assert shelf.scan().problems == 1
    (problem,) = shelf.problems()
    assert "empty" in problem.reason
    assert (shelf.scan().known_problems, len(shelf.problems())) == (1, 1)
    (shelf.music / "empty.frames").unlink()
    shelf.scan()
    assert shelf.problems() == []


def test_a_move_keeps_the_track_and_reads_nothing(shelf: Shelf) -> None:
    for name in ("a", "b", "c"):
        frames_file(shelf.music / f"old/{name}.frames")
    shelf.scan()
    before = shelf.tracks()
    (shelf.music / "old").rename(shelf.music / "new")
    (shelf.music / "new/a.frames").rename(shelf.music / "z.frames")
    tally = shelf.scan()
    assert (counts(tally), tally.read) == ((0, 0, 3, 0, 0), 0)
    after = shelf.tracks()
    assert sorted(after) == ["new/b.frames", "new/c.frames", "z.frames"]
    assert after["new/b.frames"] in before.values()
    assert sorted(after.values()) == sorted(before.values())


def test_a_copy_of_the_same_size_and_time_is_a_track_of_its_own(shelf: Shelf) -> None:
    path = frames_file(shelf.music / "a.frames")
    shelf.scan()
    before = shelf.tracks()
    os.link(path, shelf.music / "b.frames")
    assert counts(shelf.scan()) == (1, 0, 0, 0, 1)
    assert shelf.tracks()["a.frames"] == before["a.frames"]


def test_changed_and_gone_and_full(shelf: Shelf) -> None:
    for name in ("a", "b", "c"):
        frames_file(shelf.music / f"{name}.frames")
    shelf.scan()
    before = shelf.tracks()
    frames_file(shelf.music / "a.frames", 12345)
    (shelf.music / "b.frames").unlink()
    assert counts(shelf.scan()) == (0, 1, 0, 1, 1)
    assert shelf.tracks() == {name: before[name] for name in ("a.frames", "c.frames")}
    assert counts(shelf.scan(full=True)) == (0, 2, 0, 0, 0)
    assert shelf.tracks() == {name: before[name] for name in ("a.frames", "c.frames")}


@pytest.mark.parametrize("how", ["missing", "empty", "a file"])
def test_a_root_that_is_away_keeps_its_tracks(shelf: Shelf, how: str) -> None:
    frames_file(shelf.music / "a.frames")
    shelf.scan()
    before = shelf.tracks()
    shelf.music.rename(shelf.place / "away")
    if how == "empty":
        shelf.music.mkdir()
    elif how == "a file":
        shelf.music.touch()
    assert counts(shelf.scan()) == (0, 0, 0, 0, 0)
    assert shelf.tracks() == before
    (warning,) = shelf.warnings
    assert str(shelf.music) in warning
    assert "is kept" in warning


def test_a_folder_that_cannot_be_read_keeps_its_tracks(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read all: the system's answer is put in its place."""
    frames_file(shelf.music / "locked/a.frames")
    frames_file(shelf.music / "open/b.frames")
    shelf.scan()
    real = os.open

    def refuses(path: object, *rest: int, **more: int) -> int:
        if isinstance(path, bytes) and path.endswith(b"/locked"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuses)
    assert counts(shelf.scan()) == (0, 0, 0, 0, 1)
    assert list(shelf.tracks()) == ["locked/a.frames", "open/b.frames"]
    assert ["locked: Permission denied" in warning for warning in shelf.warnings] == [True]


def test_excluded_folders_and_roots_within_roots(shelf: Shelf) -> None:
    for name in ("in/a", "out/b", "out/c/d"):
        frames_file(shelf.music / f"{name}.frames")
    with shelf.store() as store:
        store.exclude(shelf.music / "out")
    assert shelf.scan([shelf.music / "in", shelf.music]).added == 1
    with pytest.raises(Usage, match="lies in no root"):
        shelf.scan([shelf.place])
    with shelf.store() as store:
        store.include(shelf.music / "out")
    assert shelf.scan([shelf.music / "out/c"]).added == 1
    assert counts(shelf.scan()) == (1, 0, 0, 0, 2)


def test_the_picture_beside_the_music_is_its_cover(shelf: Shelf) -> None:
    for name in ("a", "b"):
        write_wav(shelf.music / f"{name}.wav", noise(1000))
    (shelf.music / "Front.PNG").write_bytes(b"worse")
    (shelf.music / "cover.jpg").write_bytes(b"a picture")
    shelf.scan()
    assert list(shelf.covers.kept.values()) == [b"a picture"]
    with shelf.store() as store:
        assert store.database.rows("SELECT DISTINCT cover FROM tracks") == [(next(iter(shelf.covers.kept)),)]


def test_a_second_scan_at_the_same_time_says_so(shelf: Shelf) -> None:
    path = killer(shelf.music / "stands.frames", "deadlock", times=1)

    async def another(host: ScanHost, _scanning: Scanning) -> None:
        with shelf.store() as store, pytest.raises(LibraryBusy, match="another scan or watch is at work"):
            async with Scanning(store, shelf.covers, host.runtime, host.bus, host.config_of, print, host.at_work):
                pass
        while not strikes(path):
            await asyncio.sleep(0.005)
        for worker in host.runtime.workers():
            worker.terminate()

    assert shelf.scan(during=another).added == 1


class Enough(Exception):
    """Ends a scan."""


def test_a_scan_that_is_cancelled_keeps_what_it_has_read(shelf: Shelf) -> None:
    for number in range(5):
        write_wav(shelf.music / f"{number}.wav", noise(100))
    path = killer(shelf.music / "stands.frames", "deadlock")

    async def cancel(_host: ScanHost, scanning: Scanning) -> None:
        while scanning.scan is None or not strikes(path) or scanning.scan.tally.read < 5:
            await asyncio.sleep(0.005)
        raise Enough

    with pytest.raises(Enough):
        shelf.scan(during=cancel)
    assert len(shelf.tracks()) == 5
    assert shelf.problems() == []
    assert (shelf.place / "library.db.in-flight").read_bytes() == b""


def test_a_copy_of_what_lies_in_a_root_that_is_away_is_another_track(shelf: Shelf) -> None:
    stick = shelf.place / "stick"
    original = frames_file(stick / "a.frames")
    with shelf.store() as store:
        store.add_root(stick)
    shelf.scan()
    copy = frames_file(shelf.music / "copy.frames")
    os.utime(copy, ns=(0, original.stat().st_mtime_ns))
    stick.rename(shelf.place / "away")
    assert counts(shelf.scan()) == (1, 0, 0, 0, 0), "it is a copy, and nothing was moved"
    (shelf.place / "away").rename(stick)
    assert counts(shelf.scan()) == (0, 0, 0, 0, 2)


def test_progress_is_told_while_a_scan_is_under_way(shelf: Shelf) -> None:
    frames_file(shelf.music / "a.frames")

    async def seen(_host: ScanHost, scanning: Scanning) -> None:
        async with asyncio.timeout(30):
            while scanning.progress() is None:
                await asyncio.sleep(0.001)
            while scanning.progress() is not None:
                await asyncio.sleep(0.001)

    assert shelf.scan(during=seen).added == 1
