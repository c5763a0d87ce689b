"""Rates from counters: what lies between two looks, and nothing else."""

from __future__ import annotations

from host.cli.top_rows import HEAD, Cost, Pace, rows_between, table
from host.jsontext import Json, JsonObject


def lane(blocks: int, timed_calls: int, timed_ns: int, **more: Json) -> JsonObject:
    return {
        "instance": 7, "kind": "dsp", "type": "gain", "sample_rate_hz": 44_100, "call": "", "xruns": 0,
        "blocks": blocks, "timed_calls": timed_calls, "timed_ns": timed_ns, **more,
    }  # fmt: skip


def look(at_s: float, cpu_s: float, *lanes: JsonObject, **more: Json) -> JsonObject:
    worker: JsonObject = {
        "plugin": "stellatune.dsp.gain", "role": "play", "generation": 3, "state": "active", "pid": 41, "up_s": 3700.0,
        "restarts": 2, "last_exit": "SIGSEGV", "cpu_s": cpu_s, "rss_bytes": 3 << 20, "lanes": [*lanes], **more,
    }  # fmt: skip
    host: JsonObject = {"pid": 40, "cpu_s": cpu_s, "rss_bytes": 9 << 20}
    return {"monotonic_s": at_s, "host": host, "workers": [worker]}


def test_what_lies_between_two_looks() -> None:
    host, gain = rows_between(look(10, 1.0, lane(100, 6, 6000)), look(12, 1.5, lane(300, 18, 66_000)))
    assert (host.id, host.cost) == ("host", Cost(25.0, 9 << 20))
    assert gain.cost == Cost(25.0, 3 << 20, 2, 3700.0, "SIGSEGV")
    assert gain.pace == Pace(block_us=10_000.0, busy_us=5.0)
    pace, cost = ("10.0ms", "5.0us", "1.00", "0.00"), ("25.0", "3.0M", "2", "1:01:40", "SIGSEGV")
    assert [line.split() for line in table([host, gain])] == [
        [*HEAD],
        ["R", "host", "-", "40", "25.0", "9.0M"],
        ["R", "dsp.gain/7", "dsp", "3", "41", "44100", *pace, "0", *cost],
    ]


def test_a_process_of_several_lanes_costs_once() -> None:
    lanes = (lane(1, 0, 0), lane(1, 0, 0, instance=8))
    _, first, second = rows_between(look(1, 1.0, *lanes), look(2, 1.0, *lanes))
    assert (first.state, second.state) == ("W", "W"), "nothing was moved"
    assert first.cost is not None and second.cost is None
    assert (first.pace, second.pace) == (None, None)


def test_who_is_new_or_idle_or_ends_has_no_rates() -> None:
    _, new = rows_between({"monotonic_s": 1.0}, look(2, 1.0, lane(5, 0, 0)))
    assert (new.state, new.pace) == ("R", None)
    assert new.cost is not None and new.cost.cpu_percent is None
    assert [rows_between(look(1, 1.0), look(2, 1.0))[1].state] == ["I"]
    for state, letter in (("draining", "D"), ("starting", "S")):
        assert rows_between(look(1, 1.0), look(2, 1.0, lane(9, 9, 9), state=state))[1].state == letter
