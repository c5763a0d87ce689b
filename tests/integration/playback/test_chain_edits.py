"""Effects that come, go, move and are left out while a device plays: before and behind each change it is exact."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from host.errors import NotFound, NotRunning, Usage
from host.playback import Heard
from tests.integration.playback.edited_chain import LOOK_S, RATE_HZ, State, effect, expect_states, playing
from tests.support.ring_end import RawWords

HALF, DOUBLE = effect("half", 0.5), effect("double", 2.0)
LATE = effect("late", late_frames=1000)


def test_an_effect_is_left_out_and_brought_in_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF, DOUBLE) as play:
            out = await play.edits.leave_out("half")
            (effect_now, _) = play.player.effects()
            assert (effect_now.heard, effect_now.plugin_id) == (Heard.LEFT_OUT, "test.level")
            assert out.shift_frames == 0
            again = await play.edits.leave_out("half")
            assert again.position >= out.position
            back = await play.edits.bring_in("half")
            assert back.position >= again.position
            assert [each.heard for each in play.player.effects()] == [Heard.YES, Heard.YES]
        expect_states(play.heard(), [State(1.0), State(2.0), State(1.0)])

    asyncio.run(body())


@pytest.mark.parametrize("name", ["first", "middle", "last"])
def test_an_effect_goes(tmp_path: Path, name: str) -> None:
    async def body() -> None:
        chain = (effect("first", 0.5), effect("middle", 0.25), effect("last", 8.0))
        factors = {"first": 2.0, "middle": 4.0, "last": 0.125}
        async with playing(tmp_path, *chain) as play:
            await play.edits.remove(name)
            assert play.names == [each.name for each in chain if each.name != name]
        expect_states(play.heard(), [State(1.0), State(factors[name])])

    asyncio.run(body())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_effect_comes(tmp_path: Path, place: int) -> None:
    async def body() -> None:
        async with playing(tmp_path, effect("first", 0.5), effect("last", 8.0)) as play:
            await play.edits.add(play.spec(effect("new", 0.125)), place)
            assert play.names.index("new") == place
        expect_states(play.heard(), [State(4.0), State(0.5)])

    asyncio.run(body())


def test_the_only_effect_goes_and_another_comes(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF) as play:
            await play.edits.remove("half")
            assert play.names == []
            await play.edits.add(play.spec(DOUBLE), 0)
        expect_states(play.heard(), [State(0.5), State(1.0), State(2.0)])

    asyncio.run(body())


@pytest.mark.parametrize(
    ("name", "place", "order"), [("a", 2, "bca"), ("c", 0, "cab"), ("b", 0, "bac"), ("b", 2, "acb")]
)
def test_an_effect_moves(tmp_path: Path, name: str, place: int, order: str) -> None:
    async def body() -> None:
        chain = {"a": 0.5, "b": 4.0, "c": 0.25}
        async with playing(tmp_path, *(effect(each, factor) for each, factor in chain.items())) as play:
            await play.edits.move(name, place)
            assert "".join(play.names) == order
            assert {each.heard for each in play.player.effects()} == {Heard.YES}
        expect_states(play.heard(), [State(0.5), State(0.5 / chain[name]), State(0.5)])

    asyncio.run(body())


def test_a_delay_shifts_the_programme_by_itself_and_no_more(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF) as play:
            came = await play.edits.add(play.spec(LATE), 1)
            assert came.shift_frames == 1000
            await play.edits.leave_out("late")
            await play.edits.bring_in("late")
            gone = await play.edits.remove("late")
            assert gone.shift_frames == -1000
        expect_states(play.heard(), [State(0.5), State(0.5, 1000), State(0.5)])

    asyncio.run(body())


def test_what_cannot_be_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF) as play:
            with pytest.raises(Usage, match="taken"):
                await play.edits.add(play.spec(effect("half", 2.0)), 0)
            with pytest.raises(NotFound, match="there are: half"):
                await play.edits.remove("other")
            assert play.names == ["half"]
        expect_states(play.heard(), [State(0.5)])

    asyncio.run(body())


def test_changes_asked_for_at_once_are_made_one_after_the_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF) as play:
            await asyncio.gather(
                play.edits.add(play.spec(DOUBLE), 1),
                play.edits.leave_out("half"),
                play.edits.move("double", 0),
                play.edits.remove("half"),
            )
            assert play.names == ["double"]
        states = [State(0.5), State(1.0), State(2.0), State(1.0), State(2.0)]
        expect_states(play.heard(), states)

    asyncio.run(body())


def test_a_pipeline_that_is_built_anew_has_the_chain_as_it_was_changed(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF, DOUBLE) as play:
            await play.edits.remove("half")
            await play.edits.add(play.spec(effect("new", 4.0)), 0)
            await play.edits.leave_out("double")
            before = play.player.effects()
            broken = play.player.running
            assert broken is not None
            words = RawWords(broken.pipeline.rings[1].fd)
            while play.player.running is broken:  # who owns the word writes it again
                words.set(read_pos=1 << 61)
                await asyncio.sleep(LOOK_S)
            words.close()
            while play.player.running is None:
                await asyncio.sleep(LOOK_S)
            after = play.player.effects()
            assert [(each.name, each.heard) for each in after] == [(each.name, each.heard) for each in before]
            assert not {each.pid for each in before} & {each.pid for each in after}
            await play.edits.bring_in("double")
            assert {each.heard for each in play.player.effects()} == {Heard.YES}

    asyncio.run(body())


def test_near_the_end_nothing_is_changed_any_more(tmp_path: Path) -> None:
    """All is decoded, and the end is told; what lies in the rings and the device is played out."""

    async def body() -> None:
        async with playing(tmp_path, HALF, frames=14 * RATE_HZ, more_frames=0) as play:
            running = play.player.running
            assert running is not None
            while not running.pipeline.decode.finishing:
                await asyncio.sleep(LOOK_S)
            with pytest.raises(NotRunning, match="played out"):
                await play.edits.remove("half")
            assert play.names == ["half"]
        expect_states(play.heard(), [State(0.5)])

    asyncio.run(body())


def test_who_asks_may_go_away_and_the_change_is_made(tmp_path: Path) -> None:
    async def body() -> None:
        async with playing(tmp_path, HALF) as play:
            asking = asyncio.create_task(play.edits.remove("half"))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait((asking,))
            await play.edits.add(play.spec(DOUBLE), 0)
            assert play.names == ["double"]
        expect_states(play.heard(), [State(0.5), State(1.0), State(2.0)])

    asyncio.run(body())
