"""The sha256 of each track as it entered the sink: where one digest ends and the next begins.

A sink knows one cut at a time, so the one before must have been reached. A track that is shorter than what the sink is
sure to be given by then shares its digest with its neighbour, and both go without; so does one in the midst of which
the output was replaced.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable

from host.errors import OutputError
from host.playback.sink_seat import SinkSeat
from host.playback.stage_watch import StageWatch, Watched

__all__ = ["TrackDigests"]

EMPTY = hashlib.sha256().hexdigest()
TIMEOUT_S = 5.0


class TrackDigests:
    """Cuts at the joins of one playback. ``stages``: who must go on working while a digest is waited for.

    ``latency``: by how many frames the effects delay the programme now.
    """

    def __init__(
        self,
        sink: SinkSeat,
        watch: StageWatch,
        stages: Iterable[Watched],
        *,
        latency: Callable[[], int],
        block_frames: int,
    ) -> None:
        self._sink = sink
        self._watch = watch
        self._stages = stages
        self._latency = latency
        self._block_frames = block_frames
        self._spans: list[tuple[int, int]] = []  # (track, where its digest begins)
        self._empty: set[int] = set()
        self._shared: set[int] = set()

    async def begin(self, track: int, position: int) -> None:
        """The frames of ``track`` begin at ``position`` of the decoders' clock; to be called before they are made.

        Raises:
            StellaError: the sink or an effect failed.
        """
        if not self._spans:
            self._spans.append((track, 0))
            return
        before, start = self._spans[-1]
        cut = position + self._latency()
        if position == 0 or cut == start:
            self._empty.add(before)
            self._spans[-1] = (track, start)
            return
        if len(self._spans) > 1:
            sure = position // self._block_frames * self._block_frames - self._block_frames
            if start > sure:
                self._shared |= {before, track}
                return
            await self._digest(self._spans[-2][1], start, self._stages)
        await self._sink.cut_digest(cut)
        self._spans.append((track, cut))

    async def collect(self, end: int) -> dict[int, str]:
        """Digests by track, once the sink has stopped at ``end``.

        Raises:
            OutputError: the sink does not tell them.
        """
        found = dict.fromkeys(self._empty, EMPTY)
        starts = [start for _, start in self._spans]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                for (track, start), stop in zip(self._spans, [*starts[1:], end], strict=True):
                    found[track] = await self._digest(start, stop) if stop > start else EMPTY
        except TimeoutError as error:
            raise OutputError(
                "the output did not tell the sha256 of what it took", remedy="see -v for what its worker said"
            ) from error
        return {track: sha256 for track, sha256 in found.items() if sha256 and track not in self._shared}

    async def _digest(self, start: int, end: int, stages: Iterable[Watched] = ()) -> str:
        """An output that died behind the end may have taken its digest along: what it told last was read before."""
        return await self._watch.digest(start, end, stages, lambda: self._sink.reopened_at > end)
