"""The way of a track's samples through a pipeline, as it is at this moment."""

from __future__ import annotations

from host.playback.bit_perfect import SignalPath
from host.playback.effects import Heard, effect_of
from host.playback.graph import Pipeline
from host.playback.tracks import OpenTrack

__all__ = ["signal_path"]


def signal_path(pipeline: Pipeline, track: OpenTrack) -> SignalPath:
    """An effect that is missing counts: it comes back."""
    effects = [effect_of(seat) for seat in pipeline.dsps]
    heard = tuple(effect.name for effect in effects if effect.heard is not Heard.LEFT_OUT)
    sink = pipeline.sink
    return SignalPath(track.info, pipeline.format, heard, sink.volume, sink.spec.config, track_gain=track.gain.factor)
