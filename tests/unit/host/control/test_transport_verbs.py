"""What the transport's verbs take, and what they refuse; and what people may type for them."""

from __future__ import annotations

import asyncio

import pytest

from host.cli.transport import parse_seek, parse_volume_wish
from host.control.verbs import perform
from host.errors import Usage
from host.jsontext import JsonObject
from tests.unit.host.control.desk import FakeDesk


@pytest.mark.parametrize(
    ("verb", "given", "asked"),
    [
        ("transport.play", {}, ("play",)),
        ("transport.pause", {}, ("pause",)),
        ("transport.resume", {}, ("resume",)),
        ("transport.toggle", {}, ("toggle",)),
        ("transport.stop", {}, ("stop",)),
        ("transport.next", {}, ("next",)),
        ("transport.prev", {}, ("previous",)),
        ("transport.goto", {"id": 7}, ("goto", 7)),
        ("transport.seek", {"to": 12.5}, ("seek", 12.5, None, None)),
        ("transport.seek", {"by": -10}, ("seek", None, -10.0, None)),
        ("transport.seek", {"percent": 0}, ("seek", None, None, 0.0)),
        ("transport.volume", {"db": -6}, ("volume", -6.0, None, None)),
        ("transport.volume", {"by_db": 3}, ("volume", None, 3.0, None)),
        ("transport.volume", {"percent": 80.5}, ("volume", None, None, 80.5)),
    ],
)
def test_a_verb_reaches_the_desk(verb: str, given: JsonObject, asked: tuple[object, ...]) -> None:
    desk = FakeDesk()
    assert asyncio.run(perform(desk, verb, given)) == {"state": "playing"}
    assert desk.music.asked == [asked]


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("transport.play", {"id": 1}),
        ("transport.goto", {}),
        ("transport.goto", {"id": 0}),
        ("transport.goto", {"id": True}),
        ("transport.seek", {}),
        ("transport.seek", {"to": 1, "by": 1}),
        ("transport.seek", {"to": -1}),
        ("transport.seek", {"to": "1"}),
        ("transport.seek", {"to": True}),
        ("transport.seek", {"percent": 101}),
        ("transport.volume", {"db": 1}),
        ("transport.volume", {"percent": -1}),
        ("transport.volume", {}),
    ],
)
def test_what_cannot_be_is_refused(verb: str, given: JsonObject) -> None:
    desk = FakeDesk()
    with pytest.raises(Usage):
        asyncio.run(perform(desk, verb, given))
    assert desk.music.asked == []


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("90", {"to": 90.0}),
        ("1:02.5", {"to": 62.5}),
        ("+10", {"by": 10.0}),
        ("-1:00", {"by": -60.0}),
        ("50%", {"percent": 50.0}),
        ("0%", {"percent": 0.0}),
    ],
)
def test_places(typed: str, wish: JsonObject) -> None:
    assert parse_seek(typed) == wish


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("80", {"percent": 80.0}),
        ("80%", {"percent": 80.0}),
        ("-6dB", {"db": -6.0}),
        ("0dB", {"db": 0.0}),
        ("+3", {"by_db": 3.0}),
        ("-3", {"by_db": -3.0}),
    ],
)
def test_loudnesses(typed: str, wish: JsonObject) -> None:
    found = parse_volume_wish(typed)
    assert found == wish


@pytest.mark.parametrize("typed", ["", "x", "101%", "-1%", "nan%", "+", "1:61", "--5"])
def test_no_places(typed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_seek(typed)


@pytest.mark.parametrize("typed", ["", "x", "101", "+3dB", "-5%", "nan", "1e3"])
def test_no_loudnesses(typed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_volume_wish(typed)
