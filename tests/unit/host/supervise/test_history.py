"""The crash history: what is added is found, whatever was torn, turned over or written at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host.jsontext import JsonObject
from host.supervise.history import ROTATE_BYTES, CrashHistory


def row(number: int, plugin: str = "a", size: int = 0) -> JsonObject:
    return {"plugin": plugin, "number": number, "text": "x" * size}


def numbers(rows: list[JsonObject]) -> list[object]:
    return [each["number"] for each in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "crashes.jsonl"


def test_rows_come_back_oldest_first_by_plugin_and_limit(path: Path) -> None:
    history = CrashHistory(path)
    assert history.rows(None, 10) == []
    for number in range(6):
        history.append(row(number, "ab"[number % 2]))
    assert numbers(history.rows(None, 10)) == [0, 1, 2, 3, 4, 5]
    assert numbers(history.rows(None, 2)) == [4, 5]
    assert numbers(history.rows("b", 2)) == [3, 5]
    assert history.rows("c", 2) == history.rows(None, 0) == []
    assert CrashHistory(path).rows("a", 1) == [row(4, "a")]


def test_a_full_file_is_turned_over_and_one_old_one_is_kept(path: Path) -> None:
    history = CrashHistory(path)
    size = 100_000
    for number in range(25):
        history.append(row(number, size=size))
    assert sorted(each.name for each in path.parent.iterdir()) == ["crashes.jsonl", "crashes.jsonl.1"]
    assert all(each.stat().st_size <= ROTATE_BYTES for each in path.parent.iterdir())
    kept = numbers(history.rows(None, 100))
    assert kept == list(range(25 - len(kept), 25))
    assert 10 < len(kept) < 25


def test_a_torn_line_costs_itself_only(path: Path) -> None:
    history = CrashHistory(path)
    history.append(row(1))
    with path.open("ab") as file:
        file.write(b'{"plugin": "a", "numb')
    history.append(row(2))
    with path.open("ab") as file:
        file.write(b"[1]\n\xff\xfe\nnull\n")
    history.append(row(3))
    assert numbers(history.rows(None, 10)) == [1, 2, 3]


def test_appends_at_the_same_time_lose_nothing(path: Path) -> None:
    """Over the turn of the file, from several threads with a history each."""
    writers, each = 8, 40
    size = 2 * ROTATE_BYTES // 3 // (writers * each)  # so that no row is turned out: less than one file in all

    def write(writer: int) -> None:
        history = CrashHistory(path)
        for number in range(each):
            history.append(row(writer * each + number, size=size))

    CrashHistory(path).append(row(-1, size=200_000))
    CrashHistory(path).append(row(-2, size=200_000))
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert (path.parent / "crashes.jsonl.1").exists()
    found = numbers(CrashHistory(path).rows(None, 1000))
    assert sorted(found, key=str) == sorted([-1, -2, *range(writers * each)], key=str)


def test_what_cannot_be_kept_is_said(path: Path) -> None:
    with pytest.raises(ValueError, match="at most"):
        CrashHistory(path).append(row(1, size=300_000))
    with pytest.raises(ValueError, match="JSON"):
        CrashHistory(path).append({"number": float("nan")})
    (path.parent.parent / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        CrashHistory(path.parent.parent / "file" / "crashes.jsonl").append(row(1))
