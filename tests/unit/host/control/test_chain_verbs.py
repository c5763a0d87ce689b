"""What the chain's verbs take, and what they refuse."""

from __future__ import annotations

import asyncio

import pytest

from host.control.verbs import perform
from host.errors import Usage
from host.jsontext import JsonObject
from tests.unit.host.control.desk import FakeDesk


@pytest.mark.parametrize(
    ("verb", "given", "asked"),
    [
        ("dsp.add", {"type": "gain"}, ("add", "gain", None, None, None, None, None)),
        (
            "dsp.add",
            {"type": "gain", "name": "g", "config": {"gain_db": 1}, "at": 2, "before": None, "after": None},
            ("add", "gain", "g", {"gain_db": 1}, 2, None, None),
        ),
        ("dsp.add", {"type": "gain", "after": "a"}, ("add", "gain", None, None, None, None, "a")),
        ("dsp.remove", {"name": "a"}, ("remove", "a")),
        ("dsp.move", {"name": "a", "to": 3}, ("move", "a", 3)),
        ("dsp.bypass", {"name": "a"}, ("bypass", "a", False)),
        ("dsp.bypass", {"name": "a", "off": True}, ("bypass", "a", True)),
    ],
)
def test_a_verb_reaches_the_desk(verb: str, given: JsonObject, asked: tuple[object, ...]) -> None:
    desk = FakeDesk()
    asyncio.run(perform(desk, verb, given))
    assert desk.chain.asked == [asked]


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("dsp.add", {}),
        ("dsp.add", {"type": "gain", "config": "loud"}),
        ("dsp.add", {"type": "gain", "at": 0}),
        ("dsp.add", {"type": "gain", "at": True}),
        ("dsp.remove", {}),
        ("dsp.move", {"name": "a", "to": "b"}),
        ("dsp.bypass", {"name": "a", "off": 1}),
        ("dsp.list", {"name": "a"}),
    ],
)
def test_what_makes_no_sense_is_refused(verb: str, given: JsonObject) -> None:
    desk = FakeDesk()
    with pytest.raises(Usage):
        asyncio.run(perform(desk, verb, given))
    assert desk.chain.asked == []
