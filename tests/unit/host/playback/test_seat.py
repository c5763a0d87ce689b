"""Which positions of a ring the host believes, and who takes a configuration."""

from __future__ import annotations

import asyncio

import pytest

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from host.ids import TypeId
from host.playback.seat import MAX_POSITION, NotAtWork, RingsBroken, words_of
from host.playback.stage_spec import StageSpec
from host.runtime import Plan
from shm_audio import Ring
from tests.support.stage_rings import FORMAT
from tests.unit.host.playback.occupants import PLUGIN, place


def test_positions_that_agree_and_are_nonsense_are_broken_rings() -> None:
    with Ring.create(FORMAT) as ring:
        ring.set_words(MAX_POSITION - 1)
        assert words_of(ring).read_pos == MAX_POSITION - 1
        ring.set_words(MAX_POSITION)
        with pytest.raises(RingsBroken, match=f"position {MAX_POSITION}"):
            words_of(ring)


def test_a_configuration_for_who_has_left_is_not_given_to_who_came() -> None:
    async def body() -> None:
        with place() as made:
            plan = Plan(ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW)
            with pytest.raises(NotAtWork, match="other is not at work"):
                await made.seat.apply(StageSpec("fellow", PLUGIN, TypeId("other"), {}), plan)
            assert made.first.told == []

    asyncio.run(body())
