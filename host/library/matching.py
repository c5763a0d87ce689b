"""A query as SQL with parameters, and as expressions of the full-text index: pure.

Nothing a user typed stands in SQL, and in an index expression only words of letters and digits in quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import assert_never

from host.library.database import Value
from host.library.query import FREE, Between, Flag, Literal, Query, SortKey, Term, Text
from host.library.track_rows import PART
from host.records import record

__all__ = ["Closeness", "Where", "index_expression", "indexed", "order_by", "same", "sought", "where"]

#: Of the columns whose begin is looked at first.
_HEADS = "{title artist album}"
_TRUE = "1"


class Closeness(Enum):
    """How near a text must be to what was typed. IS: it is that and no more, which the index cannot tell."""

    IS = auto()
    BEGINS = auto()
    WHOLE = auto()
    PREFIX = auto()
    SIMILAR = auto()


@record
class Where:
    """A condition on ``tracks`` and the values of its parameters."""

    sql: str
    values: tuple[Value, ...]


def sought(query: Query) -> list[Text]:
    """The words that must be there."""
    return [each for each in query.terms if isinstance(each, Text) and not each.negated]


def indexed(query: Query, closeness: Closeness, instead: Mapping[str, Sequence[str]]) -> Where | None:
    """Tracks that near, as a condition on ``texts`` and ``tracks``; None when there is nothing of that closeness."""
    expression = index_expression(query, closeness, instead)
    if expression is None:
        return None
    rest = where(query)
    return Where(f"texts MATCH ? AND {rest.sql}", (expression, *rest.values))


def same(query: Query) -> Where | None:
    """Tracks whose whole title, artist or album the words are; None when they are sought elsewhere.

    The condition is one on ``tracks`` alone, in ranges of its indices; the unwanted words are in it.
    """
    wanted = sought(query)
    if not wanted or any(each.columns != FREE for each in wanted):
        return None
    name = " ".join(word for each in wanted for word in each.words)
    within = (f"{name}{PART}", f"{name}{chr(ord(PART) + 1)}")
    rest = where(replace(query, terms=tuple(each for each in query.terms if each not in wanted)), texts=False)
    sql = (
        "tracks.id IN (SELECT id FROM tracks WHERE title_key = ? "
        "UNION ALL SELECT id FROM tracks WHERE place >= ? AND place < ? "
        "UNION ALL SELECT id FROM tracks WHERE album_key >= ? AND album_key < ?)"
    )
    return Where(f"{sql} AND {rest.sql}", (name, *within, *within, *rest.values))


def index_expression(
    query: Query, closeness: Closeness, instead: Mapping[str, Sequence[str]] | None = None
) -> str | None:
    """What the index is asked; None when it has nothing to say at that closeness.

    ``instead``: for a word, others that are as good.
    """
    wanted = sought(query)
    unwanted = [
        _column_set(each) + _phrase(each.words) for each in query.terms if isinstance(each, Text) and each.negated
    ]
    if not wanted:
        return None
    assert closeness is not Closeness.IS
    if closeness is Closeness.BEGINS:
        if any(each.columns != wanted[0].columns for each in wanted) or len(wanted[0].columns) < len(_HEADS.split()):
            return None
        words = tuple(word for each in wanted for word in each.words)
        parts = [f"{_HEADS} : ^ {_phrase(words)}"]
    else:
        parts = [_column_set(each) + _near(each, closeness, instead or {}) for each in wanted]
    found = " AND ".join(f"({part})" for part in parts)
    return f"({found}) NOT ({' OR '.join(f'({part})' for part in unwanted)})" if unwanted else found


def _column_set(each: Text) -> str:
    return f"{{{' '.join(each.columns)}}} : "


def _near(each: Text, closeness: Closeness, instead: Mapping[str, Sequence[str]]) -> str:
    phrase = _phrase(each.words)
    if each.exact or closeness is Closeness.WHOLE:
        return phrase
    others = instead.get(each.words[0], ()) if len(each.words) == 1 else ()
    return f"({' OR '.join([f'{phrase} *', *map(_quoted, others)])})" if others else f"{phrase} *"


def _phrase(words: Sequence[str]) -> str:
    return _quoted(" ".join(words))


def _quoted(words: str) -> str:
    """Words are of letters and digits (host.library.words): no quote can be in one, and if, it is doubled."""
    doubled = words.replace('"', '""')
    return f'"{doubled}"'


def where(query: Query, *, texts: bool | None = None) -> Where:
    """The condition of all terms that the index is not asked for.

    ``texts``: whether it is asked for words; as a rule when some are sought, and then for all, the unwanted, too.
    """
    texts = bool(sought(query)) if texts is None else texts
    parts: list[str] = []
    values: list[Value] = []
    for term in query.terms:
        made = _condition(term, texts)
        if made is None:
            continue
        parts.append(f"NOT ({made.sql})" if term.negated else made.sql)
        values += made.values
    return Where(" AND ".join(parts) or _TRUE, tuple(values))


def _condition(term: Term, texts: bool) -> Where | None:
    """None: the index is asked for it."""
    match term:
        case Text():
            if texts:
                return None
            expression = _column_set(term) + _phrase(term.words)
            return Where("tracks.id IN (SELECT rowid FROM texts WHERE texts MATCH ?)", (expression,))
        case Literal(columns, text):
            return _literal(columns, text)
        case Between(column, low, high):
            return _between(column, low, high)
        case Flag(name, value):
            return _FLAGS[name](value)
        case _:
            assert_never(term)


def _literal(columns: Sequence[str], text: str) -> Where:
    names = {"file": "path", "folder": "path"}
    held = dict.fromkeys(f"CAST(tracks.{names.get(column, column)} AS TEXT)" for column in columns)
    if not text:
        return Where(f"({' OR '.join(f'{column} <> ?' for column in held)})", ("",) * len(held))
    return Where(f"({' OR '.join(f'instr({column}, ?) > 0' for column in held)})", (text,) * len(held))


def _between(column: str, low: int | None, high: int | None) -> Where:
    name = f"tracks.{column}"
    limits: list[tuple[str, Value]] = []
    if low is not None:
        limits.append((f"{name} >= ?", low))
    if high is not None:
        limits.append((f"{name} <= ?", high))
    known = f"{name} IS NOT NULL"  # so that NOT of it is true or false, and a track without a year is not of no year
    return Where(f"({' AND '.join([known, *(sql for sql, _ in limits)])})", tuple(value for _, value in limits))


_IN_PLAYLIST = "tracks.path IN (SELECT entries.path FROM entries JOIN playlists ON playlists.id = playlist WHERE {})"
_FLAGS: dict[str, Callable[[str], Where]] = {
    "liked": lambda _: Where(_IN_PLAYLIST.format("playlists.id = 1"), ()),
    "cover": lambda _: Where("tracks.cover IS NOT NULL", ()),
    "lyrics": lambda _: Where("tracks.has_lyrics", ()),
    "format": lambda value: Where("tracks.container = ?", (value,)),
    "playlist": lambda value: Where(_IN_PLAYLIST.format("playlists.name = ?"), (value,)),
}


def order_by(keys: Sequence[SortKey]) -> str:
    """What follows ORDER BY; albums in order unless something else is wanted."""
    parts = []
    for key in keys:
        if key.column == "random":
            parts.append("random()")
            continue
        nocase = " COLLATE NOCASE" if key.column in ("title", "artist", "genre") else ""
        parts.append(f"tracks.{key.column}{nocase}{' DESC' if key.falling else ''}")
    return ", ".join([*parts, "tracks.place"])
