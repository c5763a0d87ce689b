"""JSON to and from plugins. What a plugin wrote is looked at as bytes before any object is built from it."""

from __future__ import annotations

from abi.wire import Payload
from host.errors import ConfigRejected
from host.jsontext import Json, dump_json, parse_json

__all__ = ["MAX_LIST_BYTES", "MAX_METADATA_BYTES", "json_payload", "parse_plugin_json"]

MAX_METADATA_BYTES = 16 << 20
MAX_LIST_BYTES = 1 << 20
_MAX_VALUES = 200_000
_MAX_DEPTH = 32


def parse_plugin_json(data: bytes, max_bytes: int = MAX_LIST_BYTES) -> Json:
    """The value of a JSON text in UTF-8.

    Raises:
        ValueError: not strict JSON, longer than ``max_bytes``, too many values, or nested deeper than 32.
    """
    if len(data) > max_bytes:
        raise ValueError(f"{len(data)} bytes of JSON, {max_bytes} is the most")
    # Commas and brackets inside strings count too: no honest text comes near.
    opened = data.count(b"[") + data.count(b"{")
    if data.count(b",") + opened > _MAX_VALUES:
        raise ValueError(f"more than {_MAX_VALUES} JSON values")
    value = parse_json(data.decode("utf-8"))
    if opened > _MAX_DEPTH and _deeper(value, _MAX_DEPTH):
        raise ValueError(f"JSON nested deeper than {_MAX_DEPTH}")
    return value


def json_payload(value: Json) -> Payload:
    """The JSON text of a config or target.

    Raises:
        ConfigRejected: it holds a number or a character that JSON in UTF-8 cannot carry.
    """
    try:
        return Payload(dump_json(value).encode("utf-8"))
    except ValueError as error:
        raise ConfigRejected(f"a configuration that cannot be written as JSON: {error}", remedy="mend it") from error


def _deeper(value: Json, levels: int) -> bool:
    """Goes down one level at a time, never by recursion over what a plugin nested."""
    layer: list[Json] = [value]
    for _ in range(levels + 1):
        below: list[Json] = []
        for one in layer:
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        if not below:
            return False
        layer = below
    return True
