"""The relay: one decoder after another at the head of a running pipeline, gapless.

While a track decodes, the next one is opened; when a decoder says where its frames end, the next takes its place at
that very position. The last one stays until the sink has played out, for somebody has to pad.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from host.errors import MediaError, OutputError, PluginRefused, StellaError, Supervised
from host.events import EventBus, TrackEnded, TrackStarted
from host.playback.bit_perfect import why_not
from host.playback.digests import TrackDigests
from host.playback.faults import lane_faults
from host.playback.graph import Pipeline
from host.playback.output_failures import output_failure
from host.playback.record import Record
from host.playback.seat import RingsBroken
from host.playback.signal_path import signal_path
from host.playback.stage_watch import Stages, StageWatch, Watched
from host.playback.timeline import Segment
from host.playback.tracks import OpenTrack, TrackResult

__all__ = ["Relay"]

_ROUNDING_S = 0.001


class Relay:
    """Runs once.

    ``next_track`` gives the next open track, or None after the last; ``open_afresh`` opens one again, ``put_back`` has
    some come next. ``record``: where it writes down what it plays.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        record: Record,
        watch: StageWatch,
        bus: EventBus,
        next_track: Callable[[], Coroutine[None, None, OpenTrack | None]],
        open_afresh: Callable[[OpenTrack], Awaitable[OpenTrack]],
        put_back: Callable[[Iterable[int]], None],
        *,
        digest: bool,
    ) -> None:
        self._played = record
        self._pipeline = pipeline
        self._watch = watch
        self._bus = bus
        self._next_track = next_track
        self._open_afresh = open_afresh
        self._put_back = put_back
        self._digests = (
            TrackDigests(
                pipeline.sink,
                watch,
                Stages(self._rest),
                latency=lambda: pipeline.latency_frames,
                block_frames=pipeline.block_frames,
            )
            if digest
            else None
        )

    async def run(self, first: OpenTrack, begun_at: int | None = None) -> int:
        """All tracks, to the end of the last; gives the frames that the sink took.

        ``begun_at``: the first is in the midst of it already, and began there.

        Raises:
            StellaError: an effect or the sink failed.
        """
        track: OpenTrack | None = first
        while track is not None:
            async with self._opening_next() as following:
                await self._perform(track, begun_at)
                track, begun_at = await following, None
        if not any(result.frames_out or result.failure is None for result in self._played.results.values()):
            return 0
        return await self._finish()

    @asynccontextmanager
    async def _opening_next(self) -> AsyncIterator[Awaitable[OpenTrack | None]]:
        """Opens the next track meanwhile; on failure it is closed again."""
        task = asyncio.create_task(self._next_track())
        try:
            yield task
        except BaseException:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                opened = task.result()
                if opened is not None:
                    self._put_back((opened.index,))
                    await opened.close()
            raise

    async def _perform(self, track: OpenTrack, begun_at: int | None) -> None:
        """One track from its join to the end of its frames."""
        began = time.monotonic()
        self._played.at_hand = track.index
        fresh = await self._as_good_as_new(track)
        start = await self._join(fresh, begun_at) if fresh is not None else None
        if start is None:
            return
        start = start if begun_at is None else begun_at
        seat = self._pipeline.decode
        end = await self._watch.first_end(Stages(lambda: (seat, *self._rest())))
        if end.stage is not seat or isinstance(end.failure, RingsBroken):
            raise end.failure or self._stopped_early()
        self._record(seat.track, seat.position - start, end.failure, time.monotonic() - began)

    async def _as_good_as_new(self, track: OpenTrack) -> OpenTrack | None:
        """Its decoder waited while another track played: it may have died meanwhile, or been superseded."""
        if track.decoder.instance.current and self._pipeline.decode.as_configured(track):
            return track
        await track.decoder.destroy()
        try:
            return await self._open_afresh(track)
        except StellaError as error:
            self._record(track, 0, error, 0.0)
            await track.close()
            return None

    async def _join(self, track: OpenTrack, begun_at: int | None) -> int | None:
        """Puts a track's decoder where the last one ended; None when it would not."""
        seat = self._pipeline.decode
        try:
            position = await seat.leave()
            if self._digests is not None:
                await self._digests.begin(track.index, position)
            as_wished = await self._as_good_as_new(track)  # an update of the decoder before it may have gone first
            if as_wished is None:
                return None
            track = as_wished
            failure = await self._attach(track, begun_at)
        except BaseException:
            await track.close()
            raise
        if failure is not None:
            self._record(track, 0, failure, 0.0)
            await track.close()
            return None
        self._played.tracks[track.index] = track
        if begun_at is not None:
            return position
        rate = track.info.sample_rate_hz
        began_at = track.window.first_frame - track.info.encoder_delay_frames
        self._played.timeline.append(Segment(position, track.index, began_at, rate))
        frames = int((track.duration_s or 0) * rate)
        label = str(track.path)
        decoder = str(track.use.type_id)
        self._bus.publish(TrackStarted(track.index, label, decoder, position, frames, rate, track.info.channels))
        return position

    async def _attach(self, track: OpenTrack, begun_at: int | None) -> StellaError | None:
        try:
            await self._pipeline.decode.join(track, begun_at)
        except RingsBroken:
            raise
        except StellaError as error:
            return error
        return None

    def _record(self, track: OpenTrack, frames: int, error: StellaError | None, wall_s: float) -> None:
        seconds = frames / self._pipeline.format.sample_rate_hz
        failure = None if error is None else _failure_of(track, seconds, error)
        frames_in = round(frames * track.info.sample_rate_hz / self._pipeline.format.sample_rate_hz)
        faults = (*track.faults, *lane_faults(str(track.path), track.decoder.instance))
        touched_by = why_not(signal_path(self._pipeline, track))
        self._played.results[track.index] = TrackResult(
            track.index,
            track.path,
            failure,
            track.use,
            frames_in,
            frames,
            wall_s=wall_s,
            faults=faults,
            touched_by=touched_by,
        )
        self._bus.publish(TrackEnded(track.index, str(track.path), frames, str(failure or "")))

    async def _finish(self) -> int:
        """Plays out: the decoder pads, the sink stops exactly at the end."""
        pipeline = self._pipeline
        seat, sink = pipeline.decode, pipeline.sink
        position = seat.position
        if seat.occupied:
            self._watch.forget(seat)
        end = await pipeline.finish(position)
        padding: tuple[Watched, ...] = (seat,) if seat.occupied else ()
        waiting = Stages(lambda: (*self._rest(), *padding))
        while True:
            stopped = await self._watch.first_end(waiting)
            if stopped.stage is seat:
                if isinstance(stopped.failure, RingsBroken):
                    raise stopped.failure
                padding = ()
                if stopped.failure is not None:
                    end = await pipeline.finish_unpadded(position)
                continue
            if stopped.stage is not sink or stopped.failure is not None:
                raise stopped.failure or self._stopped_early()
            if self._digests is not None:
                for index, sha256 in (await self._digests.collect(end)).items():
                    self._played.results[index] = replace(self._played.results[index], sha256=sha256)
            try:
                await sink.close_output()
            except PluginRefused as refused:
                raise output_failure(refused) from refused
            except Supervised:
                self._watch.forget(sink)  # its successor plays out once more
                continue
            return end

    def _rest(self) -> tuple[Watched, ...]:
        return (self._pipeline.sink, *self._pipeline.dsps)

    def _stopped_early(self) -> StellaError:
        return OutputError("a stage of the chain stopped before the end", remedy="see -v for what its worker said")


def _failure_of(track: OpenTrack, seconds: float, error: StellaError) -> StellaError:
    """The error with the track it ended, and how far that got."""
    whole = track.duration_s is not None and seconds >= track.duration_s - _ROUNDING_S
    end = "played to its end" if whole else "ended"
    played = f"{end} after {seconds:.1f} s: " if seconds else ""
    text = f"{track.path}: {played}{error.message}"
    if isinstance(error, Supervised):
        return type(error)(text, remedy=error.remedy, details=error.details)
    return MediaError(text, remedy=error.remedy or "is the file whole?")
