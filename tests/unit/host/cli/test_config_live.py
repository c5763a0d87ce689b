"""The line that tells what became of a configuration where it plays."""

from __future__ import annotations

import pytest

from host.cli.config_live import outcome_line
from host.jsontext import JsonObject


@pytest.mark.parametrize(
    ("members", "end"),
    [
        ({"heard_after_ms": 186.6, "reason": ""}, "gen 3  heard in 187 ms"),
        ({"heard_after_ms": None, "reason": ""}, "gen 3"),
        ({"reason": "it is in force already"}, "gen 3  (it is in force already)"),
        ({"heard_after_ms": 0, "reason": "two\nlines"}, "gen 3  heard in 0 ms  (two\ufffdlines)"),
        ({}, "gen 3"),
    ],
)
def test_a_reason_is_told_where_there_is_one(members: JsonObject, end: str) -> None:
    facts: JsonObject = {"name": "gain", "outcome": "applied", "config_gen": 2, "generation": 3}
    assert outcome_line({**facts, **members}) == f"gain  applied  config_gen 2  {end}"
