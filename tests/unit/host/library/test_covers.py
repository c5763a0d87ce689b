"""Covers: each stored once, whole or not at all, and swept when nobody has them."""

from __future__ import annotations

import hashlib
import os
import resource
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from host.errors import LibraryError, LibraryFull
from host.library import CoverFolder, Store
from tests.unit.host.library.store_filled import track

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)
JPEG = b"\xff\xd8\xff" + bytes(2000)


def test_a_picture_is_stored_once_under_its_hash(tmp_path: Path) -> None:
    covers = CoverFolder(tmp_path / "covers")
    name = covers.put(PNG)
    assert name == hashlib.sha256(PNG).hexdigest()
    assert covers.has(name)
    before = covers.path_of(name).stat().st_ino
    assert covers.put(PNG) == name
    assert covers.path_of(name).stat().st_ino == before
    assert covers.path_of(name).read_bytes() == PNG
    assert [each.name for each in covers.folder.iterdir()] == [name]


def test_what_is_no_picture_or_too_large_is_left_out(tmp_path: Path) -> None:
    covers = CoverFolder(tmp_path / "covers", max_bytes=len(PNG))
    assert [covers.put(each) for each in (b"", b"<svg/>", JPEG)] == [None, None, None]
    assert covers.put(PNG) is not None
    assert CoverFolder(tmp_path / "none", max_bytes=0).put(PNG) is None
    assert not (tmp_path / "none").exists()


def test_many_that_store_the_same_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    covers = CoverFolder(tmp_path / "covers")
    threads = [threading.Thread(target=covers.put, args=(PNG,)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.read_bytes() for each in covers.folder.iterdir()] == [PNG]


def test_without_room_nothing_is_left_of_it(tmp_path: Path) -> None:
    covers = CoverFolder(tmp_path / "covers")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises((LibraryFull, LibraryError), match=r"a cover cannot be stored: .*make room"):
            covers.put(PNG)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [*covers.folder.iterdir()] == []
    assert covers.put(PNG) is not None


def test_pictures_that_no_track_has_are_swept_when_they_are_old(tmp_path: Path) -> None:
    now_s = 1_800_000_000.0
    covers = CoverFolder(tmp_path / "covers", clock=lambda: now_s)
    used, unused, young = (covers.put(JPEG + bytes([number])) for number in range(3))
    assert used and unused and young
    half = covers.folder / ".half.1"
    half.write_bytes(b"half")
    for path in (covers.path_of(used), covers.path_of(unused), half):
        os.utime(path, (now_s - 7200, now_s - 7200))
    os.utime(covers.path_of(young), (now_s - 60, now_s - 60))
    with Store.open(tmp_path / "library.db") as store:
        store.put([replace(track("/music/a.flac"), cover=used)])
        assert covers.sweep(store.database) == 2
        assert {each.name for each in covers.folder.iterdir()} == {used, young}
        store.remove([Path("/music/a.flac")])
        assert covers.sweep(store.database) == 1
