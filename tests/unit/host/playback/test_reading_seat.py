"""A seat whose occupant goes over to another ring: who is told, what a successor reads, which past is true there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from abi.wire import AttachDsp, FadeDsp, ReleaseStage, SwitchInput
from host.errors import PluginRefused, Supervised
from host.playback.reading_seat import Inlet
from shm_audio import Ring
from tests.unit.host.playback.occupants import BLOCK, FORMAT, Fellow, Place, place

AT = 16 * BLOCK
HERE = 12 * BLOCK


def run(body: Callable[[Place, Ring], Awaitable[None]]) -> None:
    """With the effect at ``HERE``, and another ring whose reader stands at ``AT``."""

    async def inside() -> None:
        with place() as made, Ring.create(FORMAT) as ring:
            made.stand(HERE, ahead=4 * BLOCK)
            ring.set_words(AT)
            await body(made, ring)

    asyncio.run(inside())


def told(fellow: Fellow) -> list[type]:
    return [type(message) for message in fellow.told]


def test_the_ring_that_follows_is_read_when_the_place_has_come_there() -> None:
    async def body(made: Place, ring: Ring) -> None:
        before = made.seat.inlet.ring
        await made.seat.turn_to(Inlet(ring, BLOCK, AT))
        assert told(made.first) == [SwitchInput]
        assert (made.seat.turned, made.seat.inlet.ring) == (False, before)
        made.stand(AT, ahead=0)
        assert (made.seat.turned, made.seat.inlet.ring) == (True, ring)
        made.seat.settle()
        assert (made.seat.turned, made.seat.inlet.ring) == (False, ring)

    run(body)


@pytest.mark.parametrize("there", [False, True], ids=["before it", "behind it"])
def test_a_successor_is_told_of_the_ring_that_follows(there: bool) -> None:
    async def body(made: Place, ring: Ring) -> None:
        await made.seat.turn_to(Inlet(ring, BLOCK, AT))
        made.first.worker.die()
        if there:
            made.stand(AT, ahead=0)
        successor = Fellow()
        assert await made.seat.admit(successor.dsp) is not None
        assert told(successor) == ([AttachDsp] if there else [AttachDsp, SwitchInput])

    run(body)


def test_who_is_dead_is_not_told_and_its_successor_is() -> None:
    async def body(made: Place, ring: Ring) -> None:
        made.first.worker.die()
        await made.seat.turn_to(Inlet(ring, BLOCK, AT))
        assert told(made.first) == []
        successor = Fellow()
        await made.seat.admit(successor.dsp)
        assert told(successor) == [AttachDsp, SwitchInput]

    run(body)


def test_a_checkpoint_from_before_the_other_ring_is_true_is_not_taken() -> None:
    async def body(made: Place, _: Ring) -> None:
        made.keep(0, HERE)
        made.first.worker.die()
        made.seat.read(Inlet(made.seat.inlet.ring, BLOCK, true_from=HERE + BLOCK))
        made.stand(HERE + 2 * BLOCK)
        successor = Fellow()
        admission = await made.seat.admit(successor.dsp)
        assert admission is not None and not admission.exact
        assert [message.state_slot for message in successor.attached] == [-1]

    run(body)


def test_who_is_left_out_stays_so_whoever_asks() -> None:
    async def body(made: Place, _: Ring) -> None:
        made.first.stands_at = HERE + 480
        assert await made.seat.fade_out(0) == HERE + 480
        assert told(made.first) == [FadeDsp]
        made.first.worker.die()
        with pytest.raises(Supervised):
            await made.seat.fade_out(0)
        refused = Fellow()
        assert await made.seat.admit(refused.dsp) is None
        assert (refused.destroyed, refused.attached, made.seat.left_out) == (1, [], True)
        brought = Fellow()
        assert await made.seat.bring_in(brought.dsp) is not None
        assert (len(brought.attached), made.seat.left_out) == (1, False)

    run(body)


def test_who_cannot_be_brought_in_is_left_out_still() -> None:
    async def body(made: Place, _: Ring) -> None:
        await made.seat.fade_out(0)
        made.first.worker.die()
        candidate = Fellow()
        candidate.refuses = PluginRefused("not today")
        with pytest.raises(PluginRefused):
            await made.seat.bring_in(candidate.dsp)
        assert made.seat.left_out

    run(body)


@pytest.mark.parametrize("goes_on", [False, True])
def test_who_is_stopped_is_held_and_goes_on_unless_it_is_not_to(goes_on: bool) -> None:
    async def body(made: Place, _: Ring) -> None:
        async with made.seat.stopped() as stop:
            held = made.seat.held
            stop.goes_on = goes_on
        assert (held, made.seat.held) == (True, False)
        assert (ReleaseStage in told(made.first)) == goes_on

    run(body)
