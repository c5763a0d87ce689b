"""JSON answers of plugins: parsed strictly, of the expected shape, or an error that names plugin and call.

A wrong text harms nobody but the one who asked, so the worker lives on.
"""

from __future__ import annotations

from host.errors import ProtocolViolated
from host.jsontext import Json, JsonObject
from host.printable import printable
from host.runtime import Instance, parse_plugin_json

__all__ = ["json_list", "json_object", "wrong_shape"]


def json_object(instance: Instance, call: str, text: bytes, max_bytes: int) -> JsonObject:
    """The object that a plugin answered.

    Raises:
        ProtocolViolated: no JSON object.
    """
    value = _parsed(instance, call, text, max_bytes)
    if not isinstance(value, dict):
        raise wrong_shape(instance, call, "an object was expected")
    return value


def json_list(instance: Instance, call: str, text: bytes, max_bytes: int) -> list[Json]:
    """The array that a plugin answered.

    Raises:
        ProtocolViolated: no JSON array.
    """
    value = _parsed(instance, call, text, max_bytes)
    if not isinstance(value, list):
        raise wrong_shape(instance, call, "an array was expected")
    return value


def wrong_shape(instance: Instance, call: str, text: str) -> ProtocolViolated:
    """The error for an answer that is JSON, but not what the contract says."""
    return ProtocolViolated(
        f"{instance.plugin_id} {instance.type_id}: {call}: {printable(text)}",
        remedy="the plugin needs repair by its author",
    )


def _parsed(instance: Instance, call: str, text: bytes, max_bytes: int) -> Json:
    try:
        return parse_plugin_json(text, max_bytes)
    except ValueError as error:
        raise wrong_shape(instance, call, str(error)) from error
