"""Hostile bytes on the control socket: nothing but the two errors comes out, and little is built on the way."""

from __future__ import annotations

import json
import math
import struct

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.control.protocol import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_REQUEST,
    Broken,
    Dialect,
    Inbox,
    Refused,
    Request,
    clean,
    encode,
    error_answer,
    read_object,
    read_request,
)
from host.errors import NotFound, Usage
from host.jsontext import Json

DIALECTS = tuple(Dialect)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def framed(value: object, dialect: Dialect) -> bytes:
    if dialect is Dialect.LINES:
        return json.dumps(value).encode() + b"\n"
    body: bytes = msgpack.packb(value)
    return len(body).to_bytes(4, "big") + body


def bodies(data: bytes, piece: int = 1 << 20) -> tuple[list[bytes], Inbox]:
    inbox = Inbox(MAX_REQUEST)
    found = [body for at in range(0, len(data), piece) for body in inbox.feed(data[at : at + piece])]
    return found, inbox


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
def test_a_request_arrives_in_any_pieces(dialect: Dialect, piece: int) -> None:
    asked = {"id": 7, "verb": "plugins.restart", "arguments": {"id": "dsp.gain"}}
    found, inbox = bodies(framed(asked, dialect) * 3, piece)
    assert inbox.dialect is dialect
    assert not inbox.pending
    assert [read_request(body, dialect) for body in found] == [Request(7, "plugins.restart", {"id": "dsp.gain"})] * 3


@pytest.mark.parametrize("dialect", DIALECTS)
def test_half_a_request_is_pending_and_gives_nothing(dialect: Dialect) -> None:
    whole = framed({"id": 1, "verb": "status"}, dialect)
    for cut in range(1, len(whole)):
        found, inbox = bodies(whole[:cut])
        assert found == []
        assert inbox.pending


@pytest.mark.parametrize("length", [MAX_REQUEST + 1, 1 << 24, 0xFFFFFFFF])
def test_a_huge_length_is_refused_before_anything_is_kept(length: int) -> None:
    with pytest.raises(Broken):
        bodies(struct.pack(">I", length))


def test_a_line_without_an_end_is_refused() -> None:
    with pytest.raises(Broken):
        bodies(b"{" + b" " * MAX_REQUEST + b"\n")
    found, _ = bodies(b"{" + b" " * (MAX_REQUEST - 2) + b"}\n")
    assert len(found) == 1


@given(st.binary(max_size=300), st.integers(1, 40))
def test_garbage_gives_nothing_but_the_two_errors(data: bytes, piece: int) -> None:
    try:
        found, inbox = bodies(data, piece)
    except Broken:
        return
    for body in found:
        assert inbox.dialect is not None
        try:
            read_request(body, inbox.dialect)
        except Refused:
            continue


@given(st.binary(max_size=200), st.sampled_from(DIALECTS))
def test_garbage_bodies_are_refused_or_objects(data: bytes, dialect: Dialect) -> None:
    try:
        value = read_object(data, dialect)
    except Refused:
        return
    assert clean(value) == value


@given(JSON, st.sampled_from(DIALECTS))
def test_what_is_sent_is_what_is_read(value: Json, dialect: Dialect) -> None:
    inbox = Inbox(1 << 24, dialect)
    (body,) = inbox.feed(encode({"id": 1, "result": value}, dialect))
    assert read_object(body, dialect, depth=64, items=1 << 16) == clean({"id": 1, "result": value})


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("dialect", DIALECTS)
def test_depth_ends_at_the_limit(dialect: Dialect) -> None:
    def body(depth: int) -> bytes:
        (found,) = Inbox(MAX_REQUEST, dialect).feed(framed({"x": nested(depth)}, dialect))
        return found

    assert read_object(body(MAX_DEPTH - 1), dialect)
    for depth in (MAX_DEPTH, 200):
        with pytest.raises(Refused, match="deep"):
            read_object(body(depth), dialect)


@pytest.mark.parametrize("opening", [b'{"x":' + b"[" * 65_000, b"\x91" * 65_000, b"\xdd\x00\x00\x03\xff" * 13_000])
def test_openings_without_end_cost_little(opening: bytes) -> None:
    dialect = Dialect.LINES if opening[:1] == b"{" else Dialect.PACKED
    with pytest.raises(Refused):
        read_object(opening, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_items_end_at_the_limit(dialect: Dialect) -> None:
    def body(count: int) -> bytes:
        (found,) = Inbox(MAX_REQUEST, dialect).feed(framed({"x": [0] * count}, dialect))
        return found

    assert read_object(body(MAX_ITEMS - 2), dialect)
    with pytest.raises(Refused):
        read_object(body(MAX_ITEMS), dialect)


@pytest.mark.parametrize(
    "value",
    [b"bytes", math.nan, math.inf, 1 << 63, {1: 2}, {b"x": 1}, msgpack.ExtType(5, b"x"), msgpack.Timestamp(1)],
)
def test_what_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        read_object(msgpack.packb({"x": value}, strict_types=False), Dialect.PACKED)


@pytest.mark.parametrize("text", ['{"x": NaN}', '{"x": 1e999}', '{"x": "\\ud800"}', '{"a": 1, "a": 2}', "[]", "{", ""])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_object(text.encode(), Dialect.LINES)


@pytest.mark.parametrize(
    ("request_", "number"),
    [
        ({"verb": "status"}, None),
        ({"id": -1, "verb": "status"}, None),
        ({"id": True, "verb": "status"}, None),
        ({"id": "1", "verb": "status"}, None),
        ({"id": 1}, 1),
        ({"id": 1, "verb": 5}, 1),
        ({"id": 1, "verb": "../status"}, 1),
        ({"id": 1, "verb": "x" * 65}, 1),
        ({"id": 1, "verb": "status", "arguments": []}, 1),
        ({"id": 1, "verb": "status", "more": 1}, 1),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_no_request_is_refused_by_its_id(request_: object, number: int | None, dialect: Dialect) -> None:
    (body,) = Inbox(MAX_REQUEST, dialect).feed(framed(request_, dialect))
    with pytest.raises(Refused) as refused:
        read_request(body, dialect)
    assert refused.value.request_id == number


def test_an_answer_holds_only_what_every_client_can_read() -> None:
    bad: Json = {"nan": math.nan, "half": "a\ud800", "big": 1 << 70, "deep": nested(100)}  # type: ignore[dict-item]
    for dialect in DIALECTS:
        (body,) = Inbox(1 << 24, dialect).feed(encode({"x": bad}, dialect))
        found = read_object(body, dialect, depth=64)["x"]
        assert isinstance(found, dict)
        assert (found["nan"], found["half"], found["big"]) == (None, "a?", float(1 << 70))


def test_an_answer_without_end_is_an_error_of_its_own() -> None:
    with pytest.raises(Usage, match="at most"):
        encode({"x": ["a" * 1000] * 20_000}, Dialect.PACKED)


def test_an_error_has_four_members_and_an_exit_code() -> None:
    told = error_answer(3, NotFound("no plugin x", remedy="look", details={"n": 1}))
    body = {"code": "not_found", "message": "no plugin x", "hint": "look", "details": {"n": 1}}
    assert told == {"id": 3, "error": body, "exit": 4}
