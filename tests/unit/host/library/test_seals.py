"""Seals on folders: written where they are true, broken by every change of a track in the folder and by no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.library import FileStamp, Store
from host.library.facts import folder_of
from host.library.seals import Seals, seal_of
from tests.unit.host.library.store_filled import track

ODD = os.fsdecode(b"caf\xe9 [1, 2].flac")
STAMP = (1000, 1_700_000_000_000_000_001)


def seal(*names: str) -> bytes:
    return seal_of(sorted(names), [STAMP[0]] * len(names), [STAMP[1]] * len(names))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "library.db") as made:
        made.add_root(Path("/music"))
        made.put([track(f"/music/a/{name}") for name in ("x.flac", "y.flac", ODD)])
        made.put([track("/music/a/deep/z.flac"), track("/music/b/z.flac")])
        yield made


@pytest.fixture
def seals(store: Store) -> Seals:
    made = Seals(store.database)
    true = {b"/music/a/": seal("x.flac", "y.flac", ODD), b"/music/a/deep/": seal("z.flac")}
    assert made.put(true) == 2
    assert made.beneath([b"/music"]) == (true, 5)
    return made


def test_what_is_not_so_is_not_sealed(store: Store) -> None:
    seals = Seals(store.database)
    wrong = {
        b"/music/a/": seal("x.flac", "y.flac"),
        b"/music/a/deep/": seal("z.flac", "more.flac"),
        b"/music/b/": seal_of(["z.flac"], [STAMP[0]], [STAMP[1] + 1]),
        b"/music/c/": seal("z.flac"),
        b"/music/": seal("z.flac"),
    }
    assert seals.put(wrong) == 0
    assert seals.beneath([b"/music"]) == ({}, 5)


def test_only_what_lies_in_the_folders_is_told(store: Store, seals: Seals) -> None:
    store.put([track("/musicals/x.flac")])
    assert seals.put({b"/musicals/": seal("x.flac")}) == 1
    assert seals.beneath([b"/music/a/deep", b"/musicals"]) == (
        {b"/music/a/deep/": seal("z.flac"), b"/musicals/": seal("x.flac")},
        2,
    )
    assert seals.beneath([b"/"]).tracks == 6


CHANGES: dict[str, Callable[[Store], object]] = {
    "a track comes": lambda store: store.put([track("/music/a/new.flac")]),
    "a track has another size": lambda store: store.put([track("/music/a/x.flac", size_bytes=1)]),
    "a track has another time": lambda store: store.touch([(Path("/music/a/x.flac"), FileStamp(STAMP[0], 5))]),
    "a track with an odd name goes": lambda store: store.remove([Path("/music/a", ODD)]),
    "a track moves in": lambda store: store.move(Path("/music/b/z.flac"), Path("/music/a/z.flac")),
    "a track moves out": lambda store: store.move(Path("/music/a/x.flac"), Path("/music/b/x.flac")),
    "a track has another name": lambda store: store.move(Path("/music/a/x.flac"), Path("/music/a/X.flac")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_change_in_the_folder_breaks_its_seal_and_no_other(
    store: Store, seals: Seals, change: Callable[[Store], object]
) -> None:
    change(store)
    assert [*seals.beneath([b"/music"]).seals] == [b"/music/a/deep/"]


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.exclude(Path("/music/a")),
        lambda store: store.remove_root(Path("/music")),
        lambda store: store.move(Path("/music/a"), Path("/music/c")),
    ],
)
def test_what_becomes_of_a_whole_folder_breaks_all_in_it(
    store: Store, seals: Seals, change: Callable[[Store], object]
) -> None:
    change(store)
    assert seals.beneath([b"/music"]).seals == {}


def test_tracks_know_their_folder_wherever_they_moved(store: Store) -> None:
    store.move(Path("/music/b/z.flac"), Path("/music/a/moved.flac"))
    store.move(Path("/music/a"), Path("/music/deeper/down"))
    store.put([track("/music/deeper/down/moved.flac", size_bytes=1)])
    found = store.database.rows("SELECT path, folder FROM tracks")
    assert len(found) == 5
    assert all(folder == folder_of(path) for path, folder in found if isinstance(path, bytes))


def test_what_is_undone_has_broken_nothing(store: Store, seals: Seals) -> None:
    before = seals.beneath([b"/music"])
    with pytest.raises(ZeroDivisionError), store.batch():
        store.remove([Path("/music/a")])
        raise ZeroDivisionError
    assert seals.beneath([b"/music"]) == before


@pytest.mark.parametrize(
    "other",
    [
        seal_of(["a", "c"], [1, 2], [3, 4]),
        seal_of(["a", "b"], [1, 3], [3, 4]),
        seal_of(["a", "b"], [1, 2], [3, 5]),
        seal_of(["a", "b"], [2, 1], [3, 4]),
        seal_of(["a"], [1], [3]),
        seal_of(["a", "b/[1, 2]"], [1, 2], [3, 4]),
        seal_of([], [], []),
    ],
)
def test_other_files_have_another_seal(other: bytes) -> None:
    assert other != seal_of(["a", "b"], [1, 2], [3, 4])
