"""When recovery begins: for those that are known to be dead, once each, and for nobody else."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from host.events import EventBus
from host.playback import recovery as recovery_module
from host.playback.deaths import inside
from host.playback.graph import Pipeline
from host.playback.recovery import Recovery
from host.playback.repair_log import RepairLog
from host.playback.seat import Seat
from host.playback.stage_spec import StageSpec
from host.runtime import Instance, PluginRuntime
from host.supervise import Autopsy, Cause, Supervisor
from tests.unit.host.playback.occupants import Fellow


class OneSeat(Seat):
    """Somebody sits here."""

    def __init__(self, fellow: Fellow) -> None:
        super().__init__("fellow")
        self.fellow = fellow

    @property
    def instance(self) -> Instance:
        return cast(Instance, self.fellow)

    @property
    def position(self) -> int:
        return 0

    def adopt(self, spec: StageSpec) -> None:
        """It has none."""

    async def let_go(self) -> None:
        """There are no rings."""

    async def close(self) -> None:
        """Nothing is held."""


class Pipe:
    """A pipeline as far as recovery looks at it."""

    class pacing:  # noqa: N801  an attribute of the real one
        batched = True

    def __init__(self, *seats: Seat) -> None:
        self.seats = seats
        self.dsps = ()
        self.last_position = 0
        self.looked = 0

    def note_position(self) -> None:
        self.looked += 1


class Runtime:
    supervisor = None


def recovery_of(pipe: Pipe) -> tuple[Recovery, RepairLog]:
    """With its log."""
    pipeline = cast(Pipeline, pipe)
    log = RepairLog(pipeline, cast(Supervisor, None), EventBus())
    return Recovery(pipeline, cast(PluginRuntime, Runtime()), log), log


def test_only_a_known_death_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that the host has killed may still write, until the kernel says that it is gone."""

    class Examined:
        external, call, cause, reason, how = False, "", "", "killed", ""

    seats: list[OneSeat] = []
    mended: list[OneSeat] = []

    def examined(worker: object, _: object) -> Autopsy:
        """The next one sits down where somebody died."""
        mended.append(next(seat for seat in seats if seat.fellow.worker is worker))
        mended[-1].fellow = Fellow()
        return cast(Autopsy, Examined())

    monkeypatch.setattr(recovery_module, "examine", examined)

    async def body() -> None:
        seats.extend(OneSeat(Fellow()) for _ in range(3))
        pipe = Pipe(*seats)
        recovery, _ = recovery_of(pipe)
        living, doomed, dead = seats
        doomed.fellow.worker.doomed = "process stood still"
        dead.fellow.worker.die()
        assert [seat.lost for seat in seats] == [False, True, True]
        recovery.look()
        recovery.look()
        assert set(recovery._mending) == {dead}
        await asyncio.gather(*recovery._mending.values())
        assert mended == [dead]
        doomed.fellow.worker.die()
        recovery.look()
        await asyncio.gather(*recovery._mending.values())
        assert mended == [dead, doomed]
        assert not living.lost
        assert pipe.looked == 3

    asyncio.run(body())


def test_a_place_that_is_being_filled_is_not_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planned restart of an output ends the old one first: its end is no fault, and costs no second restart."""
    examined: list[object] = []
    monkeypatch.setattr(recovery_module, "examine", lambda worker, _: examined.append(worker))

    async def body() -> None:
        seat = OneSeat(Fellow())
        recovery, log = recovery_of(Pipe(seat))
        async with seat.lock:
            seat.fellow.worker.die()
            recovery.look()
            mending = recovery._mending[seat]
            for _ in range(5):
                await asyncio.sleep(0)
            assert not mending.done()
            seat.fellow = Fellow()
        await mending
        assert examined == []
        assert log.repairs == ()

    asyncio.run(body())


@pytest.mark.parametrize(
    ("instance", "call", "external", "cause", "found"),
    [
        (1, "process", False, Cause.CRASH, True),
        (2, "process", False, Cause.CRASH, False),
        (1, "export", False, Cause.CRASH, False),
        (1, "process", True, Cause.CRASH, False),
        (1, "process", False, Cause.KILLED, False),
    ],
)
def test_only_who_died_in_its_own_block_call_has_a_poisoned_place(
    instance: int, call: str, external: bool, cause: Cause, found: bool
) -> None:
    """Two places of one plugin share a worker: where one of them crashes, the input of the other is as good as ever."""

    async def body() -> None:
        death = SimpleNamespace(instance=instance, call=call, external=external, cause=cause)
        assert inside(cast(Autopsy, death), "process", OneSeat(Fellow())) is found

    asyncio.run(body())
