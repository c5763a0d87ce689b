"""Queries taken apart: what each part means, and that nothing typed leads anywhere but to an answer or a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import Usage
from host.library.measures import parse_amount, parse_range
from host.library.query import FIELDS, FREE, Between, Flag, Literal, Query, SortKey, Text, parse_query

NOW_S = 1_800_000_000.0
DAY_S = 86_400


def terms(text: str) -> tuple[object, ...]:
    return parse_query(text, NOW_S).terms


def test_words_are_folded_and_stand_for_themselves() -> None:
    assert terms("Beyoncé AC/DC ﬁn") == (Text(FREE, ("beyonce",)), Text(FREE, ("ac", "dc")), Text(FREE, ("fin",)))
    assert terms("東京 事変") == (Text(FREE, ("東", "京")), Text(FREE, ("事", "変")))
    assert terms("  ") == ()


def test_quotes_hold_words_together() -> None:
    assert terms('"abbey road" x') == (Text(FREE, ("abbey", "road"), exact=True), Text(FREE, ("x",)))
    assert terms('artist:"the who"') == (Text(("artist", "album_artist"), ("the", "who"), exact=True),)
    assert terms('"foo:bar"') == (Text(FREE, ("foo", "bar"), exact=True),)


def test_what_makes_no_word_is_sought_as_it_is() -> None:
    assert terms("!!!") == (Literal(FREE, "!!!"),)
    assert terms('artist:"" -album:""') == (
        Literal(("artist", "album_artist"), "", negated=True),
        Literal(("album",), ""),
    )


def test_a_dash_before_a_term_negates_it() -> None:
    assert terms("-genre:pop") == (Text(("genre",), ("pop",), negated=True),)
    assert terms("-live") == (Text(FREE, ("live",), negated=True),)
    assert terms("a - b") == (Text(FREE, ("a",)), Literal(FREE, "-"), Text(FREE, ("b",)))
    assert terms("liked:no") == (Flag("liked", "", negated=True),)
    assert terms("-liked:no") == (Flag("liked", ""),)


@pytest.mark.parametrize(
    ("text", "column", "low", "high"),
    [
        ("year:1994", "year", 1994, 1994),
        ("year:1990..1999", "year", 1990, 1999),
        ("year:1990..", "year", 1990, None),
        ("year:..1999", "year", None, 1999),
        ("duration:>5m", "duration_ms", 301_000, None),
        ("duration:<=4:03", "duration_ms", None, 243_999),
        ("duration:1h30m", "duration_ms", 5_400_000, 5_400_999),
        ("duration:3:30..4:00", "duration_ms", 210_000, 240_999),
        ("rate:>=88200", "rate_hz", 88_200, None),
        ("rate:44.1k", "rate_hz", 44_100, 44_100),
        ("bits:24", "bits", 24, 24),
        ("size:>10M", "size_bytes", 10 * 1024**2 + 1, None),
        ("added:<7d", "added_s", NOW_S - 7 * DAY_S + 1, None),
        ("added:7d", "added_s", NOW_S - 7 * DAY_S, None),
        ("added:>1y", "added_s", None, NOW_S - 365 * DAY_S - 1),
        ("added:1d..2d", "added_s", NOW_S - 2 * DAY_S, NOW_S - DAY_S),
        ("added:2026-11-28", "added_s", 1_795_824_000, 1_795_910_399),
        ("added:2026-11..", "added_s", 1_793_491_200, None),
        ("added:..2025", "added_s", None, 1_767_225_599),
    ],
)
def test_ranges(text: str, column: str, low: float | None, high: float | None) -> None:
    assert terms(text) == (Between(column, None if low is None else int(low), None if high is None else int(high)),)


def test_order_and_number() -> None:
    assert parse_query("x sort:year,-title sort:random limit:20", NOW_S) == Query(
        (Text(FREE, ("x",)),), (SortKey("year", False), SortKey("title", True), SortKey("random", False)), 20
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("foo:bar", "foo:bar: no field 'foo' is known; known are title, artist"),
        ("year:abc", "year:abc: 'abc' is no number"),
        ("year:1999..1990", "1999 lies behind 1990"),
        ("year:", "year:: what year should it have"),
        ("duration:5x", "'5x' is no duration"),
        ("added:2026-13", "month must be in 1..12"),
        ("added:9999-12-31", "'9999-12-31' is too late"),
        ("artist:\udcff", "bytes that are not UTF-8"),
        ("added:>5", "'5' is no day"),
        ("added:1d..2026", "'2026' is no age"),
        ("size:99999999999999999999", "is no size"),
        ("rate:999999999999999k", "is too large"),
        ("liked:maybe", "'maybe' is neither yes nor no"),
        ("sort:foo", "nothing is sorted by 'foo'"),
        ("limit:0", "'0' is no number from 1 to"),
        ("limit:٣", "is no number"),
        ('say "abc', 'the quote "abc is not closed'),
        ("x " * 100, "the query has 100 terms"),
        ("x" * 3000, "the query has 3000 characters"),
    ],
)
def test_what_makes_no_sense_is_named(text: str, told: str) -> None:
    with pytest.raises(Usage) as caught:
        parse_query(text, NOW_S)
    assert told in str(caught.value)
    assert caught.value.remedy


@given(st.text(max_size=80))
def test_any_text_is_a_query_or_a_line_of_what_is_wrong(text: str) -> None:
    try:
        query = parse_query(text, NOW_S)
    except Usage as error:
        assert error.remedy
        assert "\n" not in error.remedy
    else:
        for term in query.terms:
            if isinstance(term, Text):
                assert term.words
                assert not any(set(' "') & set(word) for word in term.words)


@given(st.sampled_from(FIELDS), st.text(max_size=30), st.booleans(), st.booleans())
def test_any_value_of_any_field_is_one_too(field: str, value: str, negated: bool, quoted: bool) -> None:
    text = f"{'-' if negated else ''}{field}:{chr(34) if quoted else ''}{value}{chr(34) if quoted else ''}"
    try:
        parse_query(text, NOW_S)
    except Usage as error:
        assert error.remedy


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_range_holds_what_lies_between_its_ends(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert parse_range(f"{low}..{high}", parse_amount) == (low, high)
    assert parse_range(f">{low}", parse_amount) == (low + 1, None)
    assert parse_range(f"<{low}", parse_amount) == (None, low - 1)
