"""What a relay waits for: somebody has ended, somebody wishes to be elsewhere, a fade has something to be done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from host.playback.graph import Pipeline
from host.playback.stage_watch import StageEnd, StageWatch, Watched
from host.playback.tracks import OpenTrack
from host.playback.wishes import Wishes

__all__ = ["Attention"]


class Attention:
    """Of one relay, which alone waits here, for one thing at a time."""

    def __init__(self, pipeline: Pipeline, watch: StageWatch, wishes: Wishes) -> None:
        self._pipeline = pipeline
        self._watch = watch
        self._wishes = wishes

    async def unless_wished(self, opening: asyncio.Task[OpenTrack | None], patience_s: float | None = None) -> None:
        """Waits for the end of a task, or for a wish; no longer than the patience lasts."""
        arrival = asyncio.create_task(self._wishes.arrival())
        try:
            await asyncio.wait((opening, arrival), timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()

    async def first_end(self, stages: Iterable[Watched]) -> StageEnd | None:
        """Which of these stages ended first; None when a wish came before, or a fade has something to be done.

        Raises:
            RingsBroken: what a fade found in the rings cannot be.
        """
        fading = self._pipeline.crossfade
        ending = asyncio.create_task(self._watch.first_end(stages))
        others = [asyncio.create_task(self._wishes.arrival())]
        if fading is not None:
            others.append(asyncio.create_task(fading.until_due(self._pipeline.flowing)))
        try:
            done, _ = await asyncio.wait((ending, *others), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return ending.result() if ending in done and not self._wishes.waiting() else None
        finally:
            for task in (ending, *others):
                task.cancel()
            await asyncio.wait((ending, *others))
