"""The relay: one decoder after another at the head of a running pipeline, gapless, or wherever somebody wishes to be.

While a track decodes, the next one is opened; when a decoder says where its frames end, the next takes its place at
that very position. The last one stays until the sink has played out, for somebody has to pad.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from host.errors import OutputError, PluginRefused, StellaError, Supervised
from host.events import EventBus, Seeked, TrackEnded
from host.playback.attention import Attention
from host.playback.bit_perfect import why_not
from host.playback.crossfade import Crossfade
from host.playback.digests import TrackDigests
from host.playback.farewell import fade_out
from host.playback.faults import lane_faults
from host.playback.feed import TrackFeed
from host.playback.format_change import Departure, FormatChange, RelayEnd
from host.playback.graph import Pipeline
from host.playback.jump import jump
from host.playback.output_failures import output_failure
from host.playback.preload import Preload
from host.playback.record import Record
from host.playback.seat import RingsBroken
from host.playback.signal_path import signal_path
from host.playback.stage_watch import Stages, StageWatch, Watched
from host.playback.track_facts import failure_of, segment_of, started
from host.playback.tracks import OpenTrack, TrackResult
from host.playback.wishes import Seek, Wish, Wishes

__all__ = ["Relay"]


class Relay:
    """Runs once.

    ``feed`` gives the tracks; ``open_afresh`` opens one again. ``wishes``: where it is to go meanwhile. ``formats``:
    which track needs another pipeline. ``record``: where it writes down what it plays.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        record: Record,
        watch: StageWatch,
        bus: EventBus,
        feed: TrackFeed,
        open_afresh: Callable[[OpenTrack], Awaitable[OpenTrack]],
        wishes: Wishes,
        formats: FormatChange,
        *,
        digest: bool,
    ) -> None:
        self.preload = Preload(feed)
        self._played = record
        self._pipeline = pipeline
        self._watch = watch
        self._bus = bus
        self._feed = feed
        self._open_afresh = open_afresh
        self._wishes = wishes
        self._attention = Attention(pipeline, watch, wishes)
        self._formats = formats
        self._departure: Departure | None = None
        self._began_s = 0.0
        self._gave_any = False
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

    async def run(self, first: OpenTrack, begun_at: int | None = None, to_s: float = 0.0) -> RelayEnd:
        """All tracks, to the end of the last, or of the last one before a track that needs another pipeline.

        ``begun_at``: the first is in the midst of it already, and began there. ``to_s``: it is to begin there.

        Raises:
            StellaError: an effect or the sink failed.
        """
        try:
            playing = await (self._change(first, to_s) if to_s else self._enter(first, begun_at))
            while True:
                if self._wishes.waiting():
                    playing = await self._follow()
                elif self._departure is not None and self._departure.at_once:
                    return await self._cut_short(self._departure)
                elif playing:
                    playing = not await self._to_the_end()
                elif self._departure is None and (following := await self._following()) is not None:
                    playing = await self._fits(following, Departure()) and await self._enter(following, None)
                elif not self._wishes.waiting():
                    end = await self._finish() if self._gave_any else self._pipeline.position
                    if end is not None:
                        return RelayEnd(end, self._departure)
        finally:
            await self.preload.drop()

    # ---- one track after the other ----

    async def _enter(self, track: OpenTrack, begun_at: int | None, *, overlaps: bool = False) -> bool:
        """Puts a track's decoder where the last one ended, or beside it; whether it is at work."""
        self._began_s = time.monotonic()
        self._played.at_hand = track.index
        fresh = await self._as_good_as_new(track)
        return fresh is not None and await self._join(fresh, begun_at, self._pipeline.crossfade if overlaps else None)

    async def _to_the_end(self) -> bool:
        """Whether the frames of the track that decodes have ended; False when a wish came first, or another track."""
        self.preload.begin()
        seat, fading = self._pipeline.decode, self._pipeline.crossfade
        while True:
            end = await self._attention.first_end(Stages(self._giving))
            if end is None:
                if fading is None or self._wishes.waiting() or await self._attend(fading):
                    return False
            elif end.stage not in self._pipeline.decoders or isinstance(end.failure, RingsBroken):
                raise end.failure or self._stopped_early()
            elif end.stage is not seat:
                await self._see_out(end.failure)
            elif fading is None or not fading.reached:
                self._record(seat.track, seat.position - seat.begun_at, end.failure)
                return True

    def _giving(self) -> tuple[Watched, ...]:
        """Who still has something to say: the end of a track that fades into the next one is no news."""
        fading = self._pipeline.crossfade
        decoders = self._pipeline.decoders if fading is None else fading.giving
        return (*decoders, *self._rest())

    async def _attend(self, fading: Crossfade) -> bool:
        """Does what is due; whether another track decodes now."""
        if fading.leaving is not None:
            await self._see_out(None)
            return False
        await self._attention.unless_wished(self.preload.begin(), fading.patience_s)
        if self._wishes.waiting():
            return False
        waiting = self.preload.opened
        if waiting is None or not fading.leaves_alone(waiting) or await self._formats.needed_for(waiting):
            await fading.forgo()
            return False
        if self.preload.opened is not waiting:
            return False  # another one is to follow now
        track = await self.preload.take()
        return track is not None and await self._enter(track, None, overlaps=True)

    async def _see_out(self, failure: StellaError | None) -> None:
        """The track that fades out, if there is one, gives no more."""
        fading = self._pipeline.crossfade
        if fading is not None and fading.leaving is not None:
            seat = fading.leaving
            self._record(seat.track, max(0, min(seat.position, fading.faded_at) - seat.begun_at), failure)
            await fading.see_out()

    async def _following(self) -> OpenTrack | None:
        """The track that is next; None after the last, or when a wish comes first."""
        await self._attention.unless_wished(self.preload.begin())
        if self._wishes.waiting():
            return None
        ahead = await self.preload.take()
        if ahead is not None:
            return ahead
        await self._attention.unless_wished(self.preload.begin(ahead=False))
        return None if self._wishes.waiting() else await self.preload.take()

    async def _fits(self, track: OpenTrack, otherwise: Departure) -> bool:
        """Whether it is played in this pipeline; if not, the feed has it back, closed, for another one."""
        try:
            needs_another = await self._formats.needed_for(track)
        except BaseException:
            await track.close()
            raise
        if needs_another:
            self._departure = otherwise
            self._feed.put_back((track.index,))
            await track.close()
        return not needs_another

    async def _as_good_as_new(self, track: OpenTrack) -> OpenTrack | None:
        """Its decoder waited while another track played: it may have died meanwhile, or been superseded."""
        if track.decoder.instance.current and self._pipeline.decode.as_configured(track):
            return track
        try:
            await track.decoder.destroy()
            return await self._open_afresh(track)
        except BaseException as error:
            await track.close()
            if not isinstance(error, StellaError):
                raise
            self._record(track, 0, error)
            return None

    async def _join(self, track: OpenTrack, begun_at: int | None, fading: Crossfade | None) -> bool:
        """Whether the decoder took its place, beside the one before it where they are ``fading``."""
        try:
            position = await (self._pipeline.decode.leave() if fading is None else fading.make_room())
            if self._digests is not None:
                await self._digests.begin(track.index, position)
            as_wished = await self._as_good_as_new(track)  # an update of the decoder before it may have gone first
            if as_wished is None:
                return False
            track = as_wished
            failure = await self._attach(track, begun_at, fading)
        except BaseException:
            await track.close()
            raise
        if failure is not None:
            self._record(track, 0, failure)
            await track.close()
            return False
        self._gave_any = True
        self._feed.joined(track.index)
        self._played.tracks[track.index] = track
        if begun_at is None:
            self._played.timeline.append(segment_of(self._pipeline.format, track, position, 0))
            self._bus.publish(started(track, position))
        return True

    async def _attach(self, track: OpenTrack, begun_at: int | None, fading: Crossfade | None) -> StellaError | None:
        seat = self._pipeline.decode
        try:
            if fading is not None:
                await fading.join(track)
                return None
            await self._expect(track, seat.position if begun_at is None else begun_at)
            await seat.join(track, begun_at)
        except RingsBroken:
            raise
        except StellaError as error:
            return error
        return None

    async def _expect(self, track: OpenTrack, begun_at: int) -> None:
        """A track is alone, and began there: where tracks fade into each other, the next one will join it."""
        if self._pipeline.crossfade is not None:
            await self._pipeline.crossfade.expect(track, begun_at)

    # ---- elsewhere ----

    async def _follow(self) -> bool:
        """Carries out the wish that waits; whether a decoder is at work then."""
        wish, done = self._wishes.take()
        self._departure = None
        try:
            await self._see_out(None)
            return await self._go(wish)
        except RingsBroken:
            if not self._wishes.waiting():
                self._wishes.post(wish)  # whoever plays on, in other rings, goes there
            raise
        finally:
            done.set_result(None)

    async def _go(self, wish: Wish) -> bool:
        seat = self._pipeline.decode
        heard = self._played.timeline.place(self._pipeline.position)
        if isinstance(wish, Seek) and heard is not None:
            if seat.occupied and seat.track.index == heard.track:
                await self._seek(wish.to_s)
                return True
            await self.preload.drop()
            self._feed.put_back(self._played.unheard(self._pipeline.position))
        else:
            await self.preload.drop()
            self._feed.begin_anew()
        opened = await self._following()
        if opened is None:
            return seat.occupied and self._wishes.waiting()
        return await self._fits(opened, Departure(wish.to_s, at_once=True)) and await self._change(opened, wish.to_s)

    async def _cut_short(self, departure: Departure) -> RelayEnd:
        pipeline, seat = self._pipeline, self._pipeline.decode
        if seat.occupied and seat.track.index not in self._played.results:
            self._record(seat.track, max(0, pipeline.position - seat.begun_at), None)
        await fade_out(pipeline, self._watch)
        return RelayEnd(pipeline.position, departure)

    async def _seek(self, to_s: float) -> None:
        pipeline, seat = self._pipeline, self._pipeline.decode
        track, done_frames = seat.track, int(to_s * pipeline.format.sample_rate_hz)
        self._played.results.pop(track.index, None)
        position = await jump(pipeline, lambda: seat.move(done_frames))
        await self._expect(seat.track, seat.begun_at)
        self._played.timeline.restart(segment_of(self._pipeline.format, track, position, done_frames))
        self._bus.publish(Seeked(track.index, to_s, position))

    async def _change(self, track: OpenTrack, to_s: float) -> bool:
        """Whether the decoder took its place."""
        pipeline, seat = self._pipeline, self._pipeline.decode
        fresh = await self._as_good_as_new(track)
        if fresh is None:
            return False
        track, left = fresh, seat.track if seat.occupied else None
        heard_frames = pipeline.position - seat.begun_at
        done_frames = int(to_s * pipeline.format.sample_rate_hz)
        try:
            position = await jump(pipeline, lambda: seat.change(track, done_frames))
            await self._expect(track, seat.begun_at)
        except BaseException as error:
            await track.close()
            if isinstance(error, RingsBroken) or not isinstance(error, StellaError):
                raise
            self._record(track, 0, error)
            return False
        finally:
            if left is not None and left.index not in self._played.results:
                self._record(left, max(0, heard_frames), None)
        self._gave_any = True
        self._feed.joined(track.index)
        self._began_s = time.monotonic()
        self._played.at_hand = track.index
        self._played.results.pop(track.index, None)
        self._played.tracks[track.index] = track
        self._played.timeline.restart(segment_of(self._pipeline.format, track, position, done_frames))
        self._bus.publish(started(track, position))
        return True

    def _record(self, track: OpenTrack, frames: int, error: StellaError | None) -> None:
        seconds = frames / self._pipeline.format.sample_rate_hz
        failure = failure_of(track, seconds, error)
        frames_in = round(frames * track.info.sample_rate_hz / self._pipeline.format.sample_rate_hz)
        faults = (*track.faults, *lane_faults(str(track.where), track.decoder.instance))
        wall_s = time.monotonic() - self._began_s
        touched_by = why_not(signal_path(self._pipeline, track))
        result = TrackResult(
            track.index,
            track.where,
            failure,
            track.use,
            frames_in,
            frames,
            wall_s=wall_s,
            faults=faults,
            gain=track.gain,
            touched_by=touched_by,
        )
        self._played.results[track.index] = result
        self._feed.ended(result)
        self._bus.publish(TrackEnded(track.index, str(track.where), frames, str(failure or "")))
        if not self._feed.keeps_results:
            self._played.forget_before(self._pipeline.position)

    # ---- the end ----

    async def _finish(self) -> int | None:
        """Plays out: the decoder pads, the sink stops exactly at the end. None when a wish comes before that."""
        await self._see_out(None)
        pipeline = self._pipeline
        seat, sink = pipeline.decode, pipeline.sink
        position = seat.position
        if seat.occupied:
            self._watch.forget(seat)
        end = await pipeline.finish(position)
        padding: tuple[Watched, ...] = (seat,) if seat.occupied else ()
        waiting = Stages(lambda: (*self._rest(), *padding))
        while True:
            stopped = await self._attention.first_end(waiting)
            if stopped is None:
                return None
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
        """All but the decoders, from the end."""
        pipeline = self._pipeline
        return tuple(seat for seat in reversed(pipeline.seats) if seat not in pipeline.decoders)

    def _stopped_early(self) -> StellaError:
        return OutputError("a stage of the chain stopped before the end", remedy="see -v for what its worker said")
