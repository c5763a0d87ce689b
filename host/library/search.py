"""Searches: a query against the database, nearest first, and what typing errors were forgiven.

Blocks, like the database it asks. Words are sought as they are and as begins of words; only when nothing has them,
words that look alike stand in. Of very many tracks found, the first some hundred are ranked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

from host.library.database import Database, Row
from host.library.found import FOUND_COLUMNS, Found, found_of
from host.library.matching import Closeness, index_expression, indexed, order_by, same, sought, where
from host.library.query import Query, Text, parse_query
from host.library.ranking import score
from host.library.track_rows import TEXT_COLUMNS
from host.library.words import MIN_SIMILAR_CHARS, similarity, trigrams_of
from host.records import record

__all__ = ["Answer", "Search"]

#: So many are ranked, or as many as are wanted if that is more.
CANDIDATES = 250
#: A word as unlike as that is another; and so many are tried for each.
MIN_SIMILARITY = 0.4
MAX_SIMILAR = 8
#: What is less like it than this part of the best is not meant.
MIN_OF_BEST = 0.7
_LOOKED_AT = 40
_MANY = 1000
_COLUMNS = ", ".join(f"tracks.{name}" for name in FOUND_COLUMNS)
_TEXTS = ", ".join(f"texts.{name}" for name in TEXT_COLUMNS)
_TIERS = (Closeness.IS, Closeness.BEGINS, Closeness.WHOLE, Closeness.PREFIX)


@record
class Answer:
    """Tracks, the best first. ``more``: there are others. ``instead``: words that nothing has, and which stood in."""

    tracks: tuple[Found, ...]
    more: bool
    instead: Mapping[str, tuple[str, ...]]


class Search:
    """Answers queries out of one database."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def find(self, text: str, limit: int | None = None) -> Answer:
        """Tracks that a query is for; ``limit`` holds unless the query has its own, None: all.

        Raises:
            Usage: the query makes no sense. And as ``Database.rows``.
        """
        query = parse_query(text, self._clock())
        most = query.limit if query.limit is not None else limit
        wanted = sought(query)
        if not wanted:
            return self._answer(self._sorted(query, None, most), most, {})
        similar: dict[str, dict[str, float]] = {}
        found = self._by_words(query, most, wanted, similar)
        if not found and self._stand_ins(wanted, similar):
            found = self._by_words(query, most, wanted, similar)
        used = {word: tuple(others) for word, others in similar.items() if others} if found else {}
        return self._answer(found, most, used)

    def _answer(self, rows: Sequence[Row], most: int | None, instead: Mapping[str, tuple[str, ...]]) -> Answer:
        shown = rows if most is None else rows[:most]
        return Answer(tuple(map(found_of, shown)), len(shown) < len(rows), instead)

    def _by_words(
        self, query: Query, most: int | None, wanted: Sequence[Text], similar: Mapping[str, Mapping[str, float]]
    ) -> Sequence[Row]:
        instead = {word: tuple(others) for word, others in similar.items()}
        nearest = Closeness.SIMILAR if similar else Closeness.PREFIX
        if query.sort or all(len(each.columns) < _FREE_COLUMNS for each in wanted):
            return self._sorted(query, index_expression(query, nearest, instead), most)
        return self._ranked(query, most, wanted, similar, (nearest,) if similar else _TIERS)

    def _sorted(self, query: Query, expression: str | None, most: int | None) -> Sequence[Row]:
        """Few are found first and then sorted; with many it is quicker to go through all in their order, and look."""
        condition = where(query)
        order = order_by(query.sort)
        texts = "tracks.id IN (SELECT rowid FROM texts WHERE texts MATCH ?) AND "
        matches, values = ("", condition.values) if expression is None else (texts, (expression, *condition.values))
        ids = self._database.rows(f"SELECT id FROM tracks WHERE {matches}{condition.sql} LIMIT ?", (*values, _MANY))
        shown = -1 if most is None else most + 1
        if len(ids) < _MANY:
            listed = json.dumps([track_id for (track_id,) in ids])
            matches, sql, values = "id IN (SELECT value FROM json_each(?))", "", (listed,)
        else:
            matches, sql = f"+{matches}" if matches and most is not None else matches, condition.sql
        return self._database.rows(
            f"SELECT {_COLUMNS} FROM tracks WHERE {matches}{sql} ORDER BY {order} LIMIT ?", (*values, shown)
        )

    def _ranked(
        self,
        query: Query,
        most: int | None,
        wanted: Sequence[Text],
        similar: Mapping[str, Mapping[str, float]],
        tiers: Sequence[Closeness],
    ) -> Sequence[Row]:
        bound = None if most is None else max(CANDIDATES, most + 1)
        instead = {word: tuple(others) for word, others in similar.items()}
        candidates: dict[object, tuple[float, str]] = {}
        for tier in tiers:
            rows = self._tier(query, tier, instead, bound)
            for track_id, place, *texts in rows:
                if track_id not in candidates:
                    candidates[track_id] = (
                        -round(score([str(text) for text in texts], wanted, similar), 2),
                        str(place),
                    )
            if bound is not None and len(candidates) >= bound:
                break
        best = sorted(candidates, key=candidates.__getitem__)
        return self._full(best if most is None else best[: most + 1])

    def _tier(
        self, query: Query, tier: Closeness, instead: Mapping[str, Sequence[str]], bound: int | None
    ) -> Sequence[Row]:
        """Tracks that near, with their texts; the first of them if they are too many."""
        if tier is Closeness.IS:
            asked, tables = same(query), "tracks CROSS JOIN texts"
        else:
            asked, tables = indexed(query, tier, instead), "texts CROSS JOIN tracks"
        if asked is None:
            return ()
        return self._database.rows(
            f"SELECT tracks.id, tracks.place, {_TEXTS} FROM {tables} ON tracks.id = texts.rowid "
            f"WHERE {asked.sql} LIMIT ?",
            (*asked.values, -1 if bound is None else bound),
        )

    def _full(self, ids: Sequence[object]) -> Sequence[Row]:
        rows = []
        for track_id in ids:
            assert isinstance(track_id, int)
            rows += self._database.rows(f"SELECT {_COLUMNS} FROM tracks WHERE id = ?", (track_id,))
        return rows

    def _stand_ins(self, wanted: Sequence[Text], similar: dict[str, dict[str, float]]) -> bool:
        """Words that look like those that are sought; False when there are none."""
        for term in wanted:
            word = term.words[0]
            if len(term.words) == 1 and not term.exact and len(word) >= MIN_SIMILAR_CHARS:
                similar[word] = self._similar(word)
        return any(similar.values())

    def _similar(self, word: str) -> dict[str, float]:
        mine = trigrams_of(word)
        expression = " OR ".join('"' + trigram.replace('"', '""') + '"' for trigram in sorted(mine))
        rows = self._database.rows(
            "SELECT words.word FROM trigrams JOIN words ON words.id = trigrams.rowid "
            "WHERE trigrams MATCH ? ORDER BY rank LIMIT ?",
            (expression, _LOOKED_AT),
        )
        shares: dict[str, float] = {}
        for (other,) in rows:
            name = str(other)
            if name == word:
                continue
            share = max(similarity(mine, trigrams_of(name)), len(word) / len(name) if word in name else 0.0)
            if share >= MIN_SIMILARITY:
                shares[name] = share
        enough = MIN_OF_BEST * max(shares.values(), default=0.0)
        best = sorted((name for name in shares if shares[name] >= enough), key=lambda name: (-shares[name], name))
        return {name: shares[name] for name in best[:MAX_SIMILAR]}


_FREE_COLUMNS = 5
