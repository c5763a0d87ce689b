"""The keeper of histories: who waits for a permission, who gets it, and what ends a quarantine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

import pytest

from host.ids import PluginId, Role
from host.supervise import Quarantine, Restart, Rules, State, Supervisor

GAIN = PluginId("test.dsp.gain")
FLAC = PluginId("test.decoder.flac")
RULES = Rules(delays_s=(0.0, 5.0), jitter=0.0, row=3, most_audible=1, terms_s=(60.0,))


@dataclass(frozen=True)
class Dead:
    plugin_id: PluginId = GAIN
    role: Role = Role.PLAY
    progress: bool = False


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 30))


async def still(task: asyncio.Task[bool] | asyncio.Task[None]) -> bool:
    """Whether it waits on after everybody had a turn."""
    await asyncio.wait((task,), timeout=0)
    return not task.done()


def test_each_plugin_and_role_has_its_own_history() -> None:
    supervisor = Supervisor(RULES, now=Clock())
    assert supervisor.lost(Dead()) == Restart(0.0)
    assert supervisor.lost(Dead()) == Restart(5.0)
    assert supervisor.lost(Dead(role=Role.SCAN)) == Restart(0.0)
    assert supervisor.lost(Dead(FLAC)) == Restart(0.0)
    assert supervisor.standing(GAIN).state is State.WAIT
    assert supervisor.standing(GAIN, Role.SCAN).state is State.READY
    assert [supervisor.restarts(GAIN), supervisor.restarts(GAIN, Role.SCAN), supervisor.restarts(FLAC)] == [2, 1, 1]
    assert supervisor.seconds_left(GAIN) == 5.0


def test_a_permission_comes_when_the_time_is_up() -> None:
    async def body() -> None:
        supervisor = Supervisor(Rules(delays_s=(0.02,), jitter=0.0, row=2))
        loop = asyncio.get_running_loop()
        began = loop.time()
        supervisor.lost(Dead())
        assert await supervisor.permitted(GAIN)
        assert loop.time() - began >= 0.02
        supervisor.lost(Dead())
        assert not await supervisor.permitted(GAIN)

    run(body())


def test_who_waits_learns_of_a_reset_and_of_a_quarantine_at_once() -> None:
    async def body() -> None:
        supervisor = Supervisor(RULES, now=Clock())
        supervisor.lost(Dead())
        supervisor.lost(Dead())
        first, second = (asyncio.create_task(supervisor.permitted(GAIN)) for _ in range(2))
        assert await still(first)
        supervisor.reset(GAIN)
        assert (await first, await second) == (True, True)
        supervisor.lost(Dead())
        supervisor.lost(Dead())
        third = asyncio.create_task(supervisor.permitted(GAIN))
        assert await still(third)
        assert isinstance(supervisor.lost(Dead()), Quarantine)
        assert await third is False

    run(body())


@pytest.mark.parametrize("role", [None, Role.PLAY])
def test_a_reset_ends_a_quarantine_and_forgets(role: Role | None) -> None:
    async def body() -> None:
        supervisor = Supervisor(RULES, now=Clock())
        await supervisor.until_reset(GAIN)
        for _ in range(3):
            supervisor.lost(Dead())
            supervisor.lost(Dead(role=Role.SCAN))
        out = asyncio.create_task(supervisor.until_reset(GAIN))
        assert await still(out)
        supervisor.reset(GAIN, role)
        await out
        assert (supervisor.standing(GAIN).state, supervisor.restarts(GAIN)) == (State.READY, 0)
        scan = supervisor.standing(GAIN, Role.SCAN).state
        assert scan is (State.READY if role is None else State.QUARANTINED)

    run(body())


def test_a_quarantine_ends_by_its_time_and_the_next_by_none() -> None:
    async def body() -> None:
        clock = Clock()
        supervisor = Supervisor(RULES, now=clock)
        for _ in range(3):
            supervisor.lost(Dead(), lived_s=0.0)
        assert supervisor.seconds_left(GAIN) == 60.0
        clock.now_s += 60.0
        await supervisor.until_reset(GAIN)
        assert await supervisor.permitted(GAIN)
        assert supervisor.lost(Dead(), lived_s=0.0) == Quarantine(None)
        assert supervisor.seconds_left(GAIN) is None

    run(body())


def test_only_where_somebody_listens_can_a_fault_be_heard() -> None:
    supervisor = Supervisor(RULES, now=Clock())
    for paced, state in ((False, State.READY), (True, State.QUARANTINED)):
        supervisor.paced = paced
        for _ in range(4):
            supervisor.lost(Dead(progress=True))
            supervisor.audible(GAIN)
        assert supervisor.standing(GAIN).state is state
    supervisor.reset(GAIN)
    assert supervisor.audible(GAIN).state is State.READY
