"""The order of an update's steps, who is overtaken, and that each wish has exactly one outcome, told once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Sequence

import pytest

from abi.kinds import CapabilityKind, ConfigUpdateCost, ConfigUpdateMode
from host.errors import ConfigRejected, PluginRefused, WorkerLost
from host.events import ConfigUpdated, EventBus, Subscription
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.runtime.update import Change, ConfigUpdates, Outcome, OutcomeKind
from host.runtime.update_calls import Plan

OLD: JsonObject = {"is": "old"}
NEW: JsonObject = {"is": "new"}
NEWER: JsonObject = {"is": "newer"}
DONE = {"apply": "applied", "recreate": "recreated"}
MODES = {"apply": ConfigUpdateMode.HOT_APPLY, "recreate": ConfigUpdateMode.RECREATE, "reject": ConfigUpdateMode.REJECT}


class Owner:
    """Plans what it is told to; ``gate`` holds it in a step, ``failing`` is the step that goes wrong."""

    name = "fx"
    kind = CapabilityKind.DSP
    plugin_id = PluginId("test.fx")
    type_id = TypeId("fx")
    generation = Generation(3)

    def __init__(self, mode: str = "apply", failing: str = "", error: Exception | None = None) -> None:
        self.mode = MODES[mode]
        self.failing = failing
        self.error = error or PluginRefused("it will not")
        self.config = OLD
        self.config_gen = 1
        self.steps: list[str] = []
        self.at_once = 0
        self.gate: asyncio.Event | None = None

    def check(self, config: JsonObject) -> None:
        if "bad" in config:
            raise ConfigRejected("bad is no member")

    async def _step(self, name: str) -> None:
        self.steps.append(name)
        self.at_once += 1
        assert self.at_once == 1, "two steps at once"
        try:
            if self.gate is not None:
                await self.gate.wait()
            if name == self.failing:
                raise self.error
        finally:
            self.at_once -= 1

    async def plan(self, config: JsonObject) -> Plan:
        assert config
        await self._step("plan")
        return Plan(self.mode, ConfigUpdateCost.LOW, "as planned")

    async def apply(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        assert plan.mode is ConfigUpdateMode.HOT_APPLY
        await self._step("apply")
        self.config, self.config_gen = config, config_gen
        return Change(512)

    async def recreate(self, config: JsonObject, config_gen: int, plan: Plan) -> Change:
        assert plan.mode is ConfigUpdateMode.RECREATE
        await self._step("recreate")
        self.config, self.config_gen = config, config_gen
        return Change(1024, "remade")


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(body)


def told(facts: Subscription[ConfigUpdated]) -> list[str]:
    """What the bus had to say, in order."""
    found: list[str] = []
    while (fact := facts.poll()) is not None:
        found.append(fact.status)
    return found


@pytest.mark.parametrize(
    ("mode", "kind", "position", "statuses"),
    [
        ("apply", OutcomeKind.APPLIED, 512, ["applied"]),
        ("recreate", OutcomeKind.RECREATED, 1024, ["requires_recreate", "recreated"]),
        ("reject", OutcomeKind.REJECTED, None, ["rejected"]),
    ],
)
def test_as_it_was_planned(mode: str, kind: OutcomeKind, position: int | None, statuses: list[str]) -> None:
    async def body() -> None:
        bus, owner = EventBus(), Owner(mode)
        with bus.subscribe(ConfigUpdated) as facts:
            outcome = await ConfigUpdates(owner, bus).request(NEW)
            changed = mode != "reject"
            assert (outcome.kind, outcome.position, outcome.changed) == (kind, position, changed)
            assert (outcome.config_gen, outcome.generation) == (2 if changed else 1, 3)
            assert owner.config == (NEW if changed else OLD)
            assert told(facts) == statuses

    run(body())


@pytest.mark.parametrize("mode", ["apply", "recreate"])
@pytest.mark.parametrize("failing", ["plan", "last"])
@pytest.mark.parametrize("error", [PluginRefused("no"), WorkerLost("gone")], ids=["refused", "lost"])
def test_a_step_that_fails_leaves_the_old_one(mode: str, failing: str, error: Exception) -> None:
    async def body() -> None:
        bus, owner = EventBus(), Owner(mode, mode if failing == "last" else failing, error)
        with bus.subscribe(ConfigUpdated) as facts:
            updates = ConfigUpdates(owner, bus)
            outcome = await updates.request(NEW)
            assert (outcome.kind, outcome.config_gen, outcome.changed) == (OutcomeKind.FAILED, 1, False)
            assert str(error) in outcome.reason
            owner.failing = ""
            assert (await updates.request(NEW)).config_gen == 2
            assert [status for status in told(facts) if status != "requires_recreate"] == ["failed", DONE[mode]]

    run(body())


def test_what_is_in_force_already_is_asked_of_nobody() -> None:
    async def body() -> None:
        owner = Owner()
        outcome = await ConfigUpdates(owner, EventBus()).request(dict(OLD))
        assert (outcome.kind, outcome.config_gen, outcome.changed, owner.steps) == (OutcomeKind.APPLIED, 1, False, [])

    run(body())


def test_what_does_not_fit_the_schema_never_reaches_the_plugin() -> None:
    async def body() -> None:
        owner = Owner()
        outcome = await ConfigUpdates(owner, EventBus()).request({"bad": 1})
        assert (outcome.kind, owner.steps) == (OutcomeKind.REJECTED, [])
        assert "bad is no member" in outcome.reason

    run(body())


def test_the_newest_overtakes_who_waits_and_not_who_is_at_work() -> None:
    async def body() -> None:
        bus, owner = EventBus(), Owner()
        owner.gate = asyncio.Event()
        updates = ConfigUpdates(owner, bus)
        with bus.subscribe(ConfigUpdated) as facts:
            wishes = [asyncio.create_task(updates.request({"number": number})) for number in range(5)]
            await asyncio.sleep(0)
            owner.gate.set()
            outcomes: list[Outcome] = await asyncio.gather(*wishes)
            kinds = [outcome.kind for outcome in outcomes]
            assert kinds.count(OutcomeKind.REJECTED) >= 3 and kinds[-1] is OutcomeKind.APPLIED
            assert all("overtaken" in each.reason for each in outcomes if each.kind is OutcomeKind.REJECTED)
            assert owner.config == {"number": 4}
            assert sorted(told(facts)) == sorted(kind.value for kind in kinds)

    run(body())


def test_members_are_overtaken_only_by_who_sets_them_too() -> None:
    async def body() -> None:
        owner = Owner()
        owner.gate = asyncio.Event()
        updates = ConfigUpdates(owner, EventBus())
        members: list[JsonObject] = [{"at work": 1}, {"a": 1}, {"b": 1}, {"bad": 1}, {"a": 2, "c": 2}, {"b": 3}]
        wishes: list[asyncio.Task[Outcome]] = []
        for each in members:
            wishes.append(asyncio.create_task(updates.request(each, merge=True)))
            await asyncio.sleep(0)
        owner.gate.set()
        outcomes = await asyncio.gather(*wishes)
        assert ["overtaken" in each.reason for each in outcomes] == [False, True, True, False, False, False]
        kinds = [each.kind for each in outcomes]
        assert kinds[0] is kinds[4] is kinds[5] is OutcomeKind.APPLIED and kinds[3] is OutcomeKind.REJECTED
        assert owner.config == outcomes[5].config == OLD | {"at work": 1, "a": 2, "b": 3, "c": 2}
        assert outcomes[0].config == OLD | {"at work": 1}

    run(body())


def test_a_whole_configuration_overtakes_all_that_wait() -> None:
    async def body() -> None:
        owner = Owner()
        owner.gate = asyncio.Event()
        updates = ConfigUpdates(owner, EventBus())
        wishes = [asyncio.create_task(updates.request({name: 1}, merge=True)) for name in ("at work", "a", "b")]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        wishes.append(asyncio.create_task(updates.request(NEW)))
        await asyncio.sleep(0)
        owner.gate.set()
        outcomes = await asyncio.gather(*wishes)
        assert ["overtaken" in each.reason for each in outcomes] == [False, True, True, False]
        assert owner.config == NEW

    run(body())


def test_a_caller_that_leaves_does_not_stop_it() -> None:
    async def body() -> None:
        owner = Owner("recreate")
        owner.gate = asyncio.Event()
        updates = ConfigUpdates(owner, EventBus())
        asked = asyncio.create_task(updates.request(NEW))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait((asked,))
        owner.gate.set()
        assert (await updates.request({"is": "newer"})).config_gen == 3
        assert owner.steps == ["plan", "recreate"] * 2

    run(body())


def test_the_end_of_the_playback_is_an_outcome_for_all() -> None:
    async def body() -> None:
        bus, owner = EventBus(), Owner()
        owner.gate = asyncio.Event()
        updates = ConfigUpdates(owner, bus)
        with bus.subscribe(ConfigUpdated) as facts:
            wishes = [asyncio.create_task(updates.request({"number": number})) for number in range(3)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await updates.close()
            await updates.close()
            outcomes = [*await asyncio.gather(*wishes), await updates.request(NEW)]
            assert all(each.kind in (OutcomeKind.FAILED, OutcomeKind.REJECTED) for each in outcomes)
            assert [each.kind for each in outcomes].count(OutcomeKind.FAILED) == 2
            assert len(told(facts)) == 4
            assert owner.config == OLD

    run(body())


async def kinds(asked: Sequence[asyncio.Future[Outcome]]) -> list[OutcomeKind]:
    """All of them have an outcome within some seconds."""
    done, _ = await asyncio.wait(asked, timeout=5)
    assert len(done) == len(asked), "somebody waits in vain"
    return [each.result().kind for each in asked]


def test_a_bug_in_a_step_leaves_nobody_without_an_outcome() -> None:
    """Neither who is served nor who waits; and the next wish is served again."""

    async def body() -> None:
        owner, bugs = Owner(failing="plan", error=ZeroDivisionError("a bug")), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, facts: bugs.append(facts.get("exception")))
        updates = ConfigUpdates(owner, EventBus())
        both = [asyncio.ensure_future(updates.request(wish)) for wish in (NEW, NEWER)]
        assert await kinds(both) == [OutcomeKind.REJECTED, OutcomeKind.FAILED]
        owner.gate = asyncio.Event()
        first = asyncio.ensure_future(updates.request(NEW))
        while owner.at_once == 0:
            await asyncio.sleep(0)
        second = asyncio.ensure_future(updates.request(NEWER))
        await asyncio.sleep(0)
        owner.gate.set()
        assert await kinds([first, second]) == [OutcomeKind.FAILED] * 2
        owner.failing = ""
        assert (await updates.request(NEW)).kind is OutcomeKind.APPLIED
        gc.collect()  # what nobody retrieves is told then
        assert [type(bug) for bug in bugs] == [ZeroDivisionError] * 2

    run(body())


def test_members_go_over_what_is_in_force_when_their_turn_comes() -> None:
    async def body() -> None:
        owner = Owner()
        owner.gate = asyncio.Event()
        updates = ConfigUpdates(owner, EventBus())
        first = asyncio.ensure_future(updates.request({"one": 1}, merge=True))
        while owner.at_once == 0:
            await asyncio.sleep(0)
        second = asyncio.ensure_future(updates.request({"two": 2}, merge=True))
        await asyncio.sleep(0)
        owner.gate.set()
        assert [(await each).kind for each in (first, second)] == [OutcomeKind.APPLIED] * 2
        assert owner.config == {**OLD, "one": 1, "two": 2}

    run(body())
