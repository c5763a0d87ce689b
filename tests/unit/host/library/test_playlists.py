"""Playlists: their order against a plain list, through any changes; what is liked stays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.errors import NotFound, Usage
from host.library import LIKED, Playlists, Store
from host.media import Tags
from tests.unit.host.library.store_filled import track


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "library.db") as made:
        yield made


def names(lists: Playlists, name: str) -> list[str]:
    return [each.path.name for each in lists.entries(name)]


def test_the_order_is_that_of_a_list_through_a_thousand_changes(store: Store) -> None:
    lists, seed = Playlists(store.database), random.randrange(2**32)
    model: list[str] = []
    rng = random.Random(seed)
    lists.create("mix")
    made = 0
    with store.batch():
        for _ in range(1000):
            choice = rng.random()
            if choice < 0.2 or len(model) < 3:
                fresh = [f"{made + number}" for number in range(rng.randint(1, 3))]
                made += len(fresh)
                lists.add("mix", [Path("/music") / each for each in fresh])
                model += fresh
            elif choice < 0.3:
                places = rng.sample(range(1, len(model) + 1), 2)
                lists.remove("mix", places)
                model = [each for place, each in enumerate(model, 1) if place not in places]
            else:
                # Always between the same two, so that the room there runs out.
                places, to = rng.sample(range(1, len(model) + 1), 2), 2
                lists.move("mix", places, to)
                moving = [model[place - 1] for place in places]
                rest = [each for place, each in enumerate(model, 1) if place not in places]
                model = [*rest[: to - 1], *moving, *rest[to - 1 :]]
            assert names(lists, "mix") == model, seed
    assert made > 100


def test_a_move_changes_one_row(store: Store) -> None:
    lists = Playlists(store.database)
    lists.create("mix")
    lists.add("mix", [Path(f"/music/{number}") for number in range(1000)])
    before = set(store.database.rows("SELECT id, place FROM entries"))
    lists.move("mix", [900], 2)
    assert len(before - set(store.database.rows("SELECT id, place FROM entries"))) == 1
    assert names(lists, "mix")[:3] == ["0", "899", "1"]


def test_entries_follow_files_and_outlive_them(store: Store) -> None:
    lists = Playlists(store.database)
    store.put([track("/music/a/1.flac", Tags(title="One")), track("/music/a/2.flac", Tags(title="Two"))])
    lists.create("mix")
    lists.add("mix", [Path("/music/a/1.flac"), Path("/music/a/2.flac"), Path("/music/a/1.flac")])
    store.move(Path("/music/a"), Path("/music/b"))
    assert [(each.place, str(each.path), each.track and each.track.title) for each in lists.entries("mix")] == [
        (1, "/music/b/1.flac", "One"),
        (2, "/music/b/2.flac", "Two"),
        (3, "/music/b/1.flac", "One"),
    ]
    store.remove([Path("/music/b/1.flac")])
    assert [each.track and each.track.title for each in lists.entries("mix")] == [None, "Two", None]
    store.put([track("/music/b/1.flac", Tags(title="Again"))])
    assert [each.track and each.track.title for each in lists.entries("mix")] == ["Again", "Two", "Again"]
    assert [(each.name, each.entries, each.duration_ms) for each in lists.all()] == [(LIKED, 0, 0), ("mix", 3, 600_000)]


def test_what_is_liked_is_there_once_and_always(store: Store) -> None:
    lists = Playlists(store.database)
    assert lists.like([Path("/a"), Path("/b"), Path("/a")]) == 2
    assert lists.like([Path("/b"), Path("/c")]) == 1
    assert lists.unlike([Path("/a"), Path("/x")]) == 1
    assert names(lists, LIKED) == ["b", "c"]
    with pytest.raises(Usage, match="stays"):
        lists.delete("LIKED")
    assert names(lists, LIKED) == ["b", "c"]


def test_what_is_not_there_is_named_and_changes_nothing(store: Store) -> None:
    lists = Playlists(store.database)
    lists.create("mix")
    lists.add("mix", [Path("/a"), Path("/b")])
    with pytest.raises(NotFound, match="no playlist other"):
        lists.add("other", [Path("/a")])
    with pytest.raises(NotFound, match="no playlist"):
        lists.entries("\udcff")
    with pytest.raises(NotFound, match="no entry at place 3 of mix, which has 2"):
        lists.remove("mix", [1, 3])
    with pytest.raises(NotFound, match="no entry at place 0"):
        lists.move("mix", [0], 1)
    with pytest.raises(Usage, match="exists already"):
        lists.create("MIX")
    for wrong in ("", "  ", "a\nb", "x" * 300):
        with pytest.raises(Usage, match="is no name"):
            lists.create(wrong)
    assert names(lists, "mix") == ["a", "b"]
    lists.delete("mix")
    assert [each.name for each in lists.all()] == [LIKED]
    assert store.database.count("SELECT count(*) FROM entries") == 0
