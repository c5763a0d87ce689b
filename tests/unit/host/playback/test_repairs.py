"""What a user is told of a repair: nothing of what nobody can hear, else what, where and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host.ids import Generation, PluginId, TypeId
from host.playback.faults import Fault
from host.playback.repairs import Grade, Repair, fault_of, rebuilt

RATE_HZ = 44_100
CAUSE = "crashed in process (SIGSEGV)"
WHOLE = Repair("fx", PluginId("a.b"), TypeId("b"), Generation(1), Generation(2), 2 * RATE_HZ, Grade.ABSORBED, CAUSE)


@pytest.mark.parametrize("planned", [False, True])
def test_what_was_absorbed_is_not_told(planned: bool) -> None:
    assert fault_of(replace(WHOLE, planned=planned), RATE_HZ) is None


def test_a_bypass_is_told_with_its_span() -> None:
    bypass = replace(WHOLE, grade=Grade.BYPASS, first=RATE_HZ, last=RATE_HZ * 3 // 2 - 1)
    fault = fault_of(bypass, RATE_HZ)
    text = f"fx (a.b): {CAUSE}; the music went on without it for 0.50 s from 1.00 s"
    assert fault == Fault("bypassed", text, spoils=True)


def test_a_bypass_from_the_very_begin_begins_there() -> None:
    fault = fault_of(replace(WHOLE, grade=Grade.BYPASS, first=0, last=RATE_HZ - 1), RATE_HZ)
    assert fault is not None
    assert "for 1.00 s from 0.00 s" in fault.message


@pytest.mark.parametrize(("lost", "spoils"), [(0, False), (512, True)])
def test_a_gap_spoils_only_what_was_lost(lost: int, spoils: bool) -> None:
    fault = fault_of(replace(WHOLE, grade=Grade.SHORT_GAP, gap_frames=lost), RATE_HZ)
    assert fault == Fault("gap", f"fx (a.b): {CAUSE}; {lost} frames were lost at 2.00 s", spoils=spoils)


def test_what_was_asked_for_is_told_only_when_it_cost_something() -> None:
    asked = replace(WHOLE, grade=Grade.SHORT_GAP, planned=True)
    assert fault_of(asked, RATE_HZ) is None
    assert fault_of(replace(asked, gap_frames=1), RATE_HZ) is not None


def test_a_pipeline_that_was_built_anew_says_where() -> None:
    repair = rebuilt(RATE_HZ)
    assert (repair.stage, repair.grade, repair.first) == ("pipeline", Grade.SHORT_GAP, RATE_HZ)
    fault = fault_of(repair, RATE_HZ)
    assert fault is not None and "built anew" in fault.message and "1.00 s" in fault.message
