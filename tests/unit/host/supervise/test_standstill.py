"""What counts as standing still: time that was charged, to one call of a pump or to one unanswered question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host.settings import Limits
from host.supervise.standstill import CallLimits, Thread, Vigil, charge
from shm_audio import CALLS, LaneStatus

LIMITS = replace(Limits(), read_ms=1000, process_ms=1000, write_ms=1000, first_write_ms=2000, query_ms=1000)
CALLS_OF = CallLimits(LIMITS)
IDLE = {1: Thread("S", 0.5), 2: Thread("S", 1.0)}


def lane(call: str, call_seq: int, slot: int = 1, blocks: int = 1, queued: int = 0) -> LaneStatus:
    idle = LaneStatus._make([0] * len(LaneStatus._fields))
    return idle._replace(slot=slot, instance=7, call=call, call_seq=call_seq, blocks=blocks, queued_frames=queued)


# ---- the charge ----


def test_a_look_that_came_late_charges_nothing() -> None:
    assert charge(0.7, on_time=False, before=IDLE, now=IDLE) == 0


def test_who_sleeps_is_charged_all_of_it() -> None:
    assert charge(0.05, on_time=True, before=IDLE, now=IDLE) == 0.05
    assert charge(0.05, on_time=True, before={}, now={}) == 0.05
    stopped = {1: Thread("T", 0.5)}
    assert charge(0.05, on_time=True, before=stopped, now=stopped) == 0.05


@pytest.mark.parametrize(("got", "charged"), [(0.0, 0.0), (0.01, 0.01), (0.05, 0.05), (0.08, 0.05), (-0.1, 0.0)])
def test_who_wants_a_processor_is_charged_what_it_got(got: float, charged: float) -> None:
    now = {1: Thread("S", 0.5), 2: Thread("R", 1.0 + got)}
    assert charge(0.05, on_time=True, before=IDLE, now=now) == pytest.approx(charged)


def test_of_several_that_want_one_the_best_served_counts() -> None:
    now = {1: Thread("R", 0.51), 2: Thread("R", 1.04), 3: Thread("R", 0.02)}
    assert charge(0.05, on_time=True, before=IDLE, now=now) == pytest.approx(0.04)


def test_the_first_closer_look_at_a_running_worker_charges_all_of_it() -> None:
    assert charge(0.05, on_time=True, before={}, now={1: Thread("R", 3.0)}) == 0.05


def test_who_waits_for_storage_gets_ten_times_as_long() -> None:
    now = {1: Thread("S", 0.5), 2: Thread("D", 1.0)}
    assert charge(0.05, on_time=True, before=IDLE, now=now) == pytest.approx(0.005)


# ---- the limits ----


def test_every_call_of_a_pump_has_a_limit_and_no_other() -> None:
    limits = CallLimits(Limits(), rate_hz=48_000, block_frames=512)
    judged = {call for call in CALLS if limits.of(lane(call, 1)) is not None}
    assert judged == {"read", "process", "write", "query_status", "export", "flush", "stream_read", "stream_seek"}
    assert limits.of(lane("a call of the future", 1)) is None


def test_in_a_host_that_scans_each_call_of_a_scanner_has_a_limit_too() -> None:
    plain, scanning = CallLimits(Limits()), CallLimits(Limits(), scanning=True)
    more = {call for call in CALLS if scanning.of(lane(call, 1)) != plain.of(lane(call, 1))}
    assert more == {"create", "open", "get_info", "get_metadata", "destroy"}
    assert scanning.of(lane("open", 1)) == Limits().open_ms / 1000


def test_the_first_write_of_an_output_may_take_longer() -> None:
    assert CALLS_OF.of(lane("write", 1, blocks=0)) == 2.0
    assert CALLS_OF.of(lane("write", 1, blocks=1)) == 1.0


@pytest.mark.parametrize(
    ("rate", "block", "limit"), [(0, 0, 0.25), (48_000, 512, 20 * 512 / 48_000), (8000, 512, 0.25), (48_000, 32, 0.1)]
)
def test_process_has_twenty_blocks_of_time(rate: int, block: int, limit: float) -> None:
    assert CallLimits(Limits(), rate, block).of(lane("process", 1)) == pytest.approx(limit)


def test_a_device_plays_out_what_it_holds_and_a_file_is_completed() -> None:
    at_the_end = lane("flush", 1, blocks=1000, queued=24_000)
    assert CallLimits(Limits(), 48_000, 480, device=True).of(at_the_end) == pytest.approx(2.5)
    assert CallLimits(Limits(), 48_000, 480, device=False).of(at_the_end) == pytest.approx(12.0)
    assert CallLimits(Limits()).of(at_the_end) is None


# ---- the judgement ----


def looks(vigil: Vigil, lanes: list[LaneStatus], charges: list[float], question: int = 0) -> list[str]:
    return [vigil.look(lanes, question, CALLS_OF, charged) for charged in charges]


@pytest.mark.parametrize("call", ["read", "process", "write", "query_status"])
def test_a_call_that_does_not_return_is_late_at_its_limit(call: str) -> None:
    found = looks(Vigil(1.5), [lane(call, 5)], [0.5, 0.5, 0.4, 0.1])
    assert found == ["", "", "", f"{call} stood still for 1 s"]


def test_what_was_charged_before_it_was_seen_does_not_count() -> None:
    assert looks(Vigil(1.5), [lane("process", 5)], [7.0]) == [""]


def test_progress_begins_the_time_anew() -> None:
    vigil = Vigil(1.5)
    assert not any(vigil.look([lane("process", number)], 0, CALLS_OF, 0.9) for number in range(20))


def test_a_pause_between_calls_begins_the_time_anew() -> None:
    vigil = Vigil(1.5)
    for call, charged in (("process", 0.0), ("process", 0.9), ("", 0.9), ("process", 0.9), ("process", 0.9)):
        assert vigil.look([lane(call, 5)], 0, CALLS_OF, charged) == ""
    assert vigil.look([lane("process", 5)], 0, CALLS_OF, 0.1) != ""


@pytest.mark.parametrize("call", ["", "create", "open", "seek", "destroy", "shutdown"])
def test_calls_with_deadlines_of_their_own_are_not_judged_here(call: str) -> None:
    assert not any(looks(Vigil(1.5), [lane(call, 5)], [1.0] * 100))


def test_each_lane_has_its_own_time() -> None:
    vigil = Vigil(1.5)
    found = [
        vigil.look([lane("process", number, slot=1), lane("write", 3, slot=2)], 0, CALLS_OF, 0.4) for number in range(4)
    ]
    assert found == ["", "", "", "write stood still for 1 s"]


def test_a_question_without_an_answer_is_the_end() -> None:
    vigil = Vigil(1.5)
    assert looks(vigil, [], [0.5, 0.5, 0.5], question=1) == ["", "", ""]
    assert looks(vigil, [], [0.5], question=1) == ["it gave no sign of life for 1.5 s"]


def test_an_answer_begins_the_silence_anew() -> None:
    vigil = Vigil(1.5)
    for number in range(1, 40):
        asked = number if number % 4 else 0
        assert vigil.look([], asked, CALLS_OF, 1.0) == ""


def test_only_what_stands_where_it_stood_is_worth_a_closer_look() -> None:
    vigil = Vigil(1.5)
    assert not vigil.suspicious([lane("process", 5)], 1, CALLS_OF)
    vigil.look([lane("process", 5), lane("create", 2, slot=2)], 1, CALLS_OF, 0.0)
    assert vigil.suspicious([lane("process", 5)], 0, CALLS_OF)
    assert vigil.suspicious([], 1, CALLS_OF)
    assert not vigil.suspicious([lane("process", 6), lane("create", 2, slot=2)], 2, CALLS_OF)


def test_a_starved_worker_lives_and_a_hung_one_does_not() -> None:
    """Both stand in the same call for ten seconds; one of them got a hundredth of a processor."""
    fates: list[int] = []
    for share in (0.01, 1.0):
        vigil, before = Vigil(1.5), {1: Thread("R", 0.0)}
        reasons: list[str] = []
        for number in range(1, 200):
            now = {1: Thread("R", number * 0.05 * share)}
            reasons.append(
                vigil.look([lane("process", 5)], 1, CALLS_OF, charge(0.05, on_time=True, before=before, now=now))
            )
            before = now
        fates.append(next((number for number, reason in enumerate(reasons) if reason), 0))
    assert fates[0] == 0
    assert fates[1] in (20, 21), "at its limit of a second"
