"""What people type to find music, taken apart: words, ``field:value``, ranges, negation, order. Pure.

    beetles "abbey road" artist:foo -genre:pop year:1990..1999 duration:>5m rate:>=88200 sort:year,-title limit:20

Words are searched in all texts of a track; what is in quotes stands together. It knows no SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from host.errors import Usage
from host.library.measures import parse_age, parse_amount, parse_day, parse_duration, parse_range, parse_size
from host.library.words import words_of
from host.records import record

__all__ = ["FIELDS", "FREE", "Between", "Flag", "Literal", "Query", "SortKey", "Term", "Text", "parse_query"]

MAX_CHARS = 2000
MAX_TERMS = 64
MAX_LIMIT = 1_000_000

#: The texts in which words without a field are searched.
FREE = ("title", "artist", "album", "album_artist", "composer", "genre", "file")
_TEXTS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "artist": ("artist", "album_artist"),
    "album": ("album",),
    "albumartist": ("album_artist",),
    "composer": ("composer",),
    "genre": ("genre",),
    "file": ("file",),
    "path": ("file", "folder"),
}
_NUMBERS: dict[str, tuple[str, Callable[[str], tuple[int, int]]]] = {
    "year": ("year", parse_amount),
    "track": ("track", parse_amount),
    "disc": ("disc", parse_amount),
    "rate": ("rate_hz", parse_amount),
    "bits": ("bits", parse_amount),
    "channels": ("channels", parse_amount),
    "duration": ("duration_ms", parse_duration),
    "size": ("size_bytes", parse_size),
}
_FLAGS = ("liked", "cover", "lyrics")
_WORDS = ("format", "playlist")
_SORTS = {
    "title": "title",
    "artist": "artist",
    "album": "place",
    "genre": "genre",
    "year": "year",
    "date": "date",
    "duration": "duration_ms",
    "rate": "rate_hz",
    "bits": "bits",
    "size": "size_bytes",
    "added": "added_s",
    "track": "track",
    "path": "path",
    "random": "random",
}
#: All that may stand before a colon.
FIELDS = (*_TEXTS, *_NUMBERS, "added", *_FLAGS, *_WORDS, "sort", "limit")

_EXAMPLES = {
    "year": "year:1990..1999",
    "track": "track:1",
    "disc": "disc:2",
    "rate": "rate:>=88.2k",
    "bits": "bits:24",
    "channels": "channels:>2",
    "duration": "duration:>5m, duration:3:30..4:00",
    "size": "size:>100M",
    "added": "added:<7d, added:2026-01..",
    "liked": "liked:yes",
    "cover": "cover:no",
    "lyrics": "lyrics:yes",
    "format": "format:flac",
    "playlist": "playlist:NAME",
}

_NAMED = re.compile(r"([A-Za-z_]+):")
_AGES = re.compile(r"\d\s*[A-Za-z]")


@record
class Text:
    """Words that stand together, in one of some texts. ``exact``: quoted, so each is whole and none is another."""

    columns: tuple[str, ...]
    words: tuple[str, ...]
    exact: bool = False
    negated: bool = False


@record
class Literal:
    """Characters that make no word, as they are; empty: that one of the texts is there at all (negated: is not)."""

    columns: tuple[str, ...]
    text: str
    negated: bool = False


@record
class Between:
    """A number that is at least and at most so much; None: without a limit. What has no number is outside."""

    column: str
    low: int | None
    high: int | None
    negated: bool = False


@record
class Flag:
    """``name``: liked, cover, lyrics, or of a word: format, playlist with the ``value``."""

    name: str
    value: str
    negated: bool = False


Term: TypeAlias = Text | Literal | Between | Flag


@record
class SortKey:
    """A column to sort by, or ``random``."""

    column: str
    falling: bool


@record
class Query:
    """All terms must hold. ``limit`` None: not asked for."""

    terms: tuple[Term, ...]
    sort: tuple[SortKey, ...] = ()
    limit: int | None = None


def parse_query(text: str, now_s: float) -> Query:
    """The query that a text is. ``now_s``: seconds since 1970, for ages.

    Raises:
        Usage: something in it makes no sense; the message names it and what is known.
    """
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Usage("the query holds bytes that are not UTF-8", remedy="search other words, or name the file itself")
    if len(text) > MAX_CHARS:
        raise Usage(f"the query has {len(text)} characters", remedy=f"at most {MAX_CHARS}")
    terms: list[Term] = []
    sort: tuple[SortKey, ...] = ()
    limit: int | None = None
    for word, negated, field, value, quoted in _parts(text):
        match field:
            case "":
                terms += _free(value, quoted, negated)
            case "sort":
                sort += _sort(word, value)
            case "limit":
                limit = _limit(word, value)
            case _:
                terms.append(_term(word, field, value, quoted, negated, now_s))
    if len(terms) > MAX_TERMS:
        raise Usage(f"the query has {len(terms)} terms", remedy=f"at most {MAX_TERMS}")
    return Query(tuple(terms), sort, limit)


def _parts(text: str) -> Iterator[tuple[str, bool, str, str, bool]]:
    """Of each part: as typed, whether negated, its field, its value, whether that was quoted."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        begin = at
        negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
        at += negated
        field = ""
        if named := _NAMED.match(text, at):
            field, at = named[1].lower(), named.end()
        quoted = text[at : at + 1] == '"'
        if quoted:
            end = text.find('"', at + 1)
            if end < 0:
                raise Usage(f"the quote {text[at:][:40]} is not closed", remedy='end it with another "')
            value, at = text[at + 1 : end], end + 1
        else:
            end = next((place for place in range(at, len(text)) if text[place].isspace()), len(text))
            value, at = text[at:end], end
        word = text[begin:at]
        if field and field not in FIELDS:
            raise Usage(
                f"{word}: no field {field!r} is known; known are {', '.join(FIELDS)}",
                remedy=f'if it is no field: "{word}" in quotes',
            )
        yield word, negated, field, value, quoted


def _free(value: str, quoted: bool, negated: bool) -> list[Term]:
    words = tuple(words_of(value))
    if not words:
        return [Literal(FREE, value, negated)] if value.strip() else []
    return [Text(FREE, words, quoted, negated)]


def _term(word: str, field: str, value: str, quoted: bool, negated: bool, now_s: float) -> Term:
    if columns := _TEXTS.get(field):
        words = tuple(words_of(value))
        if words:
            return Text(columns, words, quoted, negated)
        # artist:"" is what has no artist.
        return Literal(columns, value.strip(), negated if value.strip() else not negated)
    if not value.strip():
        raise Usage(f"{word}: what {field} should it have?", remedy=f"as in {_EXAMPLES[field]}")
    if field in _FLAGS:
        if value.lower() not in ("yes", "no"):
            raise Usage(f"{word}: {value!r} is neither yes nor no", remedy=f"as in {_EXAMPLES[field]}")
        return Flag(field, "", negated != (value.lower() == "no"))
    if field in _WORDS:
        return Flag(field, value.strip() if field == "playlist" else value.strip().lower(), negated)
    try:
        low, high = _added(value, now_s) if field == "added" else parse_range(value, _NUMBERS[field][1])
    except ValueError as error:
        raise Usage(f"{word}: {error}", remedy=f"as in {_EXAMPLES[field]}") from error
    return Between("added_s" if field == "added" else _NUMBERS[field][0], low, high, negated)


def _added(value: str, now_s: float) -> tuple[int | None, int | None]:
    """Ages count back from now, so that the least age is the latest moment; days are meant as they are."""
    if not _AGES.search(value):
        return parse_range(value, parse_day)
    youngest, oldest = parse_range(value, parse_age)
    if youngest is not None and youngest == oldest:
        youngest = None  # added:7d: not longer ago than that
    return (
        None if oldest is None else int(now_s) - oldest,
        None if youngest is None else int(now_s) - youngest,
    )


def _sort(word: str, value: str) -> tuple[SortKey, ...]:
    keys = []
    for name in value.lower().split(","):
        column = _SORTS.get(name.lstrip("-"))
        if column is None:
            raise Usage(f"{word}: nothing is sorted by {name!r}", remedy=f"known are {', '.join(_SORTS)}")
        keys.append(SortKey(column, name.startswith("-")))
    return tuple(keys)


def _limit(word: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 9 and 0 < int(value) <= MAX_LIMIT):
        raise Usage(f"{word}: {value!r} is no number from 1 to {MAX_LIMIT}", remedy="as in limit:20")
    return int(value)
