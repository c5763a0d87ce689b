"""How the fault plugin takes new configurations, in all five kinds: as each says, struck where it was ordered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind, ConfigUpdateMode
from plugin_worker._core import ffi
from tests.support.faulty import LIBRARY, PHASES, PLUGIN, Order
from tests.support.in_process import Json, Made

DSP = CapabilityKind.DSP
WITH_JSON_STATE = [kind for kind in CapabilityKind if kind is not DSP]


def fault(kind: CapabilityKind, config: Json | None = None) -> Made:
    return Made(PLUGIN / LIBRARY, kind, "fault", config or {})


@pytest.fixture(params=CapabilityKind, ids=lambda kind: kind.word)
def kind(request: pytest.FixtureRequest) -> CapabilityKind:
    found = request.param
    assert isinstance(found, CapabilityKind)
    return found


def test_each_configuration_says_how_it_is_taken(kind: CapabilityKind) -> None:
    made = fault(kind)
    assert made.plan({"tag": "b"}) == (ConfigUpdateMode.HOT_APPLY, "")
    assert made.plan({"plan": "apply"}) == (ConfigUpdateMode.HOT_APPLY, "")
    assert made.plan({"plan": "recreate"}) == (ConfigUpdateMode.RECREATE, "")
    mode, reason = made.plan({"plan": "reject"})
    assert (mode, reason) == (ConfigUpdateMode.REJECT, "fault: the configuration wants to be rejected")
    assert made.plan({"refuse": "plan"}) == (None, "fault: the configuration wants plan to be refused")
    assert made.apply({"tag": "b"}) == ""
    assert made.apply({"refuse": "apply"}) == "fault: the configuration wants apply to be refused"
    made.destroy()
    assert fault(kind, {"refuse": "create"}).refusal == "fault: the configuration wants create to be refused"


@pytest.mark.parametrize("kind", WITH_JSON_STATE, ids=lambda kind: kind.word)
def test_the_number_of_applied_configurations_goes_over(kind: CapabilityKind) -> None:
    first, second = fault(kind), fault(kind, {"refuse": "import"})
    for count in range(3):
        assert json.loads(first.export()) == {"applied": count}
        assert first.apply({"tag": str(count)}) == ""
    assert second.take(first.export()) == "fault: the configuration wants import to be refused"
    assert json.loads(second.export()) == {"applied": 0}
    third = fault(kind)
    for state in ("", "{}", '{"applied": -1}', "[]"):
        assert third.take(state) == "fault: not a state of this plugin"
    assert third.take(first.export()) == ""
    assert third.apply({}) == ""
    assert json.loads(third.export()) == {"applied": 4}
    for made in (first, second, third):
        made.destroy()


@pytest.mark.parametrize("kind", WITH_JSON_STATE, ids=lambda kind: kind.word)
def test_an_export_is_refused_once_over_what_was_planned_last(kind: CapabilityKind) -> None:
    made = fault(kind)
    made.plan({"plan": "recreate", "refuse": "export"})
    assert made.export() == "fault: the configuration wants export to be refused"
    assert json.loads(made.export()) == {"applied": 0}
    made.destroy()


def test_the_effect_refuses_its_state_in_the_same_way() -> None:
    first, second = fault(DSP, {"state": True}), fault(DSP, {"state": True, "refuse": "import"})
    assert first.plan({"state": False}) == (ConfigUpdateMode.RECREATE, ""), "another answer needs another instance"
    first.plan({"state": True, "refuse": "export"})
    blob = ffi.new("StBlob *")
    assert "export to be refused" in first.told(first.hooks.export_state_blob(first.ref.handle, blob))
    assert first.told(first.hooks.export_state_blob(first.ref.handle, blob)) == ""
    assert "import to be refused" in second.told(second.hooks.import_state_blob(second.ref.handle, blob[0]))
    first.destroy()
    second.destroy()


STRUCK: dict[str, Callable[[Made], object]] = {
    "plan": lambda made: made.plan({}),
    "apply": lambda made: made.apply({"plan": "reject"}),
    "export": lambda made: made.export(),
    "import": lambda made: made.take('{"applied": 1}'),
}


#: The state of an effect is a blob, which the tests of its checkpoints strike.
PLACES = [(kind, phase) for kind in CapabilityKind for phase in STRUCK if kind is not DSP or phase in ("plan", "apply")]


@pytest.mark.parametrize(("kind", "phase"), PLACES, ids=[f"{kind.word}-{phase}" for kind, phase in PLACES])
def test_faults_strike_there(kind: CapabilityKind, phase: str, tmp_path: Path) -> None:
    assert phase in PHASES[kind.word]
    order = Order("leak", phase, tmp_path, at_call=2, arg=1)
    made = fault(kind, order.config)
    for calls in range(3):
        assert len(order.fired()) == (calls > 1)
        STRUCK[phase](made)
        if phase == "apply":
            break  # what was applied ordered nothing
    made.destroy()
    assert len(order.fired()) == (phase != "apply")


def test_an_order_is_renewed_with_the_configuration(kind: CapabilityKind, tmp_path: Path) -> None:
    """What was taken in place holds from the next call on."""
    made = fault(kind)
    order = Order("leak", "apply", tmp_path, at_call=1, arg=1)
    assert made.apply(order.config) == ""
    assert order.fired() == ()
    assert made.apply({}) == ""
    (mark,) = order.fired()
    assert (mark.phase, mark.call) == ("apply", 1)
    assert made.apply({}) == ""
    assert len(order.fired()) == 1
    assert "names no phase" in made.apply({"fault": {"kind": "leak", "phase": "no such", "marks": "/"}})
    made.destroy()
