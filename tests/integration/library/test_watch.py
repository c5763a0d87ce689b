"""Whatever happens beneath the roots, the library is soon as they are; renames keep the tracks."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from host.library import watch as watching
from host.library.scans import Tally
from tests.support.scanned import Shelf, frames_file

WITHIN_S = 30.0


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(watching, "QUIET_S", 0.05)
    return Shelf(tmp_path)


def there(shelf: Shelf) -> list[str]:
    """What is in the roots by now."""
    return sorted(str(path.relative_to(shelf.music)) for path in shelf.music.rglob("*.frames"))


async def agrees(shelf: Shelf) -> None:
    """Returns once the library holds what is there."""
    async with asyncio.timeout(WITHIN_S):
        while list(shelf.tracks()) != there(shelf):
            await asyncio.sleep(0.01)


def test_a_burst_of_copies_moves_and_deletions(shelf: Shelf) -> None:
    source = frames_file(shelf.place / "source.frames")

    async def burst(tallies: list[Tally]) -> None:
        while not tallies:
            await asyncio.sleep(0.01)
        for number in range(120):
            folder = shelf.music / f"in/{number % 10}"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / f"{number}.frames")
            os.utime(folder / f"{number}.frames", ns=(number, number))
        await agrees(shelf)
        ids.update(shelf.tracks())
        (shelf.music / "in/3").rename(shelf.music / "moved")
        for number in range(4, 120, 10):
            (shelf.music / f"in/4/{number}.frames").rename(shelf.music / f"{number}.frames")
        shutil.rmtree(shelf.music / "in/5")
        (shelf.music / "in/6/6.frames").unlink()
        frames_file(shelf.music / "in/7/7.frames", 4321)
        await agrees(shelf)

    ids: dict[str, int] = {}
    tallies = shelf.watch(burst)
    assert len(ids) == 120
    after = shelf.tracks()
    assert len(after) == 107
    assert all(after[name.replace("in/3", "moved")] == ids[name] for name in ids if name.startswith("in/3/"))
    assert all(after[name.rpartition("/")[2]] == ids[name] for name in ids if name.startswith("in/4/"))
    assert sum(tally.read for tally in tallies) < 120 + 107, "everything was read again"
    assert shelf.warnings == []


def test_a_root_that_comes_and_goes(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_S", 0.1)
    frames_file(shelf.music / "a.frames")
    other = shelf.place / "other"
    frames_file(other / "b.frames")

    async def changes(tallies: list[Tally]) -> None:
        while not tallies:
            await asyncio.sleep(0.01)
        shelf.music.rename(shelf.place / "away")
        while not any("is kept" in warning for warning in shelf.warnings):
            await asyncio.sleep(0.01)
        (shelf.place / "away").rename(shelf.music)
        frames_file(shelf.music / "c.frames")
        with shelf.store() as store:
            store.add_root(other)
        async with asyncio.timeout(WITHIN_S):
            while len(shelf.tracks()) < 3:
                await asyncio.sleep(0.01)

    shelf.watch(changes)
    assert len(shelf.tracks()) == 3


def test_what_is_polled_is_found_too_and_told_once(shelf: Shelf) -> None:
    async def changes(tallies: list[Tally]) -> None:
        while not tallies:
            await asyncio.sleep(0.01)
        for name in "ab":
            frames_file(shelf.music / f"{name}.frames")
        await agrees(shelf)
        (shelf.music / "a.frames").unlink()
        await agrees(shelf)

    shelf.watch(changes, poll_s=0.1)
    (warning,) = shelf.warnings
    assert "is looked at every 0.1 s: as was asked for" in warning


def test_a_root_without_a_watch_is_polled(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from host.library.tripwire import Tripwire

    def refuses(_self: Tripwire, _root: Path) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(Tripwire, "watch", refuses)
    monkeypatch.setattr(watching, "POLL_S", 0.1)

    async def changes(_tallies: list[Tally]) -> None:
        frames_file(shelf.music / "a.frames")
        await agrees(shelf)

    shelf.watch(changes)
    (warning,) = shelf.warnings
    assert "inotify watch limit reached" in warning
    assert "fs.inotify.max_user_watches" in warning
