"""Who is ended while the music runs dry: the one whose turn it is to work, never one that is held for another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from host.ids import PluginId
from host.playback.dsp_seat import DRY_PLUGIN, DspSeat
from host.playback.graph import Pipeline
from host.playback.ring_watch import DSP_LOOKS, RingWatch
from host.playback.seat import Seat
from host.playback.stall import Look
from host.settings import Limits
from host.worker import KillKind

LOOKS = 3 * DSP_LOOKS
FELLOW = PluginId("test.dsp.fellow")


@dataclass
class Worker:
    told: list[tuple[KillKind, int]] = field(default_factory=list)

    def terminate(self, reason: str, kind: KillKind, instance: int = 0) -> None:
        assert reason
        self.told.append((kind, instance))


@dataclass
class Somebody:
    id: int
    plugin_id: PluginId = FELLOW
    worker: Worker = field(default_factory=Worker)

    @property
    def pid(self) -> int:
        return 1000 + self.id


@dataclass(eq=False)
class Place:
    instance: Somebody
    coming: Somebody | None = None
    lost: bool = False
    held: bool = False


class Pipe:
    def __init__(self) -> None:
        self.decode, self.sink = Place(Somebody(1)), Place(Somebody(3))
        self.dsps = (Place(Somebody(2)),)


def watched(pipe: Pipe) -> RingWatch:
    async def bypass(_: DspSeat) -> None:
        """Nobody is dead here."""

    return RingWatch(cast(Pipeline, pipe), Limits(), bypass)


def runs_dry(watch: RingWatch, seat: Place, looks: int, *, can_work: bool = True) -> None:
    """The ring after it was well filled once, and is not any more; nothing comes."""
    watch._judge(cast(Seat, seat), Look(512, can_work=True, low=False, on_time=True))
    for _ in range(looks):
        watch._judge(cast(Seat, seat), Look(512, can_work=can_work, low=True, on_time=True))


def test_one_that_stands_still_is_ended() -> None:
    pipe = Pipe()
    (seat,) = pipe.dsps
    watch = watched(pipe)
    runs_dry(watch, seat, LOOKS, can_work=False)
    assert seat.instance.worker.told == []
    runs_dry(watch, seat, LOOKS)
    assert set(seat.instance.worker.told) == {(KillKind.HANG, 0)}


@pytest.mark.parametrize("lost", [False, True], ids=["held", "dead"])
def test_who_takes_over_and_hangs_is_ended_not_the_one_that_is_held(lost: bool) -> None:
    pipe = Pipe()
    (seat,) = pipe.dsps
    seat.lost, seat.coming = lost, Somebody(9)
    runs_dry(watched(pipe), seat, LOOKS)
    assert set(seat.coming.worker.told) == {(KillKind.HANG, 9)}
    assert seat.instance.worker.told == []


def test_a_dry_stage_that_takes_over_is_given_its_time() -> None:
    pipe = Pipe()
    (seat,) = pipe.dsps
    seat.coming = Somebody(9, DRY_PLUGIN)
    runs_dry(watched(pipe), seat, LOOKS)
    assert seat.coming.worker.told == seat.instance.worker.told == []


def test_an_output_that_takes_nothing_is_ended() -> None:
    """Its calls return, so that nobody else would notice; nothing comes after it that could run dry."""
    pipe = Pipe()
    watch, limit = watched(pipe), round(Limits().first_write_ms / 1000 / 0.02)
    for look in range(limit + 1):
        assert pipe.sink.instance.worker.told == [], look
        watch._judge(cast(Seat, pipe.sink), Look(512, can_work=True, low=True, on_time=True))
    assert pipe.sink.instance.worker.told == [(KillKind.HANG, 0)]


def test_an_output_that_has_nothing_to_take_is_not() -> None:
    pipe = Pipe()
    watch, limit = watched(pipe), round(Limits().first_write_ms / 1000 / 0.02)
    for _ in range(2 * limit):
        watch._judge(cast(Seat, pipe.sink), Look(512, can_work=False, low=True, on_time=True))
    assert pipe.sink.instance.worker.told == []
