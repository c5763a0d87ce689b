"""What plays at this moment: one pipeline with all that keeps it going, and what can be said of it."""

from __future__ import annotations

from host.ids import PluginId
from host.playback.absence import Absence
from host.playback.bit_perfect import why_not
from host.playback.edits import ChainEdits
from host.playback.graph import Pipeline
from host.playback.record import Record
from host.playback.recovery import Care
from host.playback.relay import Relay
from host.playback.repairs import Swapped
from host.playback.signal_path import signal_path
from host.playback.source_stream import SourceStream
from host.playback.stage_updates import StageUpdates
from host.playback.stage_use import StageUse
from host.playback.timeline import Place
from host.playback.tracks import OpenTrack
from host.records import record

__all__ = ["Now", "Running", "uses_of"]


@record
class Now:
    """What can be shown while it plays. ``position``: frames that were heard, as far as the sink tells.

    ``ahead_s``: what the output has taken and was not heard yet. ``absence``: of the output, which is why nothing is
    heard; ``buffering``: nothing is heard until more bytes of it have come, or of the next track. ``touched_by``: what
    changes the track's samples on their way, for people; empty: nothing.
    """

    track: OpenTrack
    place: Place
    position: int
    xruns: int
    clipped_samples: int
    stages: tuple[StageUse, ...]
    absence: Absence | None = None
    touched_by: str = ""
    buffering: bool = False
    ahead_s: float = 0.0

    @property
    def title(self) -> str:
        """What is heard, as its source says at this moment, or else its tags; empty where nobody says."""
        media = self.track.media
        return (media.title if isinstance(media, SourceStream) else "") or self.track.tags.title

    @property
    def live(self) -> bool:
        """Whether it has no end, and nobody can go back in it."""
        return self.track.live

    @property
    def done_s(self) -> float:
        """How much of the track was played."""
        track, total_s = self.track, self.track.duration_s
        begins_s = (track.window.first_frame - track.info.encoder_delay_frames) / track.info.sample_rate_hz
        done_s = max(0.0, self.place.seconds - begins_s)
        return min(done_s, total_s) if total_s else done_s  # the place is read beside the clock, and may be ahead


@record
class Running:
    """From the start of a pipeline to its end."""

    pipeline: Pipeline
    record: Record
    relay: Relay
    care: Care
    updates: StageUpdates
    edits: ChainEdits

    async def swap(self, plugin_id: PluginId) -> tuple[Swapped, ...]:
        """All of a plugin's goes over to its active generation. Raises: StellaError: something would not."""
        swapped = await self.care.swaps.swap(plugin_id)
        stream = self.pipeline.decode.stream
        if stream is None or stream.closed or stream.use.plugin_id != plugin_id:
            return swapped
        return (*swapped, await stream.renew())

    def now(self) -> Now | None:
        """What is heard, as the sink stands; None before the first track."""
        pipeline, timeline = self.pipeline, self.record.timeline
        timeline.latency_frames = pipeline.latency_frames
        seat, queued, clipped = pipeline.sink, 0, 0
        taken = pipeline.position
        for lane in () if seat.lost else seat.instance.worker.status.lanes():
            if lane.instance == seat.instance.id:
                queued, clipped = lane.queued_frames, lane.clipped_samples
        elsewhere = pipeline.clock_set_to is not None and pipeline.clock_set_to > timeline.origin
        position = timeline.last_heard if elsewhere else timeline.heard(taken, queued)  # nobody knows yet what is there
        place = timeline.place(position)
        if place is None:
            return None
        track, decode = self.record.tracks[place.track], pipeline.decode
        if decode.occupied and decode.track.index == track.index:
            track = decode.track  # with the decoder that works on it now
        touched_by = why_not(signal_path(pipeline, track))
        follows = (decode.ended or not decode.occupied) and not decode.finishing  # another track, not open yet
        buffering = (decode.waits or follows) and pipeline.ready - taken < pipeline.block_frames
        ahead_s = 0.0 if elsewhere else max(0, taken - position) / pipeline.format.sample_rate_hz
        return Now(
            track,
            place,
            position,
            seat.xruns,
            clipped,
            uses_of(pipeline),
            seat.absence,
            touched_by,
            buffering,
            ahead_s,
        )

    def seconds_until(self, position: int) -> float | None:
        """How long it takes until a position is heard; None before the first track."""
        now = self.now()
        return None if now is None else max(0, position - now.position) / self.pipeline.format.sample_rate_hz

    def next_begin_s(self) -> float | None:
        """In how many seconds the next track is heard; None: none is decoded yet."""
        now = self.now()
        begin = None if now is None else self.record.timeline.next_begin(now.position)
        return None if now is None or begin is None else (begin - now.position) / self.pipeline.format.sample_rate_hz


def uses_of(pipeline: Pipeline) -> tuple[StageUse, ...]:
    """Who works in effects and output now."""
    return tuple(seat.use for seat in (*pipeline.dsps, pipeline.sink))
