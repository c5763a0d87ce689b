"""Every fact has a stable name outside, and a form that is JSON."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import cast

import pytest

from abi.wire import StopReason
from host import events
from host.control.event_names import EVENT_NAMES, event_data, matching
from host.control.protocol import clean
from host.errors import NotFound, Usage
from host.events import PluginEmitted, Seeked, StageEnded, Topic, TrackEnded, TrackHeard, TrackStarted, TrackTitled
from host.ids import Generation, InstanceId, PluginId

PUBLIC = [getattr(events, name) for name in events.__all__]
FACTS = [each for each in PUBLIC if isinstance(each, type) and issubclass(each, Topic) and each is not Topic]


def test_no_fact_is_missing() -> None:
    assert set(EVENT_NAMES) == set(FACTS)


def test_names_are_words_and_no_two_alike() -> None:
    assert len(set(EVENT_NAMES.values())) == len(EVENT_NAMES)
    assert [name for name in EVENT_NAMES.values() if not re.fullmatch(r"[a-z]+(\.[a-z_]+)+", name)] == []


def test_fields_of_a_fact() -> None:
    fact = StageEnded(PluginId("a.b"), Generation(2), InstanceId(3), 1, next(iter(StopReason)), 512, 0, "x")
    data = event_data(fact)
    assert list(data) == [field.name for field in dataclasses.fields(fact)]
    assert (data["plugin_id"], data["reason"]) == ("a.b", next(iter(StopReason)).name.lower())
    assert json.loads(json.dumps(data)) == data


@dataclasses.dataclass(frozen=True, slots=True)
class Odd(Topic):
    """What no fact holds today."""

    held: object


def test_bytes_are_counted_and_never_shown() -> None:
    assert event_data(Odd(b"secret")) == {"held": {"bytes": 6}}
    assert event_data(Odd((Path("/a"), {"b": [1.5]}, Odd(None)))) == {"held": ["/a", {"b": [1.5]}, {"held": None}]}
    with pytest.raises(TypeError):
        event_data(Odd(object()))


def test_what_a_plugin_emits_is_cut_where_it_is_too_deep() -> None:
    value: object = 1
    for _ in range(500):
        value = [value]
    fact = PluginEmitted(PluginId("a"), Generation(1), InstanceId(1), cast("None", value))
    assert "too deeply" in json.dumps(clean(event_data(fact)))


def test_a_filter_chooses_by_name() -> None:
    assert matching("*") == (Topic,), "who asks for all names none, and so costs nothing"
    assert set(matching("track.*")) == {TrackStarted, TrackEnded, TrackHeard, TrackTitled, Seeked}
    with pytest.raises(NotFound, match="nosuch"):
        matching("nosuch")
    with pytest.raises(Usage):
        matching("*" * 101)
