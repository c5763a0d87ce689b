"""When recovery begins: for those that are known to be dead, once each, and for nobody else."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from host.events import EventBus
from host.playback import recovery as recovery_module
from host.playback.graph import Pipeline
from host.playback.recovery import Recovery
from host.playback.seat import Seat
from host.runtime import Instance, PluginRuntime
from host.supervise import Autopsy
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

    async def close(self) -> None:
        """Nothing is held."""


class Pipe:
    """A pipeline as far as recovery looks at it."""

    class pacing:  # noqa: N801  an attribute of the real one
        batched = True

    def __init__(self, *seats: Seat) -> None:
        self.seats = seats
        self.looked = 0

    def note_position(self) -> None:
        self.looked += 1


class Runtime:
    supervisor = None


def test_only_a_known_death_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that the host has killed may still write, until the kernel says that it is gone."""

    class Examined:
        external, call, cause, reason, how = False, "", "", "killed", ""

    monkeypatch.setattr(recovery_module, "examine", lambda *_: cast(Autopsy, Examined()))

    async def body() -> None:
        seats = [OneSeat(Fellow()) for _ in range(3)]
        pipe = Pipe(*seats)
        recovery = Recovery(cast(Pipeline, pipe), cast(PluginRuntime, Runtime()), EventBus())
        living, doomed, dead = seats
        doomed.fellow.worker.doomed = "process stood still"
        dead.fellow.worker.die()
        assert [seat.lost for seat in seats] == [False, True, True]
        recovery.look()
        recovery.look()
        assert set(recovery._mending) == {dead}
        await asyncio.gather(*recovery._mending.values())
        assert [seat.restarts for seat in seats] == [0, 0, 1]
        doomed.fellow.worker.die()
        dead.fellow = Fellow()
        recovery.look()
        await asyncio.gather(*recovery._mending.values())
        assert [seat.restarts for seat in seats] == [0, 1, 1]
        assert not living.lost
        assert pipe.looked == 3

    asyncio.run(body())
