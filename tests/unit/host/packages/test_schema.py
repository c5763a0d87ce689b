"""Schemas: the subset that is taken, the complaints about configurations, the files in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.errors import ConfigRejected
from host.jsontext import Json, JsonObject
from host.packages import (
    FileMode,
    change_file_strings,
    check_config,
    check_schema,
    file_strings,
    merge_config,
)

EQUALIZER: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["bands"],
    "properties": {
        "preamp_db": {"type": "number", "minimum": -24, "maximum": 24},
        "name": {"type": "string", "maxLength": 8},
        "bands": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "required": ["freq_hz"],
                "properties": {"type": {"enum": ["peaking", "notch"]}, "freq_hz": {"type": "integer", "minimum": 1}},
            },
        },
    },
}
BAND: Json = {"freq_hz": 100}


def deep(levels: int) -> JsonObject:
    schema: JsonObject = {}
    for _ in range(levels - 1):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize("schema", [EQUALIZER, {}, deep(8), {"type": ["null", "string"]}, {"const": [1, None]}])
def test_taken(schema: JsonObject) -> None:
    assert check_schema(schema) is schema


REFUSED: list[tuple[Json, str]] = [
    ([], "schema must be an object"),
    (True, "schema must be an object"),
    ({"properties": {"a": {"pattern": "x"}}}, r"schema\.properties\.a\.pattern is not supported; use only type"),
    ({"$ref": "#"}, r"schema\.\$ref is not supported"),
    ({"oneOf": []}, "oneOf is not supported"),
    ({"type": "float"}, r"schema\.type must be one of array, boolean"),
    ({"type": []}, r"schema\.type must be"),
    ({"enum": []}, r"schema\.enum must be"),
    ({"enum": [{"$ref": "http://a.example"}]}, r"schema\.enum must be"),
    ({"const": {"x": [{"$id": "a"}]}}, r"schema\.const must be"),
    ({"minimum": True}, r"schema\.minimum must be a number"),
    ({"maxItems": -1}, r"schema\.maxItems must be"),
    ({"maxLength": 1.5}, r"schema\.maxLength must be"),
    ({"required": ["a", "a"]}, r"schema\.required must be a list of different names"),
    ({"required": "a"}, r"schema\.required must be"),
    ({"properties": []}, r"schema\.properties must be"),
    ({"properties": {"a": 1}}, r"schema\.properties\.a must be an object"),
    ({"properties": {"$ref": {}}}, "must not start with"),
    ({"items": [{}]}, r"schema\.items must be a schema"),
    ({"additionalProperties": {"type": 1}}, r"schema\.additionalProperties\.type must be"),
    ({"format": "email"}, "file-read, file-write"),
    ({"title": 1}, r"schema\.title must be a text"),
    (deep(9), "nested deeper than 8"),
]


@pytest.mark.parametrize(("schema", "complaint"), REFUSED)
def test_refused(schema: Json, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_schema(schema)


WRONG: list[tuple[Json, str]] = [
    ({"bands": [BAND], "preamp_db": 30}, "preamp_db must be from -24 to 24, not 30"),
    ({"bands": [BAND], "preamp_db": "loud"}, 'preamp_db must be of type number, not "loud"'),
    ({"bands": [BAND], "preamp_db": True}, "preamp_db must be of type number, not true"),
    ({"bands": [BAND], "name": "123456789"}, "name must be at most 8 characters long"),
    ({"bands": []}, "bands must have at least 1 items, not 0"),
    ({"bands": [BAND, BAND, BAND]}, "bands must have at most 2 items, not 3"),
    ({"bands": [BAND, {"freq_hz": 0}]}, r"bands\[1\]\.freq_hz must be at least 1, not 0"),
    ({"bands": [{"freq_hz": 1.5}]}, r"bands\[0\]\.freq_hz must be of type integer, not 1.5"),
    ({"bands": [{"freq_hz": 1, "type": "x"}]}, r'bands\[0\]\.type must be one of "peaking", "notch", not "x"'),
    ({"bands": [{}]}, r"bands\[0\] lacks 'freq_hz'"),
    ({}, "it lacks 'bands'"),
    ({"bands": [BAND], "preamp": 1}, "it has no member 'preamp'; did you mean 'preamp_db'"),
    ({"bands": [BAND], "zzz": 1}, "it has no member 'zzz'; known are preamp_db, name, bands"),
    ({"bands": [BAND], "preamp_db": float("nan")}, "NaN and Infinity are not JSON"),
    ({"bands": [BAND], "preamp_db": float("-inf")}, "NaN and Infinity are not JSON"),
    ([], "it must be of type object, not"),
]


@pytest.mark.parametrize(("config", "complaint"), WRONG)
def test_a_wrong_config_is_explained_in_one_line(config: Json, complaint: str) -> None:
    with pytest.raises(ConfigRejected, match=f"^config of stellatune.dsp.equalizer: {complaint}") as caught:
        check_config("stellatune.dsp.equalizer", EQUALIZER, config)
    assert caught.value.exit_code == 8
    assert "\n" not in str(caught.value)


def test_a_fitting_config_passes() -> None:
    check_config("eq", EQUALIZER, {"preamp_db": -24, "bands": [{"freq_hz": 20, "type": "notch"}]})


def test_merging_replaces_whole_members() -> None:
    default: JsonObject = {"preamp_db": 3, "bands": [BAND, BAND]}
    assert merge_config("eq", EQUALIZER, default, {"bands": [BAND]}) == {"preamp_db": 3, "bands": [BAND]}
    assert default["bands"] == [BAND, BAND]
    with pytest.raises(ConfigRejected, match="must be a JSON object"):
        merge_config("eq", EQUALIZER, default, [1])
    with pytest.raises(ConfigRejected, match="preamp_db"):
        merge_config("eq", EQUALIZER, default, {"preamp_db": 99})


def test_file_strings_are_found_wherever_they_stand() -> None:
    read: JsonObject = {"type": "string", "format": "file-read"}
    schema: JsonObject = {
        "properties": {
            "path": {"type": "string", "format": "file-write"},
            "label": {"type": "string"},
            "list": {"items": {"properties": {"ir": read}}},
        },
        "additionalProperties": read,
    }
    value: Json = {"path": "out.wav", "label": "x", "list": [{"ir": "a.wav"}, {"ir": 3}, {}], "more": "b.wav"}
    assert file_strings(schema, value) == [
        (FileMode.WRITE, "out.wav"),
        (FileMode.READ, "a.wav"),
        (FileMode.READ, "b.wav"),
    ]
    changed = change_file_strings(schema, value, lambda mode, name: f"{mode}:{name}")
    assert changed == {
        "path": "file-write:out.wav",
        "label": "x",
        "list": [{"ir": "file-read:a.wav"}, {"ir": 3}, {}],
        "more": "file-read:b.wav",
    }
    assert change_file_strings(schema, value, lambda _, name: name) == value


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
schemas = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "number", "object", "array"]),
            "enum": st.lists(st.text() | st.integers(), min_size=1, max_size=3),
            "title": st.text(),
            "required": st.lists(st.text(max_size=8), unique=True, max_size=2),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {}, optional={"items": inner, "properties": st.dictionaries(st.text(max_size=8), inner, max_size=3)}
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(schema=schemas, value=values)
def test_any_taken_schema_judges_any_value(schema: JsonObject, value: Json) -> None:
    """Names and texts from a stranger never upset the compiler behind it."""
    try:
        check_schema(schema)
    except ValueError:
        return
    try:
        check_config("x", schema, value)
    except ConfigRejected as error:
        assert error.message.startswith("config of x: ")
    file_strings(schema, value)
