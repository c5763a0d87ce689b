"""The store: what is put in comes out, under any name, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.errors import NotFound, Usage
from host.library import FileStamp, Problem, ProblemKind, Search, Store
from host.media import Tags
from tests.unit.host.library.store_filled import track

MUSIC = Path("/music")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data" / "library.db") as made:
        yield made


def names(store: Store, root: Path = MUSIC) -> list[str]:
    return [os.fsdecode(path) for path, _, _ in store.known(root)]


def test_tracks_are_known_by_the_bytes_of_their_paths_in_order(store: Store) -> None:
    odd = os.fsdecode(b"/music/caf\xe9.flac")
    store.put([track("/music/b.flac"), track(odd), track("/music/a/z.flac"), track("/musicals/x.flac")])
    assert [*store.known(MUSIC)] == [
        (os.fsencode(path), 1000, 1_700_000_000_000_000_001) for path in ("/music/a/z.flac", "/music/b.flac", odd)
    ]
    assert len(names(store, Path("/"))) == 4


def test_a_track_that_is_put_again_keeps_its_id(store: Store) -> None:
    store.put([track("/music/a.flac"), track("/music/b.flac")])
    before = store.database.rows("SELECT id, added_s FROM tracks ORDER BY path")
    store.put([track("/music/a.flac", Tags(title="other"), size_bytes=7)])
    assert store.database.rows("SELECT id, added_s FROM tracks ORDER BY path") == before
    assert next(store.known(MUSIC))[1] == 7
    assert found(store, "other") == ["/music/a.flac"]
    assert found(store, "a") == ["/music/a.flac"]  # the file's name


def found(store: Store, word: str) -> list[str]:
    rows = store.database.rows(
        "SELECT path FROM tracks WHERE id IN (SELECT rowid FROM texts WHERE texts MATCH ?)", (word,)
    )
    return [os.fsdecode(row[0]) for row in rows if isinstance(row[0], bytes)]


def test_what_is_removed_is_found_no_more(store: Store) -> None:
    store.put([track("/music/a/one.flac"), track("/music/a/two.flac"), track("/music/b/three.flac")])
    assert store.remove([Path("/music/a"), Path("/music/nothing")]) == 2
    assert names(store) == ["/music/b/three.flac"]
    assert found(store, "one") == []
    assert found(store, "three") == ["/music/b/three.flac"]


def test_a_moved_folder_takes_its_tracks_along(store: Store) -> None:
    store.put([track("/music/a/one.flac"), track("/music/a/deep/two.flac"), track("/music/ab/three.flac")])
    ids = store.database.rows("SELECT id FROM tracks WHERE path < CAST('/music/ab' AS BLOB) ORDER BY id")
    assert store.move(Path("/music/a"), Path("/music/new")) == 2
    assert names(store) == ["/music/ab/three.flac", "/music/new/deep/two.flac", "/music/new/one.flac"]
    assert store.database.rows("SELECT id FROM tracks WHERE path >= CAST('/music/n' AS BLOB) ORDER BY id") == ids
    assert found(store, "folder:new AND two") == ["/music/new/deep/two.flac"]
    assert found(store, "folder:a") == []


def test_a_move_onto_a_known_track_replaces_it(store: Store) -> None:
    store.put([track("/music/a.flac", size_bytes=1), track("/music/b.flac", size_bytes=2)])
    assert store.move(Path("/music/a.flac"), Path("/music/b.flac")) == 1
    assert [(size, path) for path, size, _ in store.known(MUSIC)] == [(1, b"/music/b.flac")]


def test_a_batch_that_fails_leaves_nothing(store: Store) -> None:
    store.put([track("/music/kept.flac")])
    with pytest.raises(ZeroDivisionError), store.batch():
        store.put([track("/music/new.flac")])
        store.remove([Path("/music/kept.flac")])
        raise ZeroDivisionError
    assert names(store) == ["/music/kept.flac"]
    assert found(store, "new") == []


def test_known_is_a_view_of_one_moment(store: Store) -> None:
    store.put([track(f"/music/{number:03}.flac") for number in range(100)])
    going = store.known(MUSIC)
    next(going)
    store.remove([MUSIC])
    assert len([*going]) == 99
    assert names(store) == []


def test_roots_and_what_is_left_out(store: Store) -> None:
    store.add_root(MUSIC / "a")
    assert store.add_root(MUSIC) == [MUSIC / "a"]
    with pytest.raises(Usage, match="is within the root /music"):
        store.add_root(MUSIC / "b")
    with pytest.raises(Usage, match="is a root already"):
        store.add_root(MUSIC)
    store.put([track("/music/a/one.flac"), track("/music/b/two.flac")])
    assert store.exclude(MUSIC / "a") == 1
    assert store.excluded() == [MUSIC / "a"]
    store.include(MUSIC / "a")
    with pytest.raises(NotFound):
        store.include(MUSIC / "a")
    assert store.remove_root(MUSIC) == 1
    with pytest.raises(NotFound):
        store.remove_root(MUSIC)
    assert store.roots() == []


def test_touched_tracks_have_another_stamp(store: Store) -> None:
    store.put([track("/music/a.flac")])
    store.touch([(MUSIC / "a.flac", FileStamp(5, 6))])
    assert [*store.known(MUSIC)] == [(b"/music/a.flac", 5, 6)]


def test_problems_are_kept_by_file_and_decoder(store: Store) -> None:
    stamp = FileStamp(3, 4)
    bad = Problem(MUSIC / "bad.mp3", stamp, "stellatune.mpg123", "mpg123", "1", ProblemKind.CRASHED, "SIGSEGV")
    hung = Problem(MUSIC / "bad.mp3", stamp, "stellatune.ffmpeg", "ffmpeg", "1", ProblemKind.HUNG, "10 s")
    store.put_problems([bad, hung])
    store.put_problems([bad])
    assert store.problems() == [hung, bad]
    assert store.problems(Path("/other")) == []
    assert store.forget_problem(MUSIC / "bad.mp3") == 2
    assert store.problems(MUSIC) == []


def test_words_that_another_one_tidied_are_known_again_when_they_come_again(store: Store, tmp_path: Path) -> None:
    store.put([track("/music/a.flac", Tags(title="Nightingale"))])
    with Store.open(tmp_path / "data" / "library.db") as other:
        other.remove([MUSIC])
        other.tidy()
    store.put([track("/music/a.flac", Tags(title="Nightingale"))])
    assert [each.title for each in Search(store.database).find("nigtingale").tracks] == ["Nightingale"]


def test_words_of_a_batch_that_came_to_nothing_are_written_with_the_next(store: Store) -> None:
    with pytest.raises(RuntimeError), store.batch():
        store.put([track("/music/a.flac", Tags(title="Nightingale"))])
        raise RuntimeError
    store.put([track("/music/a.flac", Tags(title="Nightingale"))])
    assert [each.title for each in Search(store.database).find("nigtingale").tracks] == ["Nightingale"]
