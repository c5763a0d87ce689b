"""LRC, as it is found in the wild: lines with times, words with times, an offset, headers. Pure.

Whoever wrote it may be hostile: a text, a line and a number of lines have a most, and what is beyond is left out. A
stamp that no track is long enough for is none. Text without a single stamp is plain text, its lines without times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace

from host.records import record

__all__ = ["NO_SHEET", "Line", "Sheet", "Word", "parse_lrc"]

MAX_CHARS = 1 << 18
MAX_LINES = 5000
MAX_LINE_CHARS = 1000
MAX_STAMPS = 64
MAX_WORDS = 200
MAX_OFFSET_MS = 3_600_000

_NEWLINE = re.compile(r"\r\n|\r|\n")
_TIME = r"(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?"
_STAMP = re.compile(rf"\s*\[{_TIME}\]")
_WORD = re.compile(rf"<{_TIME}>")
_HEADER = re.compile(r"\s*\[([A-Za-z#][A-Za-z_]{0,15}):([^\]]*)\]\s*")
_OFFSET = re.compile(r"\s*([+-]?\d{1,9})\s*(?:ms)?\s*", re.IGNORECASE)


@record
class Word:
    """A part of a line that is sung from ``at_ms`` on."""

    at_ms: int
    text: str


@record
class Line:
    """``at_ms`` None: nobody said when. ``words``: none where only the line has a time. Not safe to print."""

    at_ms: int | None
    text: str
    words: tuple[Word, ...] = ()


@record
class Sheet:
    """The words of a track. ``timed``: every line has a time, and none is before the one above it.

    ``headers``: by lowercase name, such as ti and ar.
    """

    lines: tuple[Line, ...] = ()
    timed: bool = False
    headers: dict[str, str] = field(default_factory=dict)


NO_SHEET = Sheet()


@record
class _Stamped:
    """A line as it stands there, with all its times."""

    stamps_ms: tuple[int, ...]
    text: str


def parse_lrc(text: str) -> Sheet:
    """The lines of a text, in the order of their times; whatever the text is, something comes out."""
    headers: dict[str, str] = {}
    stamped: list[_Stamped] = []
    bare: list[Line] = []
    for raw in _NEWLINE.split(text[:MAX_CHARS].removeprefix("\ufeff")):
        row = raw[:MAX_LINE_CHARS]
        stamps_ms, rest = _stamps(row)
        header = None if stamps_ms else _HEADER.fullmatch(row)
        if stamps_ms:
            stamped.append(_Stamped(stamps_ms, rest))
        elif header is not None:
            headers.setdefault(header[1].lower(), header[2].strip())
        elif len(bare) < MAX_LINES:
            bare.append(Line(None, row.strip()))
    if not stamped:
        return Sheet(_trimmed(bare), timed=False, headers=headers)
    offset_ms = _offset(headers.get("offset", ""))
    timed = sorted(_lines(stamped, offset_ms), key=lambda line: line.at_ms or 0)
    return Sheet(tuple(timed), timed=True, headers=headers)


def _stamps(row: str) -> tuple[tuple[int, ...], str]:
    """The times at the begin of a line, and what is left of it."""
    found: list[int] = []
    at = 0
    while len(found) < MAX_STAMPS and (match := _STAMP.match(row, at)) is not None:
        found.append(_milliseconds(match))
        at = match.end()
    return tuple(found), row[at:].strip()


def _milliseconds(match: re.Match[str]) -> int:
    return (int(match[1]) * 60 + int(match[2])) * 1000 + int((match[3] or "0").ljust(3, "0"))


def _offset(text: str) -> int:
    """A positive one lets the words come earlier."""
    found = _OFFSET.fullmatch(text)
    offset_ms = int(found[1]) if found else 0
    return offset_ms if abs(offset_ms) <= MAX_OFFSET_MS else 0


def _lines(stamped: list[_Stamped], offset_ms: int) -> Iterator[Line]:
    """One for each stamp; the times of words are those of its first."""
    given = 0
    for each in stamped:
        first_ms = each.stamps_ms[0]
        text, words = _words(each.text, first_ms)
        for at_ms in each.stamps_ms:
            given += 1
            if given > MAX_LINES:
                return
            by_ms = at_ms - first_ms - offset_ms
            moved = tuple(replace(word, at_ms=max(0, word.at_ms + by_ms)) for word in words)
            yield Line(max(0, at_ms - offset_ms), text, moved)


def _words(text: str, line_ms: int) -> tuple[str, tuple[Word, ...]]:
    """The line without the times in it, and its words in order. A time that goes back is that of the word before."""
    marks = list(_WORD.finditer(text))[:MAX_WORDS]
    if not marks:
        return text, ()
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    parts = [(line_ms, text[: marks[0].start()])]
    parts += ((_milliseconds(mark), text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True))
    words: list[Word] = []
    for at_ms, part in parts:
        if part.strip():
            words.append(Word(max(at_ms, words[-1].at_ms if words else line_ms), part))
        elif words:
            words[-1] = replace(words[-1], text=words[-1].text + part)
    return "".join(part for _, part in parts).strip(), tuple(words)


def _trimmed(lines: list[Line]) -> tuple[Line, ...]:
    """Without empty lines at both ends."""
    first, last = 0, len(lines)
    while first < last and not lines[first].text:
        first += 1
    while last > first and not lines[last - 1].text:
        last -= 1
    return tuple(lines[first:last])
