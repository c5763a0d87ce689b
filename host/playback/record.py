"""What was played so far: where each track began on the clock, and what became of it. It outlives pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from host.playback.timeline import Timeline
from host.playback.tracks import OpenTrack, TrackResult

__all__ = ["Record", "Rewound"]


@dataclass(frozen=True, slots=True)
class Rewound:
    """What is to be played again: ``tracks`` in order; the first of them began at ``begun_at``, None: it had not."""

    tracks: tuple[int, ...]
    begun_at: int | None


class Record:
    """Of one playback; its relay writes it."""

    def __init__(self, rate_hz: int, latency_frames: int) -> None:
        self.timeline = Timeline(rate_hz, latency_frames)
        #: Those that were joined, by their index, and what became of those that were opened.
        self.tracks: dict[int, OpenTrack] = {}
        self.results: dict[int, TrackResult] = {}

    def rewind(self, position: int) -> Rewound:
        """Forgets what lies behind a position of the sink, for a pipeline that was given up there."""
        segment, forgotten = self.timeline.rewind(position)
        again = (*(() if segment is None else (segment.track,)), *forgotten)
        for index in again:
            self.results.pop(index, None)
        return Rewound(again, None if segment is None else segment.position)
