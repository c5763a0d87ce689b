"""How a playback that is cut short takes its leave of a device."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from host.errors import StellaError
from host.playback.graph import Pipeline
from host.playback.stage_watch import StageWatch

__all__ = ["fade_out"]

FADE_S = 0.02
LAST_WORDS_S = 0.1
STOP_TIMEOUT_S = 1.5


async def fade_out(pipeline: Pipeline, watch: StageWatch) -> None:
    """A device is not cut off in mid-wave: it gets a short ramp to silence, and plays that out."""
    if not pipeline.sink.output.is_device or pipeline.sink.lost or not pipeline.flowing.is_set():
        return
    rate = pipeline.format.sample_rate_hz
    with suppress(StellaError, TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await pipeline.sink.set_volume(0.0, int(rate * FADE_S))
            await pipeline.sink.finish(min(pipeline.ready, pipeline.position + int(rate * LAST_WORDS_S)))
            await watch.first_end((pipeline.sink,))
