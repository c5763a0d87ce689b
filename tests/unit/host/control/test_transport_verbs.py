"""The verbs that steer the music: what each takes, and what it refuses before anything is asked of the desk."""

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
        *((f"transport.{word}", {}, (word,)) for word in ("play", "pause", "resume", "toggle", "stop", "next")),
        ("transport.prev", {}, ("previous",)),
        ("transport.goto", {"id": 7}, ("goto", 7)),
        ("transport.seek", {"to": 1.5}, ("seek", 1.5, None, None)),
        ("transport.seek", {"by": -3}, ("seek", None, -3, None)),
        ("transport.seek", {"percent": 50}, ("seek", None, None, 50)),
        ("transport.volume", {"db": -6}, ("volume", -6, None, None)),
        ("transport.volume", {"by_db": 1}, ("volume", None, 1, None)),
        ("transport.volume", {"percent": 0}, ("volume", None, None, 0)),
    ],
)
def test_each_asks_for_what_it_says(verb: str, arguments: JsonObject, asked: tuple[object, ...]) -> None:
    desk = FakeDesk()
    asyncio.run(perform(desk, verb, arguments))
    assert desk.music.asked == [asked]


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("transport.play", {"loud": True}),
        ("transport.goto", {}),
        ("transport.goto", {"id": 0}),
        ("transport.seek", {}),
        ("transport.seek", {"to": 1, "by": 1}),
        ("transport.seek", {"to": -1}),
        ("transport.seek", {"percent": 101}),
        ("transport.volume", {"db": 1}),
        ("transport.volume", {"percent": "all"}),
    ],
)
def test_what_makes_no_sense_is_refused(verb: str, arguments: JsonObject) -> None:
    desk = FakeDesk()
    with pytest.raises(Usage):
        asyncio.run(perform(desk, verb, arguments))
    assert desk.music.asked == []
