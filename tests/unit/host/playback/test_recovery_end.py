"""A swap that is under way when the playback ends: whoever asked for it gets an answer."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from host.events import EventBus, StageEnded
from host.ids import PluginId
from host.playback.graph import Pipeline
from host.playback.recovery import Recovery
from host.playback.repairs import Swapped
from host.playback.sizes import Pacing
from host.runtime import PluginRuntime
from host.settings import PipelineSizes


class Playing:
    """A pipeline of which only the pacing is looked at."""

    pacing = Pacing.unpaced(PipelineSizes())
    seats = ()

    def note_position(self) -> None:
        """There is none."""


class Runtime:
    """Of which only the supervisor is passed on."""

    supervisor = None


class Endless(Recovery):
    """Its swaps never come to an end by themselves."""

    async def _swap_all(self, plugin_id: PluginId) -> tuple[Swapped, ...]:
        await asyncio.Event().wait()
        raise AssertionError(plugin_id)


async def swapping(*, asker_goes: bool) -> tuple[Swapped, ...]:
    """What a swap gives when its playback ends, or when who asked for it is cancelled first."""
    bus = EventBus()
    recovery = Endless(cast(Pipeline, Playing()), cast(PluginRuntime, Runtime()), bus)
    with bus.subscribe(StageEnded) as facts:
        running = asyncio.create_task(recovery.run(facts))
        asked = asyncio.create_task(recovery.swap(PluginId("test.any")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if asker_goes:
            asked.cancel()
        running.cancel()
        await asyncio.wait((running, asked))
    return await asked


def test_a_swap_whose_playback_ends_moved_nothing() -> None:
    assert asyncio.run(swapping(asker_goes=False)) == ()


def test_who_is_cancelled_stays_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(swapping(asker_goes=True))
