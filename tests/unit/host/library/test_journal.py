"""What was in flight is found by the next one, and by nobody twice at a time."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from host.errors import LibraryBusy, LibraryError
from host.library.journal import Flight, Journal


def test_an_end_in_order_leaves_nothing_to_suspect(tmp_path: Path) -> None:
    journal = Journal.of(tmp_path / "db")
    journal.begin(0, Flight("a:x", (b"/a", b"\xff/b")))
    journal.close()
    journal.close()
    again = Journal.of(tmp_path / "db")
    assert (again.suspected, again.blamed) == (set(), set())
    again.close()


def test_what_flew_when_it_died_is_suspected_and_who_flew_alone_is_blamed(tmp_path: Path) -> None:
    journal = Journal.of(tmp_path / "db")
    journal.begin(0, Flight("a:x", (b"/a", b"\xff/b")))
    journal.begin(1, Flight("b:y", tuple(b"/long/%d" % number for number in range(100))))
    journal.end(1)
    journal.begin(1, Flight("b:y", (b"/c",), alone=True))
    (tmp_path / "copy.in-flight").write_bytes((tmp_path / "db.in-flight").read_bytes())
    journal.close()
    found = Journal.of(tmp_path / "copy")
    assert found.suspected == {("a:x", b"/a"), ("a:x", b"\xff/b"), ("b:y", b"/c")}
    assert found.blamed == {("b:y", b"/c")}
    found.close()


def test_two_at_a_time_and_where_nothing_can_be_written(tmp_path: Path) -> None:
    journal = Journal.of(tmp_path / "db")
    with pytest.raises(LibraryBusy, match="another scan"):
        Journal.of(tmp_path / "db")
    journal.close()
    Journal.of(tmp_path / "db").close()
    with pytest.raises(LibraryError):
        Journal.of(tmp_path / "nowhere/db")


def test_of_all_who_write_at_once_none_is_left_out(tmp_path: Path) -> None:
    journal = Journal.of(tmp_path / "db")
    failures: list[BaseException] = []

    def fly(slot: int) -> None:
        try:
            for number in range(300):
                journal.begin(slot, Flight(f"{slot}:x", (b"/%d/%d" % (slot, number), b"/more" * number)))
                if number < 299:
                    journal.end(slot)
        except BaseException as error:  # noqa: BLE001  told below
            failures.append(error)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        flying = [threading.Thread(target=fly, args=(slot,)) for slot in range(6)]
        for thread in flying:
            thread.start()
        for thread in flying:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    assert not failures
    (tmp_path / "copy.in-flight").write_bytes((tmp_path / "db.in-flight").read_bytes())
    journal.close()
    found = Journal.of(tmp_path / "copy")
    assert {path for _, path in found.suspected if path.startswith(b"/") and path.endswith(b"/299")} == {
        b"/%d/299" % slot for slot in range(6)
    }
    found.close()
