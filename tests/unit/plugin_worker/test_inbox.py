"""The inbox of a worker: bounded whatever comes, oldest first, and honest about what went."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from plugin_worker._core import ffi, lib

EVENTS, BYTES, EVENT_BYTES = lib.ST_INBOX_EVENTS, lib.ST_INBOX_BYTES, lib.ST_INBOX_EVENT_BYTES


def take() -> bytes:
    """The oldest event, empty when there is none."""
    out = ffi.new("char[]", EVENT_BYTES)
    return bytes(ffi.buffer(out, lib.st_inbox_take(out, EVENT_BYTES)))


def put(text: bytes) -> int:
    lost: int = lib.st_inbox_put(text, len(text))
    return lost


def rest() -> list[bytes]:
    return list(iter(take, b""))


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    """There is one inbox in a process."""
    rest()
    yield
    rest()


def test_first_in_first_out() -> None:
    assert take() == b""
    assert [put(b"%d" % n) for n in range(EVENTS)] == [0] * EVENTS
    assert rest() == [b"%d" % n for n in range(EVENTS)]
    assert put(b"") == 0
    assert take() == b""


def test_one_too_many_costs_the_oldest_and_is_told_once() -> None:
    for n in range(EVENTS + 3):
        assert put(b"%d" % n) == (n >= EVENTS)
    note, *kept = rest()
    assert json.loads(note) == {"type": "events.dropped", "count": 3}
    assert kept == [b"%d" % n for n in range(3, EVENTS + 3)]
    put(b"x")
    assert rest() == [b"x"]


def test_bytes_are_bounded_and_texts_come_out_whole_across_the_end() -> None:
    long = [bytes([65 + n]) * (EVENT_BYTES - 7 * n) for n in range(10)]
    lost = [put(text) for text in long]
    assert lost[:4] == [0] * 4
    assert sum(lost) > 0
    note, *kept = rest()
    assert json.loads(note)["count"] == sum(lost) == len(long) - len(kept)
    assert kept == long[-len(kept) :]
    assert sum(map(len, kept)) <= BYTES


def test_what_is_too_long_is_lost_and_nothing_else() -> None:
    put(b"before")
    assert put(b"x" * (EVENT_BYTES + 1)) == 1
    assert [json.loads(take())["count"], take(), take()] == [1, b"before", b""]


def test_it_is_taken_only_where_there_is_room() -> None:
    put(b"12345")
    out = ffi.new("char[]", 5)
    assert [lib.st_inbox_take(ffi.NULL, 0), lib.st_inbox_take(out, 4)] == [5, 5]
    assert lib.st_inbox_take(out, 5) == 5
    assert bytes(ffi.buffer(out)) == b"12345"
    assert take() == b""


def test_a_flood_costs_no_memory() -> None:
    text = b"x" * 1000

    def flood() -> None:
        for _ in range(20_000):
            put(text)

    flood()
    tracemalloc.start()
    held = resident_kib()
    flood()
    assert tracemalloc.get_traced_memory()[0] < 64 << 10
    tracemalloc.stop()
    assert resident_kib() - held < 1024, "20,000 texts are 20 MB"
    note, *kept = rest()
    assert len(kept) == min(EVENTS, BYTES // len(text))
    assert json.loads(note)["count"] == 40_000 - len(kept)


def resident_kib() -> int:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123  a line of a file of the kernel's
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_threads_take_each_event_once() -> None:
    """What was put is taken, or counted as lost; nothing twice and nothing torn."""
    count = 20_000
    taken: list[bytes] = []
    over = threading.Event()

    def reader() -> None:
        while True:
            text = take()
            if text:
                taken.append(text)
            elif over.is_set():
                return

    readers = [threading.Thread(target=reader) for _ in range(3)]
    for thread in readers:
        thread.start()
    for n in range(count):
        put(b"%06d" % n * 20)
    over.set()
    for thread in readers:
        thread.join()
    events = [text for text in taken if not text.startswith(b"{")]
    lost = sum(json.loads(text)["count"] for text in taken if text.startswith(b"{"))
    assert len(events) + lost == count
    numbers = [int(text[:6]) for text in events]
    assert len(set(numbers)) == len(numbers)
    assert all(text == b"%06d" % number * 20 for text, number in zip(events, numbers, strict=True))
