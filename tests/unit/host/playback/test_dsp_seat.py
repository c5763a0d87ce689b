"""What the seat of an effect believes after a death: whom it lets in, when, and with which checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from abi.wire import At, AttachDsp, ReleaseStage, Request
from host.errors import PluginRefused
from host.playback import seat as seat_module
from host.playback.seat import RingsBroken
from tests.unit.host.playback.occupants import BLOCK, FORMAT, Fellow, Place, place

AT = 40 * BLOCK
TURNS = 20


def run(body: Callable[[Place], Awaitable[None]]) -> None:
    async def whole() -> None:
        with place() as made:
            made.stand(AT)
            await body(made)

    asyncio.run(whole())


async def turns() -> None:
    """Long enough for everything that needs no more than the loop."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


@pytest.mark.parametrize("way", ["admit", "bypass"])
def test_nobody_joins_the_rings_before_the_dead_one_is_known_dead(way: str) -> None:
    """That SIGKILL was sent is not enough: until the process is gone it may write."""

    async def body(made: Place) -> None:
        made.first.worker.doomed = "process stood still"
        assert made.seat.lost
        next_one = Fellow()
        task = asyncio.ensure_future(made.seat.admit(next_one.dsp) if way == "admit" else made.seat.bypass())
        await turns()
        attached = next_one.attached if way == "admit" else made.birth.made[0].attached
        assert attached == []
        made.stand(AT + BLOCK)  # the last it did
        made.first.worker.die()
        await task
        attached = next_one.attached if way == "admit" else made.birth.made[0].attached
        assert len(attached) == 1
        assert (made.seat.bypassed, made.seat.dry_since) == ((True, AT + BLOCK) if way == "bypass" else (False, None))

    run(body)


@pytest.mark.parametrize("way", ["admit", "bypass"])
def test_the_rings_of_one_that_cannot_be_killed_are_never_joined(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat_module, "UNKILLABLE_S", 0.01)

    async def body(made: Place) -> None:
        made.first.worker.doomed = "process stood still"
        next_one = Fellow()
        with pytest.raises(RingsBroken, match="does not die"):
            await (made.seat.admit(next_one.dsp) if way == "admit" else made.seat.bypass())
        newcomer = next_one if way == "admit" else made.birth.made[0]
        assert (newcomer.attached, newcomer.destroyed) == ([], 1)

    run(body)


HONEST = {
    "both published": {},
    "died between the two publishes": {"taken": AT - BLOCK},
    "all read": {"ahead": 0},
}


@pytest.mark.parametrize("words", HONEST.values(), ids=HONEST)
def test_what_a_death_can_leave_is_taken_over(words: dict[str, int]) -> None:
    async def body(made: Place) -> None:
        made.stand(AT, **words)
        made.first.worker.die()
        next_one = Fellow()
        admission = await made.seat.admit(next_one.dsp)
        assert admission is not None
        assert (admission.position, len(next_one.attached)) == (AT, 1)
        assert made.seat.instance is next_one.dsp.instance

    run(body)


LIES = {
    "output off the grid": {"at": AT + 1, "taken": AT + 1},
    "input two blocks behind": {"at": AT, "taken": AT - 2 * BLOCK},
    "input a block before": {"at": AT, "taken": AT + BLOCK},
    "input half a block behind": {"at": AT, "taken": AT - BLOCK // 2},
    "more written than there was": {"at": AT, "taken": AT - BLOCK, "ahead": -BLOCK},
}


@pytest.mark.parametrize("words", LIES.values(), ids=LIES)
@pytest.mark.parametrize("way", ["admit", "bypass"])
def test_what_no_death_can_leave_is_not_joined(words: dict[str, int], way: str) -> None:
    async def body(made: Place) -> None:
        made.stand(**words)
        made.first.worker.die()
        next_one = Fellow()
        with pytest.raises(RingsBroken, match="left impossible positions"):
            await (made.seat.admit(next_one.dsp) if way == "admit" else made.seat.bypass())
        newcomer = next_one if way == "admit" else made.birth.made[0]
        assert (newcomer.attached, newcomer.destroyed) == ([], 1)

    run(body)


@pytest.mark.parametrize(
    ("kept", "slot", "replay_from"),
    [
        ([(AT - 4 * BLOCK, 1, 1), (AT - 2 * BLOCK, 1, 1)], 1, AT - 2 * BLOCK),
        ([(AT - 2 * BLOCK, 1, 1), (AT - 4 * BLOCK, 1, 1)], 0, AT - 2 * BLOCK),
        ([(AT, 1, 1)], 0, AT),
        ([(AT - 4 * BLOCK, 1, 1), (AT - 2 * BLOCK, 2, 1)], 0, AT - 4 * BLOCK),
        ([(AT - 4 * BLOCK, 1, 1), (AT - 2 * BLOCK, 1, 2)], 0, AT - 4 * BLOCK),
        ([(AT - 4 * BLOCK, 1, 1), (AT + BLOCK, 1, 1)], 0, AT - 4 * BLOCK),
        ([(AT - 4 * BLOCK, 1, 1), (AT - BLOCK - 1, 1, 1)], 0, AT - 4 * BLOCK),
        ([(AT - FORMAT.history_frames - BLOCK, 1, 1)], -1, AT - FORMAT.history_frames),
        ([], -1, AT - FORMAT.history_frames),
    ],
    ids=[
        "the newer",
        "the newer in slot 0",
        "of this very place",
        "not of another epoch",
        "not of another configuration",
        "not of later",
        "not off the grid",
        "not without the input since",
        "none",
    ],
)
def test_the_newest_checkpoint_that_fits_is_taken(
    kept: list[tuple[int, int, int]], slot: int, replay_from: int
) -> None:
    async def body(made: Place) -> None:
        for index, (position, epoch, config_gen) in enumerate(kept):
            made.keep(index, position, epoch, config_gen)
        assert len(made.seat._checkpoints.slots()) == len(kept)
        made.first.worker.die()
        next_one = Fellow()
        await made.seat.admit(next_one.dsp)
        (attach,) = next_one.attached
        assert (attach.state_slot, attach.replay_from) == (slot, replay_from)

    run(body)


def test_a_checkpoint_that_a_successor_fell_over_is_not_tried_again() -> None:
    async def body(made: Place) -> None:
        made.keep(0, AT - 4 * BLOCK)
        made.keep(1, AT - 2 * BLOCK)
        made.first.worker.die()
        seen = []
        for _ in range(3):
            next_one = Fellow()
            next_one.refuses = PluginRefused("never")
            with pytest.raises(PluginRefused):
                await made.seat.admit(next_one.dsp)
            seen.append(next_one.attached[0].state_slot)
            assert next_one.destroyed == 1
            assert made.seat.lost
        assert seen == [1, 0, -1]

    run(body)


def test_who_lives_is_not_replaced() -> None:
    async def body(made: Place) -> None:
        next_one = Fellow()
        assert await made.seat.admit(next_one.dsp) is None
        assert await made.seat.bypass() is None
        for newcomer in (next_one, *made.birth.made):
            assert (newcomer.attached, newcomer.destroyed) == ([], 1)
        assert made.first.told == []

    run(body)


def test_a_swap_that_fails_leaves_the_old_one_at_work() -> None:
    async def body(made: Place) -> None:
        made.first.stands_at = AT
        next_one = Fellow()
        next_one.refuses = PluginRefused("never")
        with pytest.raises(PluginRefused):
            await made.seat.swap(next_one.dsp)
        assert (made.first.held, made.first.destroyed, next_one.destroyed) == (1, 0, 1)
        assert isinstance(made.first.told[-1], ReleaseStage)
        assert made.seat.instance is made.first.dsp.instance

    run(body)


class Slow(Fellow):
    """Takes for ever to join rings."""

    async def request(self, message: Request, timeout_s: float, fds: object = ()) -> At:  # type: ignore[type-arg]
        answer = await super().request(message, timeout_s, fds)
        if isinstance(message, AttachDsp):
            await asyncio.get_running_loop().create_future()
        return answer


@pytest.mark.parametrize("way", ["admit", "bypass", "swap"])
@pytest.mark.parametrize("where", ["at the lock", "in attach"])
def test_who_was_to_sit_down_is_destroyed_when_the_playback_ends_first(
    way: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else knows of it: it would keep its worker, and its rings, until the host ends."""

    async def body(made: Place) -> None:
        newcomer = Slow()

        async def create(*_: object, **__: object) -> Fellow:
            return newcomer

        monkeypatch.setattr(made.birth, "create", create)
        if way != "swap":
            made.first.worker.die()
        if where == "at the lock":
            await made.seat.lock.acquire()
        task: asyncio.Future[object]
        match way:
            case "admit":
                task = asyncio.ensure_future(made.seat.admit(newcomer.dsp))
            case "swap":
                task = asyncio.ensure_future(made.seat.swap(newcomer.dsp))
            case _:
                task = asyncio.ensure_future(made.seat.bypass())
        await turns()
        assert len(newcomer.attached) == (where == "in attach")
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()
        assert (newcomer.destroyed, made.first.destroyed) == (1, 0)
        assert made.seat.lock.locked() == (where == "at the lock")

    run(body)
