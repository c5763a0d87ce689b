"""The JSON schemas that plugins bring: which ones are taken, and whether a configuration fits.

A schema comes from a stranger, so only a small set of keywords is taken (no `pattern`, no `$ref`: a schema must not be
able to hang the host or make it fetch something). The compiler behind it is imported on first use; it is slow to load.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import cast

from host.errors import ConfigRejected
from host.jsontext import Json, JsonObject, dump_json, parse_json

__all__ = [
    "MAX_DEPTH",
    "FileMode",
    "change_file_strings",
    "check_config",
    "check_schema",
    "file_strings",
    "merge_config",
]

MAX_DEPTH = 8
_TYPES = frozenset(["array", "boolean", "integer", "null", "number", "object", "string"])


class FileMode(StrEnum):
    """What a string that names a file is opened for; the value is the schema's `format`."""

    READ = "file-read"
    WRITE = "file-write"


def _is_count(value: Json) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Json) -> bool:
    return type(value) in (int, float)


def _is_texts(value: Json) -> bool:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return False
    return len(set(map(str, value))) == len(value)


def _is_type(value: Json) -> bool:
    wanted = value if isinstance(value, list) else [value]
    return bool(wanted) and all(isinstance(each, str) and each in _TYPES for each in wanted)


def _holds_reference(value: Json) -> bool:
    """Whether some member name inside starts with `$`, which the schema compiler would take for an instruction."""
    if isinstance(value, dict):
        return any(name.startswith("$") or _holds_reference(each) for name, each in value.items())
    return isinstance(value, list) and any(map(_holds_reference, value))


_KEYWORDS: dict[str, tuple[Callable[[Json], bool], str]] = {
    "type": (_is_type, f"one of {', '.join(sorted(_TYPES))}, or a list of them"),
    "enum": (lambda v: isinstance(v, list) and bool(v) and not _holds_reference(v), "a list of values"),
    "const": (lambda v: not _holds_reference(v), "a value without $ names"),
    "minimum": (_is_number, "a number"),
    "maximum": (_is_number, "a number"),
    "properties": (lambda v: isinstance(v, dict), "an object of schemas"),
    "required": (_is_texts, "a list of different names"),
    "additionalProperties": (lambda v: isinstance(v, bool | dict), "true, false or a schema"),
    "items": (lambda v: isinstance(v, dict), "a schema"),
    "minItems": (_is_count, "a whole number, not negative"),
    "maxItems": (_is_count, "a whole number, not negative"),
    "maxLength": (_is_count, "a whole number, not negative"),
    "default": (lambda _: True, "a value"),
    "title": (lambda v: isinstance(v, str), "a text"),
    "description": (lambda v: isinstance(v, str), "a text"),
    "format": (lambda v: v in tuple(FileMode), f"one of {', '.join(FileMode)}"),
}
_SAYS_NOTHING = ("default", "title", "description", "format")  # nothing to validate


def _children(schema: JsonObject) -> Iterator[tuple[str, Json]]:
    """The schemas inside a schema, with the path to each."""
    properties = schema.get("properties", {})
    if isinstance(properties, dict):
        for name, each in properties.items():
            yield f".properties.{name}", each
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield f".{keyword}", schema[keyword]


def check_schema(schema: Json, path: str = "schema", depth: int = 1) -> JsonObject:
    """Gives the schema back when it uses only what is taken. Raises: ValueError that names the place."""
    if not isinstance(schema, dict):
        raise ValueError(f"{path} must be an object")
    if depth > MAX_DEPTH:
        raise ValueError(f"{path} is nested deeper than {MAX_DEPTH} schemas")
    for keyword, value in schema.items():
        if keyword not in _KEYWORDS:
            raise ValueError(f"{path}.{keyword} is not supported; use only {', '.join(_KEYWORDS)}")
        accepts, wanted = _KEYWORDS[keyword]
        if not accepts(value):
            raise ValueError(f"{path}.{keyword} must be {wanted}")
    for step, each in _children(schema):
        if step.startswith(".properties.$"):
            raise ValueError(f"{path}{step}: a member name must not start with $")
        check_schema(each, path + step, depth + 1)
    return schema


def _bare(schema: JsonObject) -> JsonObject:
    """The schema without what validates nothing."""
    bare: JsonObject = {name: value for name, value in schema.items() if name not in _SAYS_NOTHING}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        bare["properties"] = {name: _bare(cast("JsonObject", each)) for name, each in properties.items()}
    for keyword in ("items", "additionalProperties"):
        inner = schema.get(keyword)
        if isinstance(inner, dict):
            bare[keyword] = _bare(inner)
    return bare


@lru_cache(maxsize=512)
def _validator(schema_text: str) -> Callable[[Json], str]:
    """Compiles a checked schema into a function that gives the complaint about a value, or nothing."""
    import fastjsonschema

    schema = cast("JsonObject", parse_json(schema_text))
    validate = fastjsonschema.compile(schema, use_default=False, use_formats=False)

    def complaint(value: Json) -> str:
        try:
            validate(value)
        except fastjsonschema.JsonSchemaValueException as error:
            name, rule = error.name or "data", error.rule or ""
            return _explain(name, rule, error.rule_definition, error.definition, error.value, error.message)
        return ""

    return complaint


def _explain(name: str, rule: str, wanted: Json, schema: JsonObject, value: Json, message: str) -> str:
    """One line: the path, what is wrong, what is allowed."""
    place = re.sub(r"^data\.?", "", name) or "it"
    found = dump_json(value)
    found = found if len(found) <= 60 else found[:57] + "..."
    match rule:
        case "type":
            kinds = " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
            return f"{place} must be of type {kinds}, not {found}"
        case "enum" if isinstance(wanted, list):
            return f"{place} must be one of {', '.join(map(dump_json, wanted))}, not {found}"
        case "minimum" | "maximum" if "minimum" in schema and "maximum" in schema:
            return f"{place} must be from {schema['minimum']} to {schema['maximum']}, not {found}"
        case "minimum":
            return f"{place} must be at least {wanted}, not {found}"
        case "maximum":
            return f"{place} must be at most {wanted}, not {found}"
        case "maxLength":
            return f"{place} must be at most {wanted} characters long"
        case "minItems" if isinstance(value, list):
            return f"{place} must have at least {wanted} items, not {len(value)}"
        case "maxItems" if isinstance(value, list):
            return f"{place} must have at most {wanted} items, not {len(value)}"
        case "required" if isinstance(wanted, list) and isinstance(value, dict):
            return f"{place} lacks {', '.join(repr(each) for each in wanted if each not in value)}"
        case "additionalProperties" if isinstance(value, dict):
            known = schema.get("properties", {})
            names = list(known) if isinstance(known, dict) else []
            stray = next((each for each in value if each not in names), "")
            near = difflib.get_close_matches(stray, names, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
            return f"{place} has no member {stray!r}; {meant}"
        case _:
            return re.sub(r"^data\.?", "", message)


def _all_finite(value: Json) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_all_finite, value.values()))
    return not isinstance(value, list) or all(map(_all_finite, value))


def check_config(owner: str, schema: JsonObject, config: Json) -> None:
    """Validates a configuration of `owner` (plugin and type, as users write it). Raises: ConfigRejected."""
    complaint = _validator(dump_json(_bare(schema)))(config) if _all_finite(config) else "NaN and Infinity are not JSON"
    if complaint:
        raise ConfigRejected(f"config of {owner}: {complaint}", remedy="see its schema with `plugins info`")


def merge_config(owner: str, schema: JsonObject, default: JsonObject, chosen: Json) -> JsonObject:
    """The default with the user's top-level members over it, validated. Raises: ConfigRejected."""
    if not isinstance(chosen, dict):
        raise ConfigRejected(f"config of {owner}: must be a JSON object", remedy='write it as {"name": value}')
    merged = default | chosen
    check_config(owner, schema, merged)
    return merged


def file_strings(schema: JsonObject, value: Json) -> list[tuple[FileMode, str]]:
    """Every string in `value` that the schema marks as the name of a file, in order of appearance."""
    found: list[tuple[FileMode, str]] = []

    def note(mode: FileMode, name: str) -> str:
        found.append((mode, name))
        return name

    change_file_strings(schema, value, note)
    return found


def change_file_strings(schema: JsonObject, value: Json, change: Callable[[FileMode, str], str]) -> Json:
    """A copy of `value` with every name of a file in it changed, in order of appearance."""
    if isinstance(value, str):
        return change(FileMode(str(schema["format"])), value) if "format" in schema else value
    if isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        return [change_file_strings(items, each, change) for each in value]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        changed: JsonObject = {}
        for name, each in value.items():
            inner = properties.get(name, others) if isinstance(properties, dict) else others
            changed[name] = change_file_strings(inner, each, change) if isinstance(inner, dict) else each
        return changed
    return value
