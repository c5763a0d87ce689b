"""A queue as lines of a file: back as it was, or refused."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.app.saved_queue import queue_lines, read_queue
from host.errors import MediaError
from host.jsontext import JsonObject
from host.playback import Excerpt, Input, Modes, Queue, Repeat
from host.playlists import Hints
from host.where import SourceTrack


def a_queue() -> Queue:
    queue = Queue(Random(3))
    names = ["/a", "/\udcff\n", "/ü", "/x/y", "/e", "/f"]
    cut = Excerpt(Fraction(7, 75), Fraction(1, 3))
    queue.add([Input(Path(name), None, cut, Hints("t", "", "l")) for name in names])
    queue.add([Input(SourceTrack("https://me:pw@host/a b")), Input(SourceTrack("x/ü?", "folder", '{"a":1}', "{}"))])
    queue.add([Input(Path("/last"), None, cut)])
    queue.set_modes(Modes(Repeat.ALL, shuffle=True, consume=True))
    for _ in range(3):
        queue.advance()
    queue.set_modes(Modes(Repeat.ALL, shuffle=True))
    for _ in range(5):
        queue.advance()
    queue.add_next([Input(Path("/next"), MediaError("no such file", remedy="look"))])
    return queue


def test_a_queue_comes_back_as_it_was() -> None:
    state = a_queue().snapshot()
    assert state.shuffle is not None and all((state.shuffle.played, state.shuffle.ahead, state.shuffle.promised))
    assert read_queue(b"".join(queue_lines(state))) == state
    queue = Queue()
    assert read_queue(b"".join(queue_lines(queue.snapshot()))) == queue.snapshot()


@pytest.mark.parametrize(
    "spoil",
    [
        {"schema": "other/1"},
        {"version": "1"},
        {"next_id": 2},
        {"entries": 3},
        {"current": 99},
        {"stands_before": -1},
        {"modes": {"repeat": "some", "shuffle": True, "consume": False}},
        {"modes": {"repeat": "all", "shuffle": False, "consume": False}},
        {"shuffle": None},
        {"shuffle": {"played": [], "promised": [], "ahead": [], "bygone": [], "opening": None}},
        {"underway": 1},
    ],
)
def test_what_no_queue_can_have_been_is_refused(spoil: JsonObject) -> None:
    head, *rest = queue_lines(a_queue().snapshot())
    line = json.dumps({**json.loads(head), **spoil}).encode() + b"\n"
    with pytest.raises(ValueError, match=r"."):
        read_queue(line + b"".join(rest))


@pytest.mark.parametrize("spoil", [{"start": "1/0"}, {"length": "-1"}, {"start": "1" * 99}, {"id": 1}, {"path": 5}])
def test_an_entry_that_cannot_be_is_refused(spoil: JsonObject) -> None:
    *lines, last = queue_lines(a_queue().snapshot())
    with pytest.raises(ValueError, match=r"."):
        read_queue(b"".join(lines) + json.dumps({**json.loads(last), **spoil}).encode())


@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), byte=st.integers(0, 255))
def test_damaged_bytes_are_refused_or_a_queue(cut: int, at: int, byte: int) -> None:
    data = bytearray(b"".join(queue_lines(a_queue().snapshot())))
    data[at % len(data)] = byte
    for damaged in (bytes(data), bytes(data)[: cut % len(data)]):
        try:
            state = read_queue(damaged)
        except ValueError:
            continue
        queue = Queue()
        queue.restore(state)
        queue.advance()
