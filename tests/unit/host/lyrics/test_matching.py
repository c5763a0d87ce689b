"""Which candidate is the song, and under which name a song is remembered."""

from __future__ import annotations

import pytest

from host.jsontext import Json, JsonObject
from host.lyrics.matching import GOOD_ENOUGH, ranked, read_candidate
from host.lyrics.song import Song, normal

SONG = Song(title="Déjà Vu (feat. Someone)", artist="The Band", album="First", duration_ms=200_000)


def score(**told: Json) -> float:
    raw: JsonObject = {"title": "deja vu", "artist": "THE BAND", "album": "First", "duration_ms": 200_900}
    return read_candidate("x", raw | told, SONG).score


def test_spellings_of_a_name() -> None:
    assert normal("Déjà  Vu (feat. Someone)") == normal("deja vu [ft Somebody]") == "deja vu"
    assert normal("A.B.C.") == "a b c"
    assert normal("東京 \uff12") == "東京 2"
    assert normal("") == normal("...") == ""
    assert len(normal("x" * 10_000)) == 300


def test_the_song_itself_fits() -> None:
    assert score() == 1.0
    assert score(artist=None, album=None, duration_ms=None) == 1.0


@pytest.mark.parametrize(
    "told",
    [
        {"title": "Another Song"},
        {"duration_ms": 260_000},
        {"title": "Deja Vu", "artist": "Nobody at All", "duration_ms": 212_000},
    ],
)
def test_another_song_does_not(told: JsonObject) -> None:
    assert score(**told) < GOOD_ENOUGH


def test_what_is_nearly_so_fits_less() -> None:
    assert GOOD_ENOUGH < score(title="Deja Vu - Live") < score(album="Best of") < 1.0
    assert score(duration_ms=208_000) < score(duration_ms=203_000) < 1.0


@pytest.mark.parametrize("wrong", [True, "200", None, -1, 0, 1e300, [], {}])
def test_a_duration_that_is_none_does_not_count(wrong: Json) -> None:
    assert score(duration_ms=wrong) == 1.0


def test_who_tells_no_title_was_found_by_the_file() -> None:
    raws: tuple[JsonObject, ...] = ({"id": 1}, {"title": ""}, {"title": 7, "artist": "x"})
    for raw in raws:
        found = read_candidate("x", raw, SONG)
        assert found.of_file
        assert found.score == 1.0


def test_best_first_and_timed_before_plain() -> None:
    raws: list[JsonObject] = [
        {"n": 1, "title": "deja", "timed": True},
        {"n": 2, "title": "deja vu", "timed": False},
        {"n": 3, "title": "deja vu", "timed": True},
        {"n": 4, "title": "deja vu"},
    ]
    assert [each.raw["n"] for each in ranked(read_candidate("x", raw, SONG) for raw in raws)] == [3, 4, 2, 1]


def test_the_name_under_which_it_is_remembered() -> None:
    other = Song(title="DEJA VU", artist="the band!", album="FIRST", duration_ms=200_400, path="/elsewhere")
    assert other.key == SONG.key
    assert Song(title="Deja vu", artist="The Band", album="First", duration_ms=210_000).key != SONG.key
    assert Song(path="/a/b.flac", title="...").key == "file /a/b.flac"
    assert Song().key == ""
