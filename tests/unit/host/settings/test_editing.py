"""Editing: the change and nothing but the change, on any text and with any value."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.errors import ConfigRejected, Usage
from host.jsontext import Json, JsonObject
from host.settings.editing import with_members, with_value, without

GAIN = ("plugins", "stellatune.dsp.gain", "gain")
TEXT = """# How I like it
[pipeline]   # sizes
block_frames = 0x100 # not decimal
# a remark at the end

[plugins."stellatune.dsp.gain".gain] # quieter
 gain_db=-3    # by ear
other = [ 1,
   2 ] # a list
# the last word"""

names = st.text(st.characters(codec="utf-8"), max_size=12)
scalars: st.SearchStrategy[Json] = (
    st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | names
)
values: st.SearchStrategy[Json] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
objects: st.SearchStrategy[JsonObject] = st.dictionaries(names, values, max_size=3)


def lines(text: str) -> list[str]:
    return text.split("\n")


def test_only_the_value_changes_in_its_line() -> None:
    changed = lines(with_value(TEXT, (*GAIN, "gain_db"), 1.5))
    assert changed.pop(6) == " gain_db=1.5    # by ear"
    expected = lines(TEXT)
    expected.pop(6)
    assert changed == expected


def test_what_is_new_stands_in_its_table() -> None:
    assert with_value("", (*GAIN, "gain_db"), -3) == '[plugins."stellatune.dsp.gain".gain]\ngain_db = -3\n'
    made = with_value(TEXT, ("limits", "read_ms"), 500)
    assert made.startswith(TEXT)
    assert tomllib.loads(made)["limits"] == {"read_ms": 500}


def test_taking_out_leaves_the_rest() -> None:
    assert without(TEXT, (*GAIN, "gain_db")) == TEXT.replace(" gain_db=-3    # by ear\n", "")
    assert without(TEXT, (*GAIN, "speed")) == without(TEXT, ("limits",)) == TEXT
    assert tomllib.loads(without(TEXT, ("plugins",))).keys() == {"pipeline"}


@settings(deadline=None)
@given(names, values)
def test_any_value_under_any_name(name: str, value: Json) -> None:
    made = with_value(TEXT, (*GAIN, name), value)
    expected = tomllib.loads(TEXT)
    expected["plugins"]["stellatune.dsp.gain"]["gain"][name] = value
    assert tomllib.loads(made) == expected
    assert [line for line in lines(TEXT) if line not in lines(made)] == []
    assert tomllib.loads(without(made, (*GAIN, name))) == tomllib.loads(TEXT)


@settings(deadline=None)
@given(objects, objects)
def test_a_whole_table_after_another(first: JsonObject, second: JsonObject) -> None:
    path = ("plugins", "a.b", "t")
    made = with_members(with_members(TEXT, path, first), path, second)
    assert tomllib.loads(made)["plugins"]["a.b"]["t"] == second
    assert [line for line in lines(TEXT) if line not in lines(made)] == []


@pytest.mark.parametrize(
    "text",
    [
        'plugins = {"stellatune.dsp.gain" = {gain = {gain_db = 1}}} # all in one',
        '[plugins]\r\n"stellatune.dsp.gain".gain.gain_db = 1 # dotted\r\n[limits]\r\n',
        '[plugins."stellatune.dsp.gain"]\ngain.gain_db = 1\n[limits]\n[plugins."a.b".gain]\nx = nan\n',
        "[plugins]\n[limits]\nread_ms = 500\n",
    ],
)
def test_odd_forms_are_changed_rightly_or_left(text: str) -> None:
    made = with_value(text, (*GAIN, "gain_db"), -6)
    assert tomllib.loads(made)["plugins"]["stellatune.dsp.gain"]["gain"]["gain_db"] == -6
    assert ("#" in text) == ("#" in made)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits", "cannot be read"),
        ("limits = 3\n", "limits is no table"),
        ("[[limits]]\n", "limits is no table"),
    ],
)
def test_no_change_where_there_is_no_place(text: str, words: str) -> None:
    with pytest.raises(Usage, match=words):
        with_value(text, ("limits", "read_ms"), 500)


@pytest.mark.parametrize("value", [None, [None], {"a": {"b": None}}, "\ud800", {"\ud800": 1}])
def test_what_toml_cannot_hold(value: Json) -> None:
    with pytest.raises(ConfigRejected):
        with_value(TEXT, (*GAIN, "gain_db"), value)
