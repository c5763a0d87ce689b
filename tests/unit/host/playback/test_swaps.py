"""A swap that is under way when the playback ends: whoever asked for it gets an answer."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from host.ids import PluginId
from host.playback.graph import Pipeline
from host.playback.repair_log import RepairLog
from host.playback.repairs import Swapped
from host.playback.swaps import Swaps


class Endless(Swaps):
    """They never come to an end by themselves."""

    async def _swap_all(self, plugin_id: PluginId) -> tuple[Swapped, ...]:
        await asyncio.Event().wait()
        raise AssertionError(plugin_id)


async def swapping(*, asker_goes: bool) -> tuple[Swapped, ...]:
    """What a swap gives when its playback ends, or when who asked for it is cancelled first."""
    swaps = Endless(cast(Pipeline, None), cast(RepairLog, None))
    asked = asyncio.create_task(swaps.swap(PluginId("test.any")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if asker_goes:
        asked.cancel()
    await swaps.close()
    await asyncio.wait((asked,))
    return await asked


def test_a_swap_whose_playback_ends_moved_nothing() -> None:
    assert asyncio.run(swapping(asker_goes=False)) == ()


def test_who_is_cancelled_stays_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(swapping(asker_goes=True))
