"""What the queue's verbs take, and what they refuse."""

from __future__ import annotations

import asyncio

import pytest

from host.control.queue_verbs import MAX_AT_ONCE
from host.control.verbs import perform
from host.errors import Usage
from host.jsontext import JsonObject
from tests.unit.host.control.desk import FakeDesk


@pytest.mark.parametrize(
    ("verb", "given", "asked"),
    [
        ("queue.list", {}, ("list", 0, 1000)),
        ("queue.list", {"first": 7, "limit": 1}, ("list", 6, 1)),
        ("queue.add", {"names": ["/a", "/b"]}, ("add", "/a", "/b", False, None, None, False)),
        ("queue.add", {"names": ["/a"], "next": True}, ("add", "/a", True, None, None, False)),
        ("queue.add", {"names": ["/a"], "before": 3, "replace": False}, ("add", "/a", False, 3, None, False)),
        ("queue.add", {"names": ["/a"], "after": 3}, ("add", "/a", False, None, 3, False)),
        ("queue.add", {"names": ["/a"], "replace": True}, ("add", "/a", False, None, None, True)),
        ("queue.adding", {"job": 2}, ("adding", 2)),
        ("queue.remove", {"ids": [4, 5]}, ("remove", 4, 5)),
        ("queue.remove", {"places": ["4", "7-9"]}, ("remove", (4, 4), (7, 9))),
        ("queue.move", {"ids": [4], "to": 1}, ("move", 4, 1)),
        ("queue.clear", {}, ("clear",)),
        ("queue.mode", {}, ("mode", None, None, None)),
        ("queue.mode", {"repeat": "all", "shuffle": True, "consume": False}, ("mode", "all", True, False)),
        ("queue.save", {"name": "/a.m3u8"}, ("save", "/a.m3u8")),
    ],
)
def test_a_verb_reaches_the_desk(verb: str, given: JsonObject, asked: tuple[object, ...]) -> None:
    desk = FakeDesk()
    asyncio.run(perform(desk, verb, given))
    assert desk.queueing.asked == [asked]


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("queue.list", {"limit": 1001}),
        ("queue.list", {"first": 0}),
        ("queue.add", {}),
        ("queue.add", {"names": []}),
        ("queue.add", {"names": ["/a", ""]}),
        ("queue.add", {"names": "/a"}),
        ("queue.add", {"names": ["/a"] * (MAX_AT_ONCE + 1)}),
        ("queue.add", {"names": ["/a"], "next": True, "before": 1}),
        ("queue.add", {"names": ["/a"], "after": 2, "replace": True}),
        ("queue.adding", {"job": "x"}),
        ("queue.remove", {}),
        ("queue.remove", {"ids": [1], "places": ["1"]}),
        ("queue.remove", {"ids": [0]}),
        ("queue.remove", {"ids": [True]}),
        ("queue.remove", {"places": ["0"]}),
        ("queue.remove", {"places": ["7-5"]}),
        ("queue.remove", {"places": ["1-"]}),
        ("queue.move", {"ids": [1], "to": 0}),
        ("queue.clear", {"all": True}),
        ("queue.mode", {"shuffle": 1}),
        ("queue.save", {}),
    ],
)
def test_what_makes_no_sense_is_refused(verb: str, given: JsonObject) -> None:
    desk = FakeDesk()
    with pytest.raises(Usage):
        asyncio.run(perform(desk, verb, given))
    assert desk.queueing.asked == []
