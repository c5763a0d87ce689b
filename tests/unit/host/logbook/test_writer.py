"""The log on disk: bounded in size, and never waited for, whatever the file system does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host.logbook import LogWriter, RotatingFile
from tests.support.waiting import until

LONG_S = 20.0


@contextmanager
def writing(path: Path, *, max_bytes: int = 1 << 20, files: int = 3, room_lines: int = 1000) -> Iterator[LogWriter]:
    writer = LogWriter(RotatingFile(path, max_bytes, files), room_lines)
    try:
        yield writer
    finally:
        writer.close(LONG_S)


def test_full_files_get_numbers_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "state" / "x.log"
    with writing(path, max_bytes=100) as writer:
        for number in range(40):
            writer.put(f"line {number:04}")  # ten bytes each
    files = [path, tmp_path / "state/x.log.1", tmp_path / "state/x.log.2"]
    assert sorted(path.parent.iterdir()) == sorted(files)
    assert all(file.stat().st_size == 100 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    kept = "".join(file.read_text() for file in reversed(files)).splitlines()
    assert kept == [f"line {number:04}" for number in range(10, 40)]
    with writing(path, max_bytes=100) as writer:  # the next host goes on where this one ended
        writer.put("line 0040")
    assert path.read_text() == "line 0040\n"


def test_what_is_moved_away_is_begun_anew_with_other_limits(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    with writing(path) as writer:
        writer.put("one")
        assert until(lambda: writer.counts().written == 1, LONG_S)
        path.rename(tmp_path / "old")
        writer.reopen(4, 1)
        writer.put("two")
        writer.put("three")
    assert (tmp_path / "old").read_text() == "one\n"
    assert path.read_text() == "three\n", "one file is kept, of four bytes or one line"


def test_nobody_waits_for_a_file_that_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)  # opening it waits for a reader
    with writing(path, room_lines=10) as writer:
        for number in range(100):
            writer.put(f"{number}")
        assert 89 <= writer.counts().dropped <= 90, "one may be in the thread's hands"
        writer.close(0.01)
        with path.open() as reader:
            heard = reader.read().splitlines()
    assert heard[0] == "0" or "missing" in heard[0]
    assert f"... {writer.counts().dropped} lines are missing here" in heard


def test_a_file_that_cannot_be_written_is_tried_again_and_the_gap_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    with writing(folder / "x.log") as writer:
        writer.put("lost")
        assert until(lambda: bool(writer.counts().problem), LONG_S)
        assert (writer.counts().written, writer.counts().dropped) == (0, 1)
        assert str(folder) in writer.counts().problem
        folder.unlink()
        writer.put("kept")
    assert (folder / "x.log").read_text() == "... 1 lines are missing here\nkept\n"
    assert writer.counts().problem == ""
