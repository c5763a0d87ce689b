"""The words on the control socket: two dialects of framing, the requests that are let in, the answers that go out.

A connection speaks one dialect, chosen by its first byte: `{` begins JSON, one object per line; anything else is
packed, a length of four bytes (big endian) before each msgpack object. Clients are hostile: sizes are checked before
anything is built, depth and types before anything is believed. Knows bytes and objects, not sockets or verbs.

    request  {"id": 1, "verb": "plugins.restart", "arguments": {"id": "dsp.gain"}}
    answer   {"id": 1, "result": {...}}  or  {"id": 1, "error": {"code", "message", "hint", "details"}, "exit": 4}
    event    {"id": 1, "seq": 7, "time": 1700000000.25, "event": "plugin.fault", "data": {...}, "dropped": 0}
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from enum import Enum, unique

import msgpack

from host.errors import StellaError, Usage
from host.jsontext import Json, JsonObject, parse_json
from host.records import record

__all__ = [
    "MAX_ANSWER",
    "MAX_REQUEST",
    "TOO_DEEP",
    "Broken",
    "Dialect",
    "Inbox",
    "Refused",
    "Request",
    "clean",
    "encode",
    "error_answer",
    "read_object",
    "read_request",
]

MAX_REQUEST = 64 << 10
MAX_ANSWER = 16 << 20
MAX_DEPTH = 8
MAX_ITEMS = 1024
MAX_ID = (1 << 53) - 1

#: Stands where something was cut.
TOO_DEEP = "(nested too deeply)"
_ANSWER_DEPTH = 32
_ANSWER_ITEMS = 1 << 20
_WHOLE = range(-(1 << 63), 1 << 63)
_LENGTH_BYTES = 4
_VERB = re.compile(r"[a-z]+(?:\.[a-z]+)?")
_VERB_CHARS = 64


class Broken(Exception):
    """What comes next in the stream can no longer be told apart: the connection ends."""


class Refused(Exception):
    """One request cannot be; the next one may. ``request_id`` where it could be read."""

    def __init__(self, text: str, request_id: int | None = None) -> None:
        super().__init__(text)
        self.request_id = request_id


@unique
class Dialect(Enum):
    """How one connection is framed."""

    PACKED = "msgpack"
    LINES = "JSON lines"


@record
class Request:
    """What a client wants; the id is its own, and comes back with everything that belongs to the request."""

    id: int
    verb: str
    arguments: JsonObject


class Inbox:
    """Cuts the bytes of one connection into bodies, none longer than ``limit``."""

    def __init__(self, limit: int, dialect: Dialect | None = None) -> None:
        self.dialect = dialect
        self._limit = limit
        self._bytes = bytearray()

    @property
    def pending(self) -> bool:
        """Whether a body has begun that is not complete."""
        return bool(self._bytes)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete now.

        Raises:
            Broken: a body is longer than the limit.
        """
        self._bytes += data
        if self.dialect is None and self._bytes:
            self.dialect = Dialect.LINES if self._bytes[:1] == b"{" else Dialect.PACKED
        while (body := self._next()) is not None:
            yield body

    def _next(self) -> bytes | None:
        held = self._bytes
        if self.dialect is Dialect.LINES:
            end = held.find(b"\n", 0, self._limit + 1)
            if end < 0:
                self._fits(len(held))
                return None
            body = bytes(held[:end])
            del held[: end + 1]
            return body
        if len(held) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(held[:_LENGTH_BYTES], "big")
        self._fits(length)
        if len(held) < _LENGTH_BYTES + length:
            return None
        body = bytes(held[_LENGTH_BYTES : _LENGTH_BYTES + length])
        del held[: _LENGTH_BYTES + length]
        return body

    def _fits(self, length: int) -> None:
        if length > self._limit:
            raise Broken(f"{length} bytes at once; at most {self._limit} are taken")


def read_object(body: bytes, dialect: Dialect, *, depth: int = MAX_DEPTH, items: int = MAX_ITEMS) -> JsonObject:
    """The object in a body, built and checked.

    Raises:
        Refused: it is none, too deep, too large, or holds what JSON does not.
    """
    try:
        if dialect is Dialect.LINES:
            value = parse_json(body.decode("utf-8"))
        else:
            # The limits hold while it builds: nested array headers alone could otherwise claim a lot of memory.
            value = msgpack.unpackb(
                body, raw=False, strict_map_key=True, max_array_len=items, max_map_len=items, max_ext_len=0
            )
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise Refused(f"not {dialect.value}: {error}") from error
    if not isinstance(value, dict):
        raise Refused("a request is an object")
    _check(value, depth, items)
    return value


def _check(value: object, depth: int, items: int) -> None:
    level, count = [value], 0
    for _ in range(depth + 1):
        below: list[object] = []
        for each in level:
            count += 1
            if isinstance(each, dict):
                if not all(isinstance(name, str) and _is_text(name) for name in each):
                    raise Refused("the names in an object are texts")
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif not _is_plain(each):
                raise Refused("it holds a value that JSON does not have, or that is too large")
        if count > items:
            raise Refused(f"it holds more than {items} values")
        if not below:
            return
        level = below
    raise Refused(f"it is nested deeper than {depth}")


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return _is_text(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and value in _WHOLE)


def _is_text(value: str) -> bool:
    """JSON can spell halves of surrogate pairs, which no UTF-8 can carry."""
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def read_request(body: bytes, dialect: Dialect) -> Request:
    """The request in a body. Raises: Refused."""
    value = read_object(body, dialect)
    number = value.pop("id", None)
    if type(number) is not int or not 0 <= number <= MAX_ID:
        raise Refused("a request has an id, a whole number that is not negative")
    verb, arguments = value.pop("verb", None), value.pop("arguments", {})
    if not isinstance(verb, str) or len(verb) > _VERB_CHARS or not _VERB.fullmatch(verb):
        raise Refused("a request has a verb, such as status", number)
    if not isinstance(arguments, dict):
        raise Refused("the arguments of a request are an object", number)
    if value:
        raise Refused("a request has id, verb and arguments, and nothing else", number)
    return Request(number, verb, arguments)


def clean(value: Json, depth: int = _ANSWER_DEPTH) -> Json:
    """The value as every client can read it: no NaN, no half characters, no number over 64 bits, not too deep."""
    if isinstance(value, str):
        return value if _is_text(value) else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if value in _WHOLE else float(value) if abs(value) < 1e300 else None
    if isinstance(value, dict | list) and depth == 0:
        return TOO_DEEP
    if isinstance(value, dict):
        return {str(clean(name)): clean(each, depth - 1) for name, each in value.items()}
    if isinstance(value, list):
        return [clean(each, depth - 1) for each in value]
    return value


def encode(message: JsonObject, dialect: Dialect) -> bytes:
    """One message with its frame.

    Raises:
        Usage: it is larger than any answer may be.
    """
    fit = clean(message)
    if dialect is Dialect.LINES:
        body = json.dumps(fit, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        head = b""
    else:
        body = msgpack.packb(fit, use_bin_type=True)
        head = len(body).to_bytes(_LENGTH_BYTES, "big")
    if len(body) > MAX_ANSWER:
        raise Usage(f"the answer has {len(body)} bytes; at most {MAX_ANSWER} are sent", remedy="ask for less")
    return head + body


def error_answer(request_id: int | None, error: StellaError) -> JsonObject:
    """The one error object, and beside it the exit code of a command that ends with it."""
    details: JsonObject = dict(error.details)
    body: JsonObject = {"code": error.code, "message": error.message, "hint": error.remedy, "details": details}
    return {"id": request_id, "error": body, "exit": error.exit_code}
