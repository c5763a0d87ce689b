"""What a peer may send to do harm: always PacketRefused, never a large allocation, never a lost descriptor."""

from __future__ import annotations

import fcntl
import os
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import pytest

from abi.wire import MAX_PACKET, Json, Packet, PacketRefused, Payload, SetVolume, decode, encode
from abi.wire.message import MAX_PAYLOAD
from abi.wire.payload import write_payload

PING, HELLO, JSON, LANDED, SET_VOLUME = 4, 2, 26, 28, 48
GOOD = encode(SetVolume(7, 0.25, 441), 5, 1)[0]
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def packed(*outer: object) -> bytes:
    data: bytes = msgpack.packb(list(outer))
    return data


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


def text(raw: bytes) -> bytes:
    """A Hello whose plugin id is these bytes, declared as text."""
    return b"\x94\x02\x05\x01\x94\x01\x06" + bytes([0xA0 | len(raw)]) + raw + b"\xa4play"


def number(raw: bytes) -> bytes:
    """A SetVolume whose volume is these bytes."""
    return b"\x94\x30\x05\x01\x93\x07" + raw + b"\x00"


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "one byte": b"\x94",
    "truncated": GOOD[:-1],
    "trailing byte": GOOD + b"\x00",
    "second message": GOOD + GOOD,
    "over 64 KiB": packed(PING, 1, 1, ["x" * MAX_PACKET]),
    "exactly one too long": b"\xc6" + struct.pack(">I", MAX_PACKET - 4) + bytes(MAX_PACKET - 4),
    "no list": packed(1)[1:],
    "three fields": packed(PING, 1, 1),
    "five fields": packed(PING, 1, 1, [], []),
    "nested as deep as a packet is long": nested(MAX_PACKET - 1),
    "nested in a field": b"\x94\x04\x01\x01" + nested(9),
    "a million items announced": b"\x94\x04\x01\x01\xdd" + struct.pack(">I", 1_000_000),
    "four thousand million items announced": b"\xdd\xff\xff\xff\xff",
    "more items than allowed, all there": packed(PING, 1, 1, [0] * 5000),
    "text of four thousand million bytes": b"\x94\x04\x01\x01\xdb\xff\xff\xff\xff",
    "bytes beyond the end": b"\x94\x04\x01\x01\xc4\x05ab",
    "map": packed(PING, 1, 1, {}),
    "map of four thousand million": b"\xdf\xff\xff\xff\xff",
    "small map inside": b"\x94\x04\x01\x01\x91\x81\x01\x02",
    "extension": packed(PING, 1, 1, [msgpack.ExtType(5, b"x")]),
    "fixed extension": b"\x94\x04\x01\x01\x91\xd4\x05\x00",
    "timestamp": packed(PING, 1, 1, [msgpack.Timestamp(1, 1)]),
    "never used byte": b"\xc1",
    "NaN": number(struct.pack(">Bd", 0xCB, float("nan"))),
    "infinity": number(struct.pack(">Bd", 0xCB, float("inf"))),
    "minus infinity": number(struct.pack(">Bd", 0xCB, float("-inf"))),
    "short NaN": number(struct.pack(">Bf", 0xCA, float("nan"))),
    "unknown tag": packed(127, 1, 1, []),
    "tag zero": packed(0, 1, 1, []),
    "negative tag": packed(-1, 1, 1, []),
    "text for a tag": packed("Ping", 1, 1, []),
    "boolean for a tag": packed(True, 1, 1, []),
    "negative request": packed(PING, -1, 1, []),
    "negative generation": packed(PING, 1, -1, []),
    "float for a request": packed(PING, 1.0, 1, []),
    "nil for a generation": packed(PING, 1, None, []),
    "fields are no list": packed(PING, 1, 1, 7),
    "fields are text": packed(PING, 1, 1, ""),
    "too many fields": packed(PING, 1, 1, [1]),
    "too few fields": packed(LANDED, 1, 1, [1]),
    "text for an integer": packed(LANDED, 1, 1, ["1", True]),
    "float for an integer": packed(LANDED, 1, 1, [1.5, True]),
    "boolean for an integer": packed(LANDED, 1, 1, [True, True]),
    "integer for a boolean": packed(LANDED, 1, 1, [1, 1]),
    "nil for a boolean": packed(LANDED, 1, 1, [1, None]),
    "boolean for a float": packed(SET_VOLUME, 1, 1, [1, True, 1]),
    "text for a float": packed(SET_VOLUME, 1, 1, [1, "1", 1]),
    "bytes for text": packed(HELLO, 1, 1, [1, 6, b"id", "play"]),
    "text for bytes": packed(JSON, 1, 1, ["{}"]),
    "list for bytes": packed(JSON, 1, 1, [[1, 2]]),
    "bad UTF-8": text(b"\xff\xfe"),
    "cut UTF-8": text(b"ab\xc3"),
    "surrogate": text(b"\xed\xa0\x80"),
    "NUL in text": text(b"a\0b"),
    "text too long": packed(HELLO, 1, 1, [1, 6, "x" * 4097, "play"]),
    "integer for a list": packed(1, 1, 1, [1, 6, 1, 7]),
    "wrong item in a list": packed(1, 1, 1, [1, 6, 1, [1, "2"]]),
    "wrong part": packed(10, 1, 1, ["id", "name", "1.0.0", b"", [[1, "x"]]]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(name: str) -> None:
    with pytest.raises(PacketRefused):
        decode(HOSTILE[name])


def test_memory_stays_bounded() -> None:
    """Refusing any of them takes less than a few packets' worth of memory, whatever they announce."""
    tracemalloc.start()
    try:
        for name in HOSTILE:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with pytest.raises(PacketRefused):
                decode(HOSTILE[name])
            assert tracemalloc.get_traced_memory()[1] - before < 4 * MAX_PACKET, name
    finally:
        tracemalloc.stop()


def test_the_table_refuses_for_its_own_reasons() -> None:
    """The neighbours of the hostile packets are fine, so that nothing above is refused for another reason."""
    half = number(struct.pack(">Bd", 0xCB, 0.5))
    for good in (GOOD, packed(PING, 1, 1, []), text(b"id"), half, packed(LANDED, 1, 1, [1, True])):
        assert isinstance(decode(good), Packet)
    assert decode(number(b"\x01")) == decode(number(struct.pack(">Bd", 0xCB, 1.0)))


# ---- payloads beside the packet ----


@contextmanager
def unsealed() -> Iterator[int]:
    fd = os.memfd_create("stellatune-test", os.MFD_ALLOW_SEALING)
    os.write(fd, b"x" * 9000)
    yield fd
    os.close(fd)


@contextmanager
def half_sealed() -> Iterator[int]:
    with unsealed() as fd:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS & ~fcntl.F_SEAL_WRITE)
        yield fd


@contextmanager
def too_long() -> Iterator[int]:
    """Sparse, so that its size costs nothing."""
    fd = os.memfd_create("stellatune-test", os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, MAX_PAYLOAD + 1)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    yield fd
    os.close(fd)


@contextmanager
def plain_file() -> Iterator[int]:
    fd = os.open(Path(__file__), os.O_RDONLY)
    yield fd
    os.close(fd)


@contextmanager
def pipe() -> Iterator[int]:
    near, far = os.pipe()
    yield near
    os.close(near)
    os.close(far)


@contextmanager
def device() -> Iterator[int]:
    fd = os.open("/dev/zero", os.O_RDONLY)
    yield fd
    os.close(fd)


BESIDE_JSON = packed(JSON, 1, 1, [0])


@pytest.mark.parametrize("make", [unsealed, half_sealed, too_long, plain_file, pipe, device], ids=lambda f: f.__name__)
def test_payload_descriptor_refused_and_left_open(make: Callable[[], Any]) -> None:
    with make() as fd:
        with pytest.raises(PacketRefused, match="payload"):
            decode(BESIDE_JSON, (fd,))
        os.fstat(fd)  # the caller still owns it


@pytest.mark.parametrize("index", [1, -1, 2**32, 2**63])
def test_payload_index_out_of_place(index: int) -> None:
    fd = write_payload(b"x")
    with pytest.raises(PacketRefused, match="missing"):
        decode(packed(JSON, 1, 1, [index]), (fd,))
    os.close(fd)


def test_payload_descriptor_missing() -> None:
    with pytest.raises(PacketRefused, match="missing"):
        decode(BESIDE_JSON)


def test_payload_is_not_taken_when_the_rest_is_wrong() -> None:
    fd = write_payload(b"x")
    with pytest.raises(PacketRefused):
        decode(packed(JSON, 1, 1, [0, 0]), (fd,))
    os.fstat(fd)
    os.close(fd)


def test_a_payload_cannot_change_after_it_was_read() -> None:
    fd = encode(Json(Payload(b"x" * 9000)), 1, 1)[1][0]
    with pytest.raises(PermissionError):
        os.pwrite(fd, b"y", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(fd, 0)
    os.close(fd)
