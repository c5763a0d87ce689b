"""What commands about plugins print: one line each, whatever the host answers."""

from __future__ import annotations

import pytest

from host.cli.plugin_control import renewal_line
from host.cli.rows import number, objects, refusals, text, texts
from host.jsontext import JsonObject

DONE: JsonObject = {
    "plugin": "stellatune.dsp.gain",
    "role": "play",
    "old_generation": 3,
    "new_generation": 4,
    "old_pid": 4112,
    "new_pid": 4190,
    "took_ms": 41.3,
    "frames_lost": 0,
}


def test_what_a_restart_cost() -> None:
    assert renewal_line(DONE) == "dsp.gain  gen 3 -> 4  pid 4112 -> 4190  41 ms  0 frames lost"
    first = {**DONE, "plugin": "acme.x", "role": "scan", "old_generation": None, "old_pid": None}
    assert renewal_line(first) == "acme.x (scan)  gen - -> 4  pid - -> 4190  41 ms  0 frames lost"
    assert renewal_line({}).endswith("0 ms  - frames lost")


def test_refused_calls_are_told_when_there_are_any() -> None:
    assert refusals({"concurrent_calls": 3}) == "  3 concurrent calls refused"
    assert refusals({"concurrent_calls": 0}) == refusals({}) == ""


@pytest.mark.parametrize("value", [None, 5, "x", True, [1, "a", {"b": 1}], {"c": 2}])
def test_members_of_any_type_raise_nothing(value: object) -> None:
    row: JsonObject = {"x": value}  # type: ignore[dict-item]
    assert number(row, "x") == (5.0 if value == 5 else None)
    assert objects(row, "x") == ([{"b": 1}] if isinstance(value, list) else [])
    assert texts(row, "x") == (["a"] if isinstance(value, list) else [])
    assert text(row, "x")
    assert "\x1b" not in text({"x": "\x1b[2J"}, "x")
