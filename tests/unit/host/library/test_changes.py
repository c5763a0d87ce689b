"""What a walk makes of real folders, with seals and without: the library is as they are, whatever happened to them."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.library import FileStamp, Store
from host.library.changes import Changes, Fresh, Gone, Moved
from host.library.facts import mark_of_file
from host.library.seals import Seals
from host.library.walk import Walk
from tests.unit.host.library.store_filled import track

ROUNDS = 150


class Shelf:
    """Folders, and a library whose scans read nothing: what is new is put in as it is."""

    def __init__(self, place: Path, store: Store) -> None:
        self.music = place / "music"
        self.music.mkdir()
        self._store = store
        self._seals = Seals(store.database)
        self._root = bytes(self.music)
        self.loads = 0
        #: Files that are never read, with their marks.
        self.bad: dict[bytes, bytes] = {}
        self.warnings: list[str] = []

    def file(self, name: str, size_bytes: int = 1, mtime_ns: int = 1) -> Path:
        path = self.music / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size_bytes))
        os.utime(path, ns=(0, mtime_ns))
        return path

    def scan(self) -> Counter[type]:
        """What was found, kind by kind; under ``int`` what was as before."""
        walk = Walk([self._root], [], frozenset({"flac"}), self.warnings.append, [self._root])
        roots = (self._root,)
        changes = Changes(walk, roots, roots, self._seals, self._load, self.bad.keys(), self.bad, frozenset())
        found = [*changes.all()]
        for each in found:
            match each:
                case Gone(path):
                    self._store.remove([_path(path)])
                case Moved(old, new):
                    self._store.move(_path(old), _path(new))
                case Fresh(path, size_bytes, mtime_ns):
                    self._store.put([track(_path(path), size_bytes=size_bytes)])
                    self._store.touch([(_path(path), FileStamp(size_bytes, mtime_ns))])
        self._seals.put(changes.to_seal)
        return Counter({int: changes.unchanged}) + Counter(type(each) for each in found)

    def _load(self) -> set[bytes]:
        self.loads += 1
        return self._store.known_marks(self.music)

    def there(self) -> set[bytes]:
        found = [path for path in self.music.rglob("*.flac") if path.is_file()]
        return {mark_of_file(bytes(path), (facts := path.stat()).st_size, facts.st_mtime_ns) for path in found}

    def known(self) -> set[bytes]:
        return self._store.known_marks(self.music)


def _path(name: bytes) -> Path:
    return Path(os.fsdecode(name))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Store.open(tmp_path / "library.db") as store:
        yield Shelf(tmp_path, store)


def test_tracks_of_unchanged_folders_are_not_even_read(shelf: Shelf) -> None:
    for name in ("a.flac", "one/b.flac", "one/two/c.flac", "one/d.flac", os.fsdecode(b"\xe9/\xff.flac")):
        shelf.file(name)
    assert shelf.scan() == {Fresh: 5}
    shelf.loads = 0
    assert [shelf.scan(), shelf.scan()] == [{int: 5}, {int: 5}]
    assert shelf.loads == 0


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda shelf: shelf.file("one/b.flac", 1, 2), {Fresh: 1, int: 3}),
        (lambda shelf: shelf.file("one/b.flac", 2, 1), {Fresh: 1, int: 3}),
        (lambda shelf: (shelf.music / "one/b.flac").unlink(), {Gone: 1, int: 3}),
        (lambda shelf: (shelf.music / "only/d.flac").unlink(), {Gone: 1, int: 3}),
        (lambda shelf: (shelf.music / "only").rename(shelf.music.with_name("away")), {Gone: 1, int: 3}),
        (lambda shelf: (shelf.music / "one").rename(shelf.music / "other"), {Moved: 2, int: 2}),
        (lambda shelf: (shelf.music / "only").rename(shelf.music / "one/only"), {Moved: 1, int: 3}),
        (lambda shelf: shelf.file("new.flac", 7), {Fresh: 1, int: 4}),
    ],
)
def test_a_change_beside_sealed_folders_is_found(
    shelf: Shelf, change: Callable[[Shelf], object], found: dict[type, int]
) -> None:
    for number, name in enumerate(("a.flac", "one/b.flac", "one/c.flac", "only/d.flac"), start=10):
        shelf.file(name, 1, number)
    shelf.scan()
    assert shelf.scan() == {int: 4}
    change(shelf)
    assert shelf.scan() == found
    assert shelf.known() == shelf.there()
    assert shelf.scan() == {int: len(shelf.there())}


def test_a_root_that_was_emptied_keeps_sealed_tracks(shelf: Shelf) -> None:
    shelf.file("one/a.flac")
    shelf.scan()
    shelf.music.rename(shelf.music.with_name("away"))
    shelf.music.mkdir()
    before = shelf.known()
    assert shelf.scan() == {}
    assert (shelf.known(), len(shelf.warnings)) == (before, 1)


def test_a_bad_file_costs_a_look_into_its_folder_and_no_more(shelf: Shelf) -> None:
    shelf.file("one/a.flac")
    shelf.file("one/two/b.flac")
    bad = shelf.file("one/bad.flac", 3, 3)
    shelf.bad[bytes(bad)] = mark_of_file(bytes(bad), 3, 3)
    assert shelf.scan() == {Fresh: 2}
    shelf.loads = 0
    assert [shelf.scan(), shelf.scan()] == [{int: 2}, {int: 2}]
    bad.rename(shelf.music.with_name("away"))
    assert shelf.scan() == {Gone: 1, int: 2}
    del shelf.bad[bytes(bad)]
    assert shelf.scan() == {int: 2}
    assert shelf.loads == 0
    shelf.file("one/bad.flac", 3, 4)
    assert shelf.scan() == {Fresh: 1, int: 2}
    assert (shelf.loads, shelf.known()) == (1, shelf.there())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_any_changes_the_library_is_as_the_folders_are(shelf: Shelf, seed: int) -> None:
    rng = random.Random(seed)
    folders = ("", "a/", "a/b/", "a b/", "c/")
    done: Counter[type] = Counter()
    for number in range(ROUNDS):
        for _ in range(rng.choice((0, 1, 1, 3))):
            name = rng.choice(folders) + rng.choice(("x", "y", "z")) + ".flac"
            there = sorted(path for path in shelf.music.rglob("*.flac"))
            if there and rng.random() < 0.3:
                rng.choice(there).unlink()
            elif there and rng.random() < 0.4:
                target = shelf.music / name
                target.parent.mkdir(parents=True, exist_ok=True)
                rng.choice(there).rename(target)
            else:
                shelf.file(name, rng.choice((1, 2)), rng.choice((1, 2, number)))
        if not any(shelf.music.rglob("*.flac")):
            shelf.file("x.flac")
        done += shelf.scan()
        assert shelf.known() == shelf.there()
    assert min(done[kind] for kind in (Fresh, Moved, Gone, int)) > 10
    assert shelf.loads < ROUNDS
