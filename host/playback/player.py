"""Plays a list of inputs: finds the first that can be played, builds the chain for it, runs the relay.

Workers that die are replaced on the way. A track that cannot be opened, or that no decoder survives, is reported and
the next one goes on; an output that cannot be had any more ends the playback.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from host.errors import NotRunning
from host.events import EventBus, PlaybackEnded
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.chain import Chain, build_pipeline, make_seat, warming
from host.playback.decode_seat import DecodeSeat
from host.playback.edits import ChainEdits, editing
from host.playback.effects import Effect, effect_of
from host.playback.farewell import fade_out
from host.playback.faults import Fault, lane_faults
from host.playback.feed import TrackFeed
from host.playback.first_track import first_track
from host.playback.format_change import FormatChange, RelayEnd
from host.playback.format_policy import wished_format
from host.playback.graph import Pipeline
from host.playback.inputs import Input
from host.playback.opening import Opener
from host.playback.output import Output
from host.playback.output_care import when_there
from host.playback.playlist import Playlist
from host.playback.record import Record
from host.playback.recovery import Care, recovering
from host.playback.relay import Relay
from host.playback.repairs import Repair, Swapped, fault_of, rebuilt, told
from host.playback.running import Now, Running, uses_of
from host.playback.seat import RingsBroken
from host.playback.sizes import PipelineFormat, on_grid
from host.playback.stage_spec import StageSpec
from host.playback.stage_updates import StageUpdates
from host.playback.stage_use import StageUse
from host.playback.stage_watch import StageWatch
from host.playback.target_files import NO_TARGET_FILES
from host.playback.tracks import OpenTrack, PlaybackResult
from host.playback.wishes import Wish, Wishes
from host.records import record
from host.runtime import Instance, Outcome, PluginRuntime
from host.worker import KillKind

__all__ = ["Player", "Retargeted"]

KILLED_TIMEOUT_S = 1.0
MAX_REBUILDS = 5
Begins = Callable[[int], float]


@record
class Retargeted:
    """The output was changed: the new one begins with the frame at ``position``."""

    old_type: TypeId
    new_type: TypeId
    position: int
    use: StageUse


class Player:
    """One playback: ``play`` is called once."""

    def __init__(
        self,
        runtime: PluginRuntime,
        bus: EventBus,
        opener: Opener,
        chain: Chain,
        begun: Callable[[PipelineFormat, bool], None] = lambda *_: None,
    ) -> None:
        """``begun`` is told the format, and whether the output is a device, before anything runs in it."""
        self._runtime = runtime
        self._bus = bus
        self._opener = opener
        self._chain = chain
        self._begun = begun
        self._running: Running | None = None
        self._feed: TrackFeed | None = None
        self._wishes = Wishes()
        self._paused = False
        self._files = contextlib.ExitStack()
        self._chain_files = contextlib.ExitStack()
        self._written = NO_TARGET_FILES  # of an output that came later; who made the first puts its files in place
        self._repairs: list[Repair] = []
        opener.media.on_mended = self._source_mended
        self._faults: list[Fault] = []

    @property
    def chain(self) -> Chain:
        """What it plays through, as it is wished for; once it has ended, as it was left."""
        return self._chain

    @property
    def running(self) -> Running | None:
        """What plays at this moment; None before and after, and while rings are made anew."""
        return self._running

    def now(self) -> Now | None:
        """What is heard at this moment; None before and after."""
        return None if self._running is None else self._running.now()

    async def swap(self, plugin_id: PluginId) -> tuple[Swapped, ...]:
        """Moves everything of a plugin that plays to the active generation, without a frame lost.

        Raises:
            StellaError: a successor would not; what played before plays on (an output had to be closed, though).
        """
        if self._running is None:
            return ()
        swapped = await self._running.swap(plugin_id)
        if self._running is not None:
            self._running.relay.preload.renew(plugin_id)
        return swapped

    # ---- where it goes ----

    def go(self, wish: Wish) -> asyncio.Future[None]:
        """Goes there as soon as may be; done when it has, or when a newer wish has been carried out instead."""
        return self._wishes.post(wish)

    @property
    def unserved(self) -> Wish | None:
        """The newest wish, where it ended before that could be carried out."""
        return self._wishes.left

    async def pause(self) -> None:
        """Stands still until ``resume``; a device fades out."""
        self._paused = True
        if self._running is not None:
            await self._running.pipeline.pause()

    async def resume(self) -> None:
        """Goes on where it stood; a device fades in."""
        self._paused = False
        if self._running is not None:
            await self._running.pipeline.resume()

    async def set_volume(self, volume: float) -> None:
        """A linear gain, reached in a ramp."""
        self._chain = replace(self._chain, volume=volume)
        if self._running is not None:
            await self._running.pipeline.set_volume(volume)

    # ---- what it plays through ----

    async def update(self, name: str, config: JsonObject, *, merge: bool = False) -> Outcome:
        """Another configuration for the stage of that name, or some members of it; says what became of it.

        Raises:
            NotRunning: nothing plays. NotFound: no stage is called so.
        """
        return await self._expect_running().updates.request(name, config, merge=merge)

    def seconds_until(self, position: int) -> float | None:
        """How long it takes until a position of the pipeline is heard; None while nothing plays."""
        return None if self._running is None else self._running.seconds_until(position)

    def schema(self, name: str) -> JsonObject:
        """What the configuration of the stage of that name may be. Raises: as ``update``."""
        return self._expect_running().updates.schema(name)

    async def retarget(self, output: Output) -> Retargeted:
        """What plays goes on into another output, whose files are the player's from now on, whatever comes of it.

        Raises:
            NotRunning: nothing plays, or the end is being played out.
            OutputError: the new output plays, but the file of the old one could not be put in place.
            StellaError: it cannot be had; the old output plays on, and the new files are gone.
        """
        with contextlib.ExitStack() as unused:
            unused.callback(output.stage.files.close)
            unused.callback(output.written.discard)
            running = self._expect_running()
            pipeline = running.pipeline
            async with pipeline.shape:
                if running is not self._running:
                    raise NotRunning("the playback ended or began anew meanwhile", remedy="see `stellatune status`")
                if pipeline.decode.finishing:
                    raise NotRunning("the last track has been decoded and is played out", remedy="begin a new playback")
                before = pipeline.sink.output
                position = await pipeline.sink.retarget(output)
                unused.pop_all()
                self._files.callback(output.written.discard)
                self._written = output.written
                self._begun(pipeline.format, output.is_device)
                await asyncio.to_thread(before.written.commit)
        return Retargeted(before.stage.type_id, output.stage.type_id, position, pipeline.sink.use)

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that are played."""
        return () if self._feed is None else self._feed.sources

    def specs(self) -> tuple[StageSpec, ...]:
        """What is in force at each stage, in the order of the music; none before and after."""
        return () if self._running is None else self._running.updates.specs()

    @property
    def edits(self) -> ChainEdits:
        """Changes of the chain that plays now. Raises: NotRunning."""
        return self._expect_running().edits

    def effects(self) -> tuple[Effect, ...]:
        """The effects of the chain that plays now, in order. Raises: NotRunning."""
        return tuple(effect_of(seat) for seat in self._expect_running().pipeline.dsps)

    def _source_mended(self, repair: Repair) -> None:
        """A source was replaced under what plays, or is about to: who listens hears nothing of it."""
        if self._running is not None:
            self._running.care.log.tell(replace(repair, position=self._running.pipeline.decode.position))
        else:
            self._repairs.append(repair)
            self._bus.publish(told(repair))

    def _expect_running(self) -> Running:
        if self._running is None:
            raise NotRunning("nothing plays", remedy="`stellatune play FILE` begins it")
        return self._running

    async def play(self, inputs: Sequence[Input]) -> PlaybackResult:
        """Plays all inputs and says what became of each.

        Cancelled, it fades a device out; in any case nothing is left of the chain when it returns.

        Raises:
            StellaError: an effect or the output failed; what was heard until then was heard.
        """
        return await self.perform(Playlist(inputs, self._opener, self._bus))

    async def perform(self, feed: TrackFeed, *, begins_s: Begins | None = None, paused: bool = False) -> PlaybackResult:
        """As ``play``, what a feed gives; the first track from ``begins_s`` of its index, still until ``resume``."""
        began, self._feed, self._paused = time.monotonic(), feed, paused
        heard = self._bus.subscribe(*StageWatch.FACTS)
        with contextlib.closing(self._wishes), self._files, self._chain_files, heard as facts:
            watch = StageWatch(facts)
            with warming(self._runtime, self._chain):
                first = await first_track(feed, self._wishes)
                if first is None:
                    return PlaybackResult(feed.unopened)
                pipeline = await self._build(first, None, 0)
            self._begun(pipeline.format, pipeline.sink.output.is_device)
            record = Record(pipeline.format.sample_rate_hz, pipeline.latency_frames)
            begun_at, to_s = None, 0.0 if begins_s is None else begins_s(first.index)
            rebuilds, skipped_frames = 0, 0
            while True:
                record.at_hand = first.index
                relay = Relay(
                    pipeline,
                    record,
                    watch,
                    self._bus,
                    feed,
                    self._opener.open_afresh,
                    self._wishes,
                    FormatChange(self._runtime, pipeline, self._chain, first),
                    digest=self._chain.digest and rebuilds == 0,  # one that is cut in two is none
                )
                try:
                    end = await self._perform(pipeline, record, relay, watch, first, begun_at, to_s)
                except RingsBroken:
                    rebuilds += 1
                    origin = pipeline.last_position // pipeline.block_frames * pipeline.block_frames
                    record.timeline.latency_frames = pipeline.latency_frames
                    rewound = record.rewind(origin)
                    feed.put_back(rewound.tracks)
                    again = await feed.next_track(ahead=False) if rebuilds <= MAX_REBUILDS else None
                    if again is None:
                        raise
                    to_s = to_s if again.index == first.index and rewound.begun_at is None else 0.0
                    first, begun_at = again, rewound.begun_at if again.index in rewound.tracks[:1] else None
                    self._repairs.append(rebuilt(origin))
                    pipeline = await self._build(first, pipeline.format, origin)
                    continue
                following = None if end.departure is None else await feed.next_track(ahead=False)
                if end.departure is None or following is None:
                    break
                first, begun_at, to_s = following, None, end.departure.to_s
                origin = on_grid(end.frames, pipeline.block_frames)
                skipped_frames += origin - end.frames
                pipeline = await self._build(first, None, origin)
                self._begun(pipeline.format, pipeline.sink.output.is_device)
                record.begin_anew(pipeline.format.sample_rate_hz, pipeline.latency_frames, origin)
            frames = end.frames - skipped_frames
            await asyncio.to_thread(self._written.commit)
            decoders = [track.decoder.instance for track in record.tracks.values()]
            chain = [seat.instance for seat in pipeline.seats]
            faults = (*self._faults, *await self._crashes((*decoders, *chain), watch))
        rate = pipeline.format.sample_rate_hz
        faults += tuple(fault for repair in self._repairs if (fault := fault_of(repair, rate)) is not None)
        tracks = tuple(sorted((*feed.unopened, *record.results.values()), key=lambda track: track.index))
        wall_s = time.monotonic() - began
        uses, repairs = uses_of(pipeline), tuple(self._repairs)
        result = PlaybackResult(tracks, pipeline.format, uses, frames, wall_s, faults, repairs)
        self._bus.publish(PlaybackEnded(frames, len(result.played), len(result.failed)))
        return result

    async def _perform(
        self,
        pipeline: Pipeline,
        record: Record,
        relay: Relay,
        watch: StageWatch,
        first: OpenTrack,
        begun_at: int | None,
        to_s: float,
    ) -> RelayEnd:
        """One pipeline from its start to its end, or to a track that needs another one.

        Raises:
            RingsBroken: it cannot go on, another one can; all its workers are dead.
        """
        if self._paused:
            pipeline.flowing.clear()
        care: Care | None = None
        edits: ChainEdits | None = None
        try:
            async with recovering(pipeline, self._runtime, self._bus) as care:
                updates = StageUpdates(pipeline, care.swaps, self._runtime, self._bus)
                try:
                    await pipeline.start(volume=self._chain.volume, digest=self._chain.digest)
                    async with editing(self._editing(pipeline, care)) as edits:
                        self._running = Running(pipeline, record, relay, care, updates, edits)
                        await self._catch_up(pipeline)
                        return await relay.run(first, begun_at, to_s)
                except asyncio.CancelledError:
                    await fade_out(pipeline, watch)
                    raise
                except RingsBroken:
                    for seat in pipeline.seats:  # nobody knows who did it
                        if not isinstance(seat, DecodeSeat) or seat.occupied:
                            seat.instance.worker.terminate(
                                "the rings it joined hold impossible positions", KillKind.PROTOCOL
                            )
                    raise
                finally:
                    await updates.close()
        finally:
            async with pipeline.shape:  # an output that is just being changed is the one to go on with
                self._running = None
            self._repairs += care.log.repairs if care else ()
            self._faults += edits.faults if edits else ()
            self._faults += self._chain_faults(pipeline)
            self._keep_chain(pipeline)
            await first.close()
            await pipeline.close()

    async def _catch_up(self, pipeline: Pipeline) -> None:
        """What was wished while the pipeline was made."""
        await (pipeline.pause() if self._paused else pipeline.resume())
        await pipeline.set_volume(self._chain.volume)

    def _keep_chain(self, pipeline: Pipeline) -> None:
        """What replaces this pipeline has the effects and configurations of now, with files of its own."""
        held = [*(seat.spec.held() for seat in pipeline.dsps), pipeline.sink.wished.stage.held()]
        self._chain_files.close()  # those of the pipeline before
        for spec in held:
            self._chain_files.callback(spec.files.close)
        output = replace(pipeline.sink.wished, stage=held[-1])
        out = frozenset(seat.name for seat in pipeline.dsps if seat.left_out)
        self._chain = replace(self._chain, dsps=tuple(held[:-1]), output=output, left_out=out)

    def _editing(self, pipeline: Pipeline, care: Care) -> ChainEdits:
        make = partial(make_seat, self._runtime, self._chain.pacing, pipeline.format)
        return ChainEdits(pipeline, care.log, self._runtime.supervisor, make)

    async def _build(self, first: OpenTrack, fmt: PipelineFormat | None, origin: int) -> Pipeline:
        wished = fmt or wished_format(first.info, self._chain.formats)
        build = partial(build_pipeline, self._runtime, self._opener, self._chain, wished, origin)
        try:
            return await (when_there(self._chain.output, self._bus, origin, build) if origin else build())
        except BaseException:
            await first.close()
            raise

    def _chain_faults(self, pipeline: Pipeline) -> tuple[Fault, ...]:
        """What effects and sink have counted, while they live."""
        return tuple(
            fault
            for seat in (*pipeline.dsps, pipeline.sink)
            for fault in lane_faults(f"{seat.name} ({seat.instance.plugin_id})", seat.instance)
        )

    async def _crashes(self, instances: Iterable[Instance], watch: StageWatch) -> tuple[Fault, ...]:
        """Crashes in destroy. A worker that was killed because it hung there is gone within moments."""
        for instance in instances:
            if instance.worker.doomed:
                await instance.worker.wait_exit(KILLED_TIMEOUT_S)
        return watch.crashes()
