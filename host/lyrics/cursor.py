"""Where in timed words a moment of the track is: which line, which word, and when the next one is due. Pure."""

from __future__ import annotations

from bisect import bisect_right

from host.lyrics.lrc import Line, Sheet
from host.records import record

__all__ = ["BEFORE", "Spot", "spot_at"]

#: Before the first line.
BEFORE = -1


@record
class Spot:
    """``line`` counts from 0, ``BEFORE`` while none is due; ``word`` None where words have no times, or none is due.

    ``next_ms``: when the next line or word is due; None: none is left.
    """

    line: int
    word: int | None
    next_ms: int | None


def spot_at(sheet: Sheet, at_ms: float) -> Spot:
    """Of a sheet that is timed."""
    lines = sheet.lines
    line = bisect_right(lines, at_ms, key=_due) - 1
    next_ms = _due(lines[line + 1]) if line + 1 < len(lines) else None
    words = lines[line].words if line >= 0 else ()
    word = bisect_right(words, at_ms, key=lambda each: each.at_ms) - 1
    if word + 1 < len(words):
        word_ms = words[word + 1].at_ms
        next_ms = word_ms if next_ms is None else min(next_ms, word_ms)
    return Spot(line, word if word >= 0 else None, next_ms)


def _due(line: Line) -> int:
    return line.at_ms or 0
