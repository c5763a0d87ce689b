"""The verbs about words: what each takes, and what it refuses."""

from __future__ import annotations

import asyncio

import pytest

from host.control.verbs import perform
from host.errors import Usage
from host.jsontext import JsonObject
from tests.unit.host.control.desk import FakeDesk


@pytest.mark.parametrize(
    ("verb", "arguments", "asked"),
    [
        ("lyrics.current", {}, "current"),
        ("lyrics.candidates", {}, "candidates"),
        ("lyrics.pick", {"number": 3}, 3),
        ("lyrics.pick", {"anew": True}, 0),
    ],
)
def test_what_the_desk_is_asked(verb: str, arguments: JsonObject, asked: str | int) -> None:
    assert asyncio.run(perform(FakeDesk(), verb, arguments)) == {"asked": asked}


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("lyrics.current", {"entry": 1}),
        ("lyrics.candidates", {"limit": 1}),
        ("lyrics.pick", {}),
        ("lyrics.pick", {"number": 0}),
        ("lyrics.pick", {"number": "1"}),
        ("lyrics.pick", {"number": 1, "anew": True}),
        ("lyrics.pick", {"number": 1001}),
    ],
)
def test_what_is_refused(verb: str, arguments: JsonObject) -> None:
    with pytest.raises(Usage):
        asyncio.run(perform(FakeDesk(), verb, arguments))
