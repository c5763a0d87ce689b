"""What counts as standing still: a call of a pump whose number does not rise, and nothing else."""

from __future__ import annotations

import pytest

from host.supervise.watcher import Standstill
from shm_audio import LaneStatus


def lane(call: str, call_seq: int, slot: int = 1) -> LaneStatus:
    idle = LaneStatus._make([0] * len(LaneStatus._fields))
    return idle._replace(slot=slot, instance=7, call=call, call_seq=call_seq)


@pytest.mark.parametrize("call", ["read", "process", "write", "query_status"])
def test_a_call_that_does_not_return_is_late_after_the_limit(call: str) -> None:
    standstill = Standstill(1.0)
    assert [standstill.look([lane(call, 5)], now) for now in (0.0, 0.5, 1.0)] == [None] * 3
    assert standstill.look([lane(call, 5)], 1.1) == lane(call, 5)


def test_progress_begins_the_time_anew() -> None:
    standstill = Standstill(1.0)
    for now in range(20):
        assert standstill.look([lane("process", now)], now * 0.9) is None


def test_a_pause_between_calls_begins_the_time_anew() -> None:
    standstill = Standstill(1.0)
    assert standstill.look([lane("process", 5)], 0.0) is None
    assert standstill.look([lane("", 5)], 0.9) is None
    assert standstill.look([lane("process", 5)], 1.8) is None
    assert standstill.look([lane("process", 5)], 2.9) is not None


@pytest.mark.parametrize("call", ["", "create", "open", "flush", "destroy"])
def test_calls_with_deadlines_of_their_own_are_not_judged_here(call: str) -> None:
    standstill = Standstill(1.0)
    assert not [now for now in range(100) if standstill.look([lane(call, 5)], float(now))]


def test_each_lane_has_its_own_time() -> None:
    standstill = Standstill(1.0)
    for now in range(5):
        late = standstill.look([lane("process", now, slot=1), lane("write", 3, slot=2)], now * 0.6)
        assert (late is not None) == (now >= 2)
        if late is not None:
            assert late.slot == 2
