"""What is told of a track: where on the clock it lies, that it began, and why it was not played, or not to its end."""

from __future__ import annotations

from host.errors import MediaError, StellaError, Supervised
from host.events import TrackStarted
from host.playback.sizes import PipelineFormat
from host.playback.source_stream import failure_of_source
from host.playback.timeline import Segment
from host.playback.tracks import OpenTrack
from host.where import about

__all__ = ["failure_of", "segment_of", "started"]

_ROUNDING_S = 0.001


def segment_of(fmt: PipelineFormat, track: OpenTrack, position: int, done_frames: int) -> Segment:
    """A track goes on at a position, so many frames of the pipeline after its begin."""
    rate = track.info.sample_rate_hz
    frame = track.window.first_frame - track.info.encoder_delay_frames
    done = done_frames * rate // fmt.sample_rate_hz
    return Segment(position, track.index, frame + done, rate, position - done_frames)


def started(track: OpenTrack, position: int) -> TrackStarted:
    """It begins to decode at a position."""
    tags, rate = track.tags, track.info.sample_rate_hz
    return TrackStarted(
        track.index,
        str(track.where),
        str(track.use.type_id),
        position,
        int((track.duration_s or 0) * rate),
        rate,
        track.info.channels,
        tags.title,
        tags.artist,
        tags.album,
        track.gain.reason,
    )


def failure_of(track: OpenTrack, seconds: float, error: StellaError | None) -> StellaError | None:
    """The error with the track it ended, and how far that got; None: it ended in order.

    A source that gave up is the reason, whatever the decoder makes of that, unless all was there by then.
    """
    whole = track.duration_s is not None and seconds >= track.duration_s - _ROUNDING_S
    source = None if whole else failure_of_source(track.media)
    error = source or error
    if error is None:
        return None
    end = "played to its end" if whole else "ended"
    played = f"{end} after {seconds:.1f} s: " if seconds else ""
    text = about(track.where, error.message, played)
    if isinstance(error, Supervised):
        return type(error)(text, remedy=error.remedy, details=error.details)
    return MediaError(text, remedy=error.remedy or "is the file whole?")
