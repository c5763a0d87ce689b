"""What was played so far: where each track began on the clock, and what became of it. It outlives pipelines."""

from __future__ import annotations

from host.playback.timeline import Timeline
from host.playback.tracks import OpenTrack, TrackResult
from host.records import record

__all__ = ["Record", "Rewound"]


@record
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
        #: The one that is to begin, or has begun last.
        self.at_hand: int | None = None

    def begin_anew(self, rate_hz: int, latency_frames: int, origin: int) -> None:
        """All was played out; what follows is on the clock of a pipeline of another format, from ``origin`` on."""
        self.timeline = Timeline(rate_hz, latency_frames, origin)

    def rewind(self, position: int) -> Rewound:
        """Forgets what lies behind a position of the sink, for a pipeline that was given up there."""
        segment, forgotten = self.timeline.rewind(position)
        again = (*(() if segment is None else (segment.track,)), *forgotten)
        if self.at_hand is not None and self.at_hand not in (*again, *self.results):
            again = (*again, self.at_hand)  # it never came to its join
        for index in again:
            self.results.pop(index, None)
        if segment is None:
            return Rewound(again, None)
        return Rewound(again, segment.position if segment.begun_at is None else segment.begun_at)

    def unheard(self, position: int) -> tuple[int, ...]:
        """The track that a position of the sink lies in, and those that were joined behind it."""
        segment, later = self.timeline.from_here(position)
        return later if segment is None else (segment.track, *later)

    def forget_before(self, position: int) -> None:
        """What was heard before a position of the sink is not wanted any more."""
        left = self.timeline.forget_before(position)
        self.tracks = {
            index: track
            for index, track in self.tracks.items()
            if index in left or track.decoder.instance.worker.doomed
        }
        self.results = {index: result for index, result in self.results.items() if index in left}
