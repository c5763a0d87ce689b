"""Strict JSON: what is read can be written again, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.jsontext import Json, dump_json, parse_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_round_trip(value: Json) -> None:
    text = dump_json(value)
    assert "\n" not in text
    assert parse_json(text) == value


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON: Expecting value at line 1, column 1"),
        ("{'a': 1}", "line 1, column 2"),
        ('{"a": NaN}', "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ("1e400", "1e400 is too large"),
        ('{"a": 1, "a": 2}', "the name 'a' stands twice"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_json(text)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_not_written(value: Json) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json(value)
