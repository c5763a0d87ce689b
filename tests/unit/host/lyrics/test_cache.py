"""The cache: hits, misses, choices, their age, and a file that is no cache."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from host.lyrics import cache as module
from host.lyrics.cache import HIT_S, MISS_S, VERSION, Cached, LyricsCache

T = TypeVar("T")
HIT = Cached("online", "[00:01]x", "Artist - Title")
MISS = Cached("other", None)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1e9

    def __call__(self) -> float:
        return self.now_s


def run(body: Coroutine[None, None, T]) -> T:
    return asyncio.run(body)


def test_what_was_answered_is_remembered_for_its_time(tmp_path: Path) -> None:
    clock = Clock()
    cache = LyricsCache(tmp_path / "new", now_s=clock)

    async def body() -> None:
        assert await cache.answers("key") == ()
        await cache.remember("key", HIT)
        await cache.remember("key", MISS)
        await cache.remember("another", Cached("online", ""))
        assert await cache.answers("key") == (HIT, MISS)
        assert await LyricsCache(tmp_path / "new", now_s=clock).answers("key") == (HIT, MISS)
        clock.now_s += MISS_S + 1
        assert await cache.answers("key") == (HIT,)
        clock.now_s += HIT_S - MISS_S
        assert await cache.answers("key") == ()
        clock.now_s -= 10 * HIT_S
        assert await cache.answers("key") == (), "a clock that went back makes nothing young again"

    run(body())


def test_a_choice_comes_first_replaces_another_and_never_grows_old(tmp_path: Path) -> None:
    clock = Clock()
    cache = LyricsCache(tmp_path, now_s=clock)
    first, second = Cached("z", "one", chosen=True), Cached("b", "two", "A - B", of_file=True, chosen=True)

    async def body() -> None:
        await cache.remember("key", HIT)
        await cache.remember("key", first)
        assert (await cache.answers("key"))[0] == first
        await cache.remember("key", second)
        clock.now_s += HIT_S / 2
        answers = await cache.answers("key")
        assert answers[0] == second
        assert [each.chosen for each in answers] == [True, False, False]
        clock.now_s += 10 * HIT_S
        assert await cache.answers("key") == (second,)
        await cache.forget("key")
        assert await cache.answers("key") == ()

    run(body())


@pytest.mark.parametrize("bound", ["MAX_ROWS", "MAX_BYTES"])
def test_it_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(module, bound, 20 if bound == "MAX_ROWS" else 200_000)
    clock = Clock()
    cache = LyricsCache(tmp_path, now_s=clock)

    async def body() -> None:
        await cache.remember("chosen", Cached("x", "mine", chosen=True))
        for index in range(60):
            clock.now_s += 1
            await cache.remember(str(index), Cached("x", "w" * 10_000))
        assert await cache.answers("0") == ()
        assert len(await cache.answers("59")) == len(await cache.answers("chosen")) == 1
        with closing(sqlite3.connect(cache.path)) as db:
            assert 2 < db.execute("SELECT COUNT(*) FROM answer").fetchone()[0] <= 21

    run(body())


@pytest.mark.parametrize("rubbish", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_is_set_aside_and_begun_anew(tmp_path: Path, rubbish: bytes) -> None:
    told: list[str] = []
    cache = LyricsCache(tmp_path, told.append)
    cache.path.write_bytes(rubbish)
    run(cache.remember("key", HIT))
    assert run(cache.answers("key")) == (HIT,)
    assert cache.path.with_suffix(".damaged").read_bytes() == rubbish
    assert told == []


def test_one_of_a_newer_host_is_left_alone(tmp_path: Path) -> None:
    told: list[str] = []
    cache = LyricsCache(tmp_path, told.append)
    with closing(sqlite3.connect(cache.path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = cache.path.read_bytes()
    run(cache.remember("key", HIT))
    assert run(cache.answers("key")) == ()
    assert cache.path.read_bytes() == before
    assert len(told) == 1 and "newer version" in told[0]


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    told: list[str] = []
    cache = LyricsCache(tmp_path / "file" / "folder", told.append)
    run(cache.remember("key", HIT))
    assert run(cache.answers("key")) == ()
    assert len(told) == 1 and "not remembered" in told[0]


def test_one_that_is_locked_costs_a_moment_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOCKED_S", 0.05)
    told: list[str] = []
    cache = LyricsCache(tmp_path, told.append)
    run(cache.remember("key", HIT))
    with closing(sqlite3.connect(cache.path)) as db:
        db.execute("BEGIN EXCLUSIVE")
        run(cache.remember("key", MISS))
        assert run(cache.answers("key")) == (HIT,), "readers are not held up"
        db.rollback()
    assert len(told) == 1 and "locked" in told[0]
    run(cache.remember("key", MISS))
    assert run(cache.answers("key")) == (HIT, MISS)
