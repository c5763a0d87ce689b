"""Which track a position of the pipeline's clock belongs to: the segment table. Pure."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

from host.records import record

__all__ = ["Place", "Segment", "Timeline"]


@record
class Segment:
    """From ``position`` on the pipeline holds track ``track``, beginning with its frame ``source_frame``.

    ``source_frame`` counts the source's own frames at ``source_rate_hz``, after the encoder's delay is trimmed.
    ``begun_at``: where on the clock the track would have begun, for one that begins in its midst.
    """

    position: int
    track: int
    source_frame: int
    source_rate_hz: int
    begun_at: int | None = None


@record
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
    """Grows at its end only. Positions are pipeline frames at ``rate_hz``; ``latency_frames`` is what effects add.

    The clock begins at ``origin``.
    """

    def __init__(self, rate_hz: int, latency_frames: int = 0, origin: int = 0) -> None:
        self._rate_hz = rate_hz
        #: What effects add now.
        self.latency_frames = latency_frames
        self._segments: list[Segment] = []
        self._origin = self._heard = origin

    @property
    def origin(self) -> int:
        """Where the clock was set to last."""
        return self._origin

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments that are kept, oldest first."""
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

    def restart(self, segment: Segment) -> None:
        """The clock was set to ``segment.position``, and nothing of before is still to come: no effect delays it."""
        self._segments = [segment]
        self._origin = self._heard = segment.position

    def heard(self, position: int, queued_frames: int) -> int:
        """Where the listener is when the sink stands at ``position`` and its device holds so much; never goes back.

        The two are read one after the other, and a device that takes over fills its queue anew.
        """
        self._heard = max(self._heard, position - queued_frames)
        return self._heard

    @property
    def last_heard(self) -> int:
        """Where the listener was when somebody asked last."""
        return self._heard

    def forget_before(self, position: int) -> frozenset[int]:
        """Drops what ends before a position of the sink; says which tracks are left."""
        index = self._index(position)
        self._segments = self._segments[max(0, index) :]
        return frozenset(segment.track for segment in self._segments)

    def rewind(self, position: int) -> tuple[Segment | None, tuple[int, ...]]:
        """Forgets what begins behind a position of the sink: the segment that holds it, and the tracks forgotten."""
        found = self.from_here(position)
        self._segments = self._segments[: self._index(position) + 1]
        self._heard = min(self._heard, position)
        return found

    def from_here(self, position: int) -> tuple[Segment | None, tuple[int, ...]]:
        """The segment that holds a position of the sink, and the tracks that begin behind it."""
        index = self._index(position)
        later = tuple(segment.track for segment in self._segments[index + 1 :])
        return (self._segments[index] if index >= 0 else None), later

    def place(self, position: int) -> Place | None:
        """What is at a position of the sink; None before the first segment.

        Effects delay the programme, so the sum of their latencies is taken off. Never runs over the next segment.
        """
        programme, index = self._programme(position), self._index(position)
        if index < 0:
            return None
        segment = self._segments[index]
        passed = Fraction((programme - segment.position) * segment.source_rate_hz, self._rate_hz)
        return Place(segment.track, segment.source_frame + int(passed), segment.source_rate_hz)

    def next_begin(self, position: int) -> int | None:
        """Where the segment after the one at a position of the sink begins, on its clock; None: none is known."""
        index = self._index(position) + 1
        return self._segments[index].position + self.latency_frames if index < len(self._segments) else None

    def _programme(self, position: int) -> int:
        return max(self._origin, position - self.latency_frames)

    def _index(self, position: int) -> int:
        return bisect_right(self._segments, self._programme(position), key=lambda segment: segment.position) - 1
