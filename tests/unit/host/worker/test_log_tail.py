"""The log tail: bounded, printable, cheap under a flood."""

from __future__ import annotations

from host.worker.log_tail import TAIL_BYTES, LogTail
from host.worker.outcome import last_words


def test_lines_come_whole_whatever_the_pieces() -> None:
    tail = LogTail()
    for piece in (b"one\ntw", b"o\r\nthr", b"ee"):
        assert tail.feed(piece, 0.0)
    assert tail.lines == ("one", "two", "three")


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    tail = LogTail()
    tail.feed(b"a\xff\xfe\n", 0.0)
    assert tail.lines == ("a\\xff\\xfe",)


def test_the_newest_are_kept_within_the_bound() -> None:
    tail = LogTail()
    for number in range(3000):
        tail.feed(b"%06d" % number + b"x" * 94 + b"\n", float(number))
    lines = tail.lines
    assert lines[-1].startswith("002999")
    assert TAIL_BYTES - 100 <= sum(map(len, lines)) <= TAIL_BYTES
    assert tail.lost_bytes == 3000 * 100 - sum(map(len, lines))


def test_one_endless_line_is_cut() -> None:
    tail = LogTail()
    for _ in range(40):
        tail.feed(b"y" * 1000, 0.0)
    assert max(map(len, tail.lines)) <= 1024
    assert sum(map(len, tail.lines)) == 40_000


def test_a_flood_is_counted_and_thrown_away_until_the_window_is_over() -> None:
    tail = LogTail()
    taken = [tail.feed(b"z" * (64 << 10), 0.01) for _ in range(10)]
    assert taken == [True] * 4 + [False] * 6
    assert tail.lost_bytes >= 6 * (64 << 10)
    assert tail.feed(b"after\n", 0.2)
    assert tail.lines[-1].endswith("after")


def test_last_words_are_part_of_one_line() -> None:
    assert last_words(()) == ""
    assert last_words(("a", "  ", "b ", "c", "d")) == "; it said last: b | c | d"
