"""LRC: what people write, and what nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.lyrics.cursor import BEFORE, Spot, spot_at
from host.lyrics.lrc import MAX_CHARS, MAX_LINE_CHARS, MAX_LINES, MAX_OFFSET_MS, Line, Word, parse_lrc


def timed(text: str) -> list[tuple[int | None, str]]:
    sheet = parse_lrc(text)
    assert sheet.timed
    return [(line.at_ms, line.text) for line in sheet.lines]


def test_lines_in_the_order_of_their_times() -> None:
    assert timed("[00:10.5]b\r\n[ti: Song ]\n[00:01.25]a\n\n[00:12.345] c \rloose\n") == [
        (1250, "a"),
        (10_500, "b"),
        (12_345, "c"),
    ]


def test_a_line_that_comes_back() -> None:
    assert timed("[00:01.00][1:02.03] [00:30]again\n[00:02]once") == [
        (1000, "again"),
        (2000, "once"),
        (30_000, "again"),
        (62_030, "again"),
    ]


@pytest.mark.parametrize(
    ("stamp", "at_ms"),
    [("[00:01]", 1000), ("[0:1.5]", 1500), ("[00:01:50]", 1500), ("[100:00.00]", 6_000_000), ("[00:00.007]", 7)],
)
def test_forms_of_a_stamp(stamp: str, at_ms: int) -> None:
    assert timed(f"{stamp}x") == [(at_ms, "x")]


@pytest.mark.parametrize(
    "text",
    ["[1000000000000:00.00]x", "[00:1000]x", "[-1:00]x", "[00:01.0000]x", "[:01]x", "[00:]x", "[a:b]", "(00:1)x", "[]"],
)
def test_what_is_no_stamp(text: str) -> None:
    assert not parse_lrc(text).timed


def test_an_offset_lets_the_words_come_earlier_and_never_before_the_begin() -> None:
    assert timed("[offset:+500]\n[00:00.20]a\n[00:01.00]b") == [(0, "a"), (500, "b")]
    assert timed("[00:01.00]b\n[offset: -500 ms]") == [(1500, "b")]
    for wrong in (f"{MAX_OFFSET_MS + 1}", "1.5", "x", "", "9" * 9):
        assert timed(f"[offset:{wrong}]\n[00:01.00]b") == [(1000, "b")]


def test_headers() -> None:
    sheet = parse_lrc("[ar:Artist]\n[TI:Title]\n[ti:second]\n[length: 03:00]\n[00:01]x")
    assert sheet.headers == {"ar": "Artist", "ti": "Title", "length": "03:00"}


def test_words_with_times() -> None:
    (line,) = parse_lrc("[00:10.00]Oh <00:10.50>say <00:11.00> can<00:11.20> <00:12.00>you <00:13.00>").lines
    assert line == Line(
        10_000,
        "Oh say  can you",
        (Word(10_000, "Oh "), Word(10_500, "say "), Word(11_000, " can "), Word(12_000, "you ")),
    )
    assert "".join(word.text for word in line.words).strip() == line.text


def test_words_of_a_line_that_comes_back_come_back_with_it() -> None:
    first, second = parse_lrc("[offset:100]\n[00:10.00][01:00.00]<00:10.00>a <00:11.00>b").lines
    assert first.words == (Word(9900, "a "), Word(10_900, "b"))
    assert second.words == (Word(59_900, "a "), Word(60_900, "b"))


def test_times_of_words_that_go_back_are_those_of_the_word_before() -> None:
    (line,) = parse_lrc("[00:10.00]<00:12.00>a <00:01.00>b <00:11.00>c").lines
    assert [word.at_ms for word in line.words] == [12_000, 12_000, 12_000]


def test_text_without_times() -> None:
    sheet = parse_lrc("\ufeff\n\n[ar: who]\nfirst\n\n second \n\n\n")
    assert (sheet.timed, [line.text for line in sheet.lines]) == (False, ["first", "", "second"])
    assert {line.at_ms for line in sheet.lines} == {None}
    assert parse_lrc("") == parse_lrc("\n\n")


def test_what_is_too_much_is_left_out() -> None:
    assert len(parse_lrc("[00:01]x\n" * (2 * MAX_LINES)).lines) == MAX_LINES
    assert len(parse_lrc("x\n" * (2 * MAX_LINES)).lines) == MAX_LINES
    assert len(parse_lrc("[00:01]" * 1_000_000).lines) <= 64
    (line,) = parse_lrc("[00:01]" + "x" * (1 << 20)).lines
    assert len(line.text) < MAX_LINE_CHARS
    assert len(parse_lrc("<00:01.00>" * 100_000).lines) == 1
    (line,) = parse_lrc("[00:01]" + "<00:01.00>w" * 100_000).lines
    assert len(line.words) <= 200
    assert not parse_lrc("x" * MAX_CHARS + "\n[00:01]y").timed


@given(st.text(alphabet="[]<>:.0123456789ab \n\r\x00\x1b\ufeff", max_size=300))
def test_whatever_it_is_something_comes_out(text: str) -> None:
    sheet = parse_lrc(text)
    times = [line.at_ms for line in sheet.lines]
    if sheet.timed:
        assert times == sorted(time for time in times if time is not None)
        for line in sheet.lines:
            within = [word.at_ms for word in line.words]
            assert within == sorted(within)
            spot = spot_at(sheet, line.at_ms or 0)
            assert sheet.lines[spot.line].at_ms == line.at_ms
    else:
        assert set(times) <= {None}


def test_where_a_moment_is() -> None:
    sheet = parse_lrc("[00:01.00]a\n[00:02.00]<00:02.50>b <00:03.00>c\n[00:04.00]d")
    assert spot_at(sheet, 0) == Spot(BEFORE, None, 1000)
    assert spot_at(sheet, 999.9) == Spot(BEFORE, None, 1000)
    assert spot_at(sheet, 1000) == Spot(0, None, 2000)
    assert spot_at(sheet, 2000) == Spot(1, None, 2500)
    assert spot_at(sheet, 2500) == Spot(1, 0, 3000)
    assert spot_at(sheet, 3999.9) == Spot(1, 1, 4000)
    assert spot_at(sheet, 1e9) == Spot(2, None, None)
