"""The look through a packet before anything is built from it: each refusal for its own reason, at its very border."""

from __future__ import annotations

import struct
import tracemalloc

import pytest

from abi.wire import _scan
from abi.wire.codec import MAX_DEPTH, MAX_ITEMS

OK, TRUNCATED, DEPTH, ITEMS, TYPE, TRAILING, FLOAT = range(7)


def scan(data: bytes, depth: int = MAX_DEPTH, items: int = MAX_ITEMS) -> int:
    return _scan.lib.st_wire_scan(data, len(data), depth, items)


def many(count: int) -> bytes:
    """A list of so many, all of them there."""
    return b"\xdd" + struct.pack(">I", count) + b"\x01" * count


VERDICTS: dict[str, tuple[bytes, int]] = {
    "as deep as allowed": (b"\x91" * MAX_DEPTH + b"\xc0", OK),
    "one deeper": (b"\x91" * (MAX_DEPTH + 1) + b"\xc0", DEPTH),
    "deeper than any stack": (b"\x91" * 60_000 + b"\xc0", DEPTH),
    "as many as allowed": (many(MAX_ITEMS - 1), OK),
    "one more": (many(MAX_ITEMS), ITEMS),
    "many more are announced": (b"\xdd\xff\xff\xff\xff", ITEMS),
    "many more in portions": (b"\x94" + many(1500) * 4, ITEMS),
    "a whole text": (b"\xa3abc", OK),
    "a text beyond the end": (b"\xa3ab", TRUNCATED),
    "bytes beyond the end": (b"\xc6\xff\xff\xff\xff", TRUNCATED),
    "half a length": (b"\xc6\xff\xff", TRUNCATED),
    "half a number": (b"\xcf\x01\x02", TRUNCATED),
    "nothing": (b"", TRUNCATED),
    "a map": (b"\x80", TYPE),
    "an extension": (b"\xd4\x05\x00", TYPE),
    "what begins nothing": (b"\xc1", TYPE),
    "one behind": (b"\xc0\xc0", TRAILING),
    "a number": (struct.pack(">Bd", 0xCB, 1e300), OK),
    "no number": (struct.pack(">Bd", 0xCB, float("nan")), FLOAT),
    "without end": (struct.pack(">Bf", 0xCA, float("-inf")), FLOAT),
}


@pytest.mark.parametrize(("data", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict(data: bytes, verdict: int) -> None:
    assert scan(data) == verdict


def test_whatever_is_announced_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert {scan(data) == verdict for data, verdict in VERDICTS.values()} == {True}
        assert tracemalloc.get_traced_memory()[1] - before < 100_000
    finally:
        tracemalloc.stop()


def test_the_stack_has_a_limit_of_its_own() -> None:
    """Asked for more depth than there is room for, it refuses all the same."""
    assert [scan(b"\x91" * depth + b"\xc0", depth=1 << 30) for depth in (31, 32, 100)] == [OK, DEPTH, DEPTH]
