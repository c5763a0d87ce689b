"""JSON text in and out, strict: no NaN, no Infinity, no name twice; what is read can be written again."""

from __future__ import annotations

import json
from typing import TypeAlias, cast

__all__ = ["Json", "JsonObject", "dump_json", "parse_json"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"

#: Of a whole number: far more than any double, far less than what is slow to read.
MAX_DIGITS = 400


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text} is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"the number {text[:10]}... has too many digits")
    return int(text)


def _once(pairs: list[tuple[str, Json]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return members


#: Made once: each is a knot that only the collector unties.
_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole, object_pairs_hook=_once
)


def parse_json(text: str) -> Json:
    """Reads one JSON value. Raises: ValueError with a text for the user."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return cast("Json", value)


def dump_json(value: Json) -> str:
    """Writes one JSON value in one line. Raises: ValueError for NaN and Infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
