"""Reads what the capture output of ``tests/plugins/capture`` kept: the programme as it was heard, and what went wrong.

Its device plays by a clock of its own and never waits, so that a frame that comes late shows as silence before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.support.frames import Audio

__all__ = ["Capture", "Restart", "Silence", "Span", "load_capture"]


@dataclass(frozen=True, slots=True)
class Span:
    """Programme frames ``[start, end)``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Frames that the device played before programme frame ``position`` without having them.

    ``after_restart``: because the output's worker was gone; ``by_worker``: the starving worker itself wrote the zeros.
    """

    position: int
    frames: int
    after_restart: bool
    by_worker: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class Restart:
    """The output was opened again at ``position``. ``planned``: after a close; else its process had died."""

    position: int
    pid: int
    planned: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal, with the meanings in ``journal.h``."""

    kind: str
    position: int
    frames: int
    ns: int
    detail: int
    pid: int


@dataclass(slots=True)
class Segment:
    """A run of the programme between two resets; ``pieces`` are position and place in the data file, in frames."""

    start: int
    end: int
    pieces: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Capture:
    """All that an output took, over all its processes. ``thrown_away``: taken, but not played by a reset or close."""

    rate: int
    channels: int
    segments: tuple[tuple[int, Audio], ...]
    inserted_silence: tuple[Silence, ...]
    restarts: tuple[Restart, ...]
    doubled: tuple[Span, ...]
    lost: tuple[Span, ...]
    thrown_away: tuple[Span, ...]
    flushed: bool

    @property
    def silence_frames(self) -> int:
        """All inserted silence together."""
        return sum(silence.frames for silence in self.inserted_silence)

    @property
    def start(self) -> int:
        """Position of the first frame."""
        return self.segments[0][0]

    @property
    def frames(self) -> int:
        """Frames of the programme, each counted once."""
        return sum(len(samples) for _, samples in self.segments) // self.channels

    def samples(self) -> Audio:
        """The programme, interleaved, from ``start``; frames that were lost are NaN. Needs a capture without seeks."""
        ((_, samples),) = self.segments
        return samples


def load_capture(path: Path, zeros_are_programme: bool = False) -> Capture:
    """What the target ``{"path": path}`` holds.

    A write of nothing but zeros that is followed by others counts as silence of the starving worker, unless the
    programme itself has such stretches (``zeros_are_programme``).
    """
    lines = tuple(_lines(path))
    assert lines, f"nothing was ever captured to {path}"
    reader = _Reader(lines[0], zeros_are_programme)
    for line in lines:
        reader.take(line)
    reader.settle_zeros(as_silence=False)
    data = np.fromfile(path.with_name(path.name + ".f32"), np.float32).reshape(-1, reader.channels)
    segments = tuple((each.start, _assemble(each, data)) for each in reader.segments if each.pieces)
    return Capture(
        rate=reader.rate,
        channels=reader.channels,
        segments=segments,
        inserted_silence=tuple(reader.silences),
        restarts=tuple(reader.restarts),
        doubled=tuple(reader.doubled),
        lost=tuple(reader.lost),
        thrown_away=tuple(reader.thrown_away),
        flushed=lines[-1].kind == "flush" or [each.kind for each in lines[-2:]] == ["flush", "close"],
    )


def _lines(path: Path) -> Iterator[Line]:
    for text in path.with_name(path.name + ".journal").read_text().splitlines():
        kind, *numbers = text.split()
        yield Line(kind, *map(int, numbers))


def _assemble(segment: Segment, data: Audio) -> Audio:
    whole = np.full((segment.end - segment.start, data.shape[1]), np.nan, np.float32)
    for position, place, frames in segment.pieces:
        whole[position - segment.start : position - segment.start + frames] = data[place : place + frames]
    return whole.reshape(-1)


class _Reader:
    """Follows the journal with a position of its own, which the worker's zeros do not move."""

    def __init__(self, first: Line, zeros_are_programme: bool) -> None:
        assert first.kind == "open"
        self.rate = first.frames
        self.channels = first.detail
        self.segments = [Segment(first.position, first.position)]
        self.silences: list[Silence] = []
        self.restarts: list[Restart] = []
        self.doubled: list[Span] = []
        self.lost: list[Span] = []
        self.thrown_away: list[Span] = []
        self._zeros_are_programme = zeros_are_programme
        self._zeros: list[tuple[int, int, int]] = []  # place, frames, ns
        self._at = first.position
        self._place = 0
        self._opened = self._closed = self._restarted = False

    def take(self, line: Line) -> None:
        match line.kind:
            case "open":
                self._open(line)
            case "write":
                self._write(line)
            case "silence":
                self.silences.append(Silence(self._at, line.frames, self._restarted, False, line.ns))
            case "reset":
                self.settle_zeros(as_silence=False)
                self._throw_away(line.frames)
                self._at = line.position
                self.segments.append(Segment(self._at, self._at))
            case "close":
                self.settle_zeros(as_silence=False)
                self._throw_away(line.frames)
                self._closed = True
            case _:
                self.settle_zeros(as_silence=False)

    def settle_zeros(self, as_silence: bool) -> None:
        """Says of the zeros at the end whether the programme or a starving worker had them."""
        for place, frames, ns in self._zeros:
            if as_silence:
                self.silences.append(Silence(self._at, frames, self._restarted, True, ns))
            else:
                self._keep(place, frames)
        self._zeros.clear()

    def _open(self, line: Line) -> None:
        assert (line.frames, line.detail) == (self.rate, self.channels), "the format changed"
        if self._opened:
            zeros = sum(frames for _, frames, _ in self._zeros)
            self.settle_zeros(as_silence=line.position != self._at + zeros)
            if line.position < self._at:
                self.doubled.append(Span(line.position, self._at))
            elif line.position > self._at:
                self.lost.append(Span(self._at, line.position))
            self.restarts.append(Restart(line.position, line.pid, self._closed, line.ns))
            self._restarted = True
        self._at = line.position
        self._opened, self._closed = True, False

    def _write(self, line: Line) -> None:
        if line.detail and not self._zeros_are_programme:
            self._zeros.append((self._place, line.frames, line.ns))
        else:
            self.settle_zeros(as_silence=True)
            self._keep(self._place, line.frames)
            self._restarted = False
        self._place += line.frames

    def _keep(self, place: int, frames: int) -> None:
        segment = self.segments[-1]
        segment.pieces.append((self._at, place, frames))
        segment.start = min(segment.start, self._at)
        self._at += frames
        segment.end = max(segment.end, self._at)

    def _throw_away(self, frames: int) -> None:
        if frames:
            self.thrown_away.append(Span(self._at - frames, self._at))
