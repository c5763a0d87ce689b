"""Which track a position of the pipeline's clock belongs to: the segment table. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Place", "Segment", "Timeline"]


@dataclass(frozen=True, slots=True)
class Segment:
    """From ``position`` on the pipeline holds track ``track``, beginning with its frame ``source_frame``.

    ``source_frame`` counts the source's own frames at ``source_rate_hz``, after the encoder's delay is trimmed.
    """

    position: int
    track: int
    source_frame: int
    source_rate_hz: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a track: its number and the source frame."""

    track: int
    source_frame: int
    source_rate_hz: int

    @property
    def seconds(self) -> float:
        """The place in time."""
        return self.source_frame / self.source_rate_hz


class Timeline:
    """Grows at its end only. Positions are pipeline frames at ``rate_hz``; ``latency_frames`` is what effects add."""

    def __init__(self, rate_hz: int, latency_frames: int = 0) -> None:
        self._rate_hz = rate_hz
        #: What effects add now.
        self.latency_frames = latency_frames
        self._segments: list[Segment] = []

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, oldest first."""
        return tuple(self._segments)

    def append(self, segment: Segment) -> None:
        """Records a join.

        A track that gave no frame leaves a segment of no length: the one after it at the same position wins.

        Raises:
            ValueError: the position is before the last one.
        """
        if self._segments and segment.position < self._segments[-1].position:
            raise ValueError(f"a segment at {segment.position} cannot follow one at {self._segments[-1].position}")
        self._segments.append(segment)

    def rewind(self, position: int) -> tuple[Segment | None, tuple[int, ...]]:
        """Forgets what begins behind a position of the sink: the segment that holds it, and the tracks forgotten."""
        programme = max(0, position - self.latency_frames)
        kept = [segment for segment in self._segments if segment.position <= programme]
        forgotten = tuple(segment.track for segment in self._segments[len(kept) :])
        self._segments = kept
        return (kept[-1] if kept else None), forgotten

    def place(self, position: int) -> Place | None:
        """What is at a position of the sink; None before the first segment.

        Effects delay the programme, so the sum of their latencies is taken off. Never runs over the next segment.
        """
        programme = max(0, position - self.latency_frames)
        index = bisect_right(self._segments, programme, key=lambda segment: segment.position) - 1
        if index < 0:
            return None
        segment = self._segments[index]
        passed = Fraction((programme - segment.position) * segment.source_rate_hz, self._rate_hz)
        return Place(segment.track, segment.source_frame + int(passed), segment.source_rate_hz)
