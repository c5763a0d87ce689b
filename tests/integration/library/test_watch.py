"""Whatever happens beneath the roots, the library is soon as they are; renames keep the tracks."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from host.library import Playlists, database
from host.library import watch as watching
from host.library.scans import Tally
from host.supervise import Watcher
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


def test_while_somebody_else_writes_it_waits_and_forgets_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = database._connect
    monkeypatch.setattr(watching, "BUSY_S", 0.02)
    monkeypatch.setattr(database, "_connect", lambda path, _ms, **how: connect(path, 300, **how))

    async def changes(tallies: list[Tally]) -> None:
        while not tallies:
            await asyncio.sleep(0.01)
        with closing(sqlite3.connect(shelf.database, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            frames_file(shelf.music / "a.frames")
            async with asyncio.timeout(WITHIN_S):
                while not shelf.warnings:
                    await asyncio.sleep(0.01)
            writer.execute("ROLLBACK")
        await agrees(shelf)

    shelf.watch(changes)
    (warning,) = shelf.warnings
    assert "the watch goes on when it can" in warning


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


def first_rest(rests: list[bool]) -> Callable[[list[Tally]], Awaitable[None]]:
    """Waits for the rest after the first scan."""

    async def rested(_tallies: list[Tally]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while True not in rests:
                await asyncio.sleep(0.01)

    return rested


async def first(tallies: list[Tally]) -> None:
    """Returns after the scan with which a watch begins."""
    while not tallies:
        await asyncio.sleep(0.01)


def test_what_is_hidden_excluded_or_a_link_is_for_a_watch_what_it_is_for_a_scan(shelf: Shelf) -> None:
    frames_file(shelf.music / "a/1.frames")
    frames_file(shelf.music / "b/2.frames")
    (shelf.music / "a/link").symlink_to(shelf.music / "b")
    for folder in ("talk/old", ".bin/files"):
        (shelf.music / folder).mkdir(parents=True)
    with shelf.store() as store:
        store.exclude(shelf.music / "talk")

    async def changes(tallies: list[Tally]) -> None:
        await first(tallies)
        frames_file(shelf.music / "talk/old/3.frames")
        frames_file(shelf.music / ".bin/files/4.frames")
        frames_file(shelf.music / "a/5.frames")
        async with asyncio.timeout(WITHIN_S):
            while "a/5.frames" not in shelf.tracks():
                await asyncio.sleep(0.01)

    shelf.watch(changes)
    assert list(shelf.tracks()) == ["a/1.frames", "a/5.frames", "b/2.frames"]
    assert shelf.scan().changes == 0


def test_a_copy_that_an_editor_leaves_and_a_bin_take_nothing_out_of_playlists(shelf: Shelf) -> None:
    saved = frames_file(shelf.music / "saved.frames")
    binned = frames_file(shelf.music / "binned.frames")
    moved = frames_file(shelf.music / "moved.frames")
    (shelf.music / ".bin").mkdir()
    with shelf.store() as store:
        Playlists(store.database).create("mine")
        Playlists(store.database).add("mine", [saved, binned, moved])

    async def changes(tallies: list[Tally]) -> None:
        await first(tallies)
        saved.rename(saved.with_name("saved.frames~"))
        frames_file(saved, 4321)
        binned.rename(shelf.music / ".bin/binned.frames")
        moved.rename(shelf.music / "between")
        (shelf.music / "between").rename(shelf.music / "there.frames")
        async with asyncio.timeout(WITHIN_S):
            while list(shelf.tracks()) != ["saved.frames", "there.frames"]:
                await asyncio.sleep(0.01)

    shelf.watch(changes)
    with shelf.store() as store:
        entries = [each.path for each in Playlists(store.database).entries("mine")]
    assert entries == [saved, binned, shelf.music / "there.frames"]


def test_a_root_that_is_taken_out_of_the_library_does_not_end_the_watch(shelf: Shelf) -> None:
    other = shelf.place / "other"
    frames_file(other / "a.frames")
    with shelf.store() as store:
        store.add_root(other)

    async def changes(tallies: list[Tally]) -> None:
        await first(tallies)
        with shelf.store() as store:
            store.remove_root(other)
        frames_file(other / "b.frames")
        frames_file(shelf.music / "c.frames")
        async with asyncio.timeout(WITHIN_S):
            while "c.frames" not in shelf.tracks():
                await asyncio.sleep(0.01)

    shelf.watch(changes)
    assert list(shelf.tracks()) == ["c.frames"]


def test_between_scans_nothing_is_looked_at(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[bool] = []
    monkeypatch.setattr(Watcher, "rest", lambda _, *, resting: rests.append(resting))
    shelf.watch(first_rest(rests))
    assert rests == [False, True]
