"""Searches over a small library: what is meant comes first, typing errors are forgiven, nothing typed is SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host.errors import Usage
from host.library import Playlists, Search, Store
from host.media import Tags
from tests.unit.host.library.store_filled import track

NOW_S = 1_800_000_000.0
SONGS = [
    ("Come Together", "The Beatles", "Abbey Road", 1969, "Rock", 1),
    ("Something", "The Beatles", "Abbey Road", 1969, "Rock", 2),
    ("Abbey Road Blues", "Somebody", "Blues Night", 1999, "Blues", 1),
    ("Roads", "Portishead", "Dummy", 1994, "Trip Hop", 7),
    ("The Road to Hell", "Chris Rea", "The Road to Hell", 1989, "Pop Rock", 2),
    ("Thunderstruck", "AC/DC", "The Razors Edge", 1990, "Hard Rock", 1),
    ("Halo", "Beyoncé", "I Am… Sasha Fierce", 2008, "Pop", 3),
    ("群青日和", "東京事変", "教育", 2004, "J-Pop", 1),
    ("Me and Giuliani", "!!!", "Louden Up Now", 2004, "Dance", 9),
    ("Road", "Nick Drake", "Pink Moon", 1972, "Folk", 3),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "library.db") as made:
        yield filled(made)


def filled(store: Store) -> Store:
    tracks = [
        track(
            f"/music/{artist.replace('/', '_')}/{number:02}.flac",
            Tags(title=title, artist=artist, album=album, date=str(year), genre=genre, track_number=number),
        )
        for title, artist, album, year, genre, number in SONGS
    ]
    tracks[3] = replace(tracks[3], container="mp3", duration_ms=305_000, rate_hz=96_000)
    store.put([*tracks, track("/music/loose/untagged nirvana bootleg.ogg", Tags())])
    return store


def titles(store: Store, query: str, limit: int | None = None) -> list[str]:
    answer = Search(store.database, lambda: NOW_S).find(query, limit)
    return [each.title or each.path.stem for each in answer.tracks]


def test_what_is_meant_comes_first(store: Store) -> None:
    assert titles(store, "road")[0] == "Road"
    assert titles(store, "abbey road") == ["Come Together", "Something", "Abbey Road Blues"]
    assert titles(store, "the beatles") == ["Come Together", "Something"]
    assert set(titles(store, "road")) == {
        "Road",
        "Roads",
        "The Road to Hell",
        "Abbey Road Blues",
        "Come Together",
        "Something",
    }
    assert titles(store, "road")[-1] == "Roads"  # only the begin of another word


def test_words_are_found_by_their_begin_whatever_their_case_and_accents(store: Store) -> None:
    assert titles(store, "beat some") == ["Something"]
    assert titles(store, "BEYONCE") == ["Halo"]
    assert titles(store, "ac/dc") == titles(store, "acdc ") or titles(store, "ac/dc") == ["Thunderstruck"]
    assert titles(store, "bootleg") == ["untagged nirvana bootleg"]


def test_scripts_without_blanks_are_found_by_any_part(store: Store) -> None:
    assert titles(store, "事変") == ["群青日和"]
    assert titles(store, "青日") == ["群青日和"]
    assert titles(store, "日青") == []


@pytest.mark.parametrize(
    ("typed", "meant", "first"),
    [
        ("portished", "portishead", "Roads"),
        ("thunderstrcuk", "thunderstruck", "Thunderstruck"),
        ("beetles", "beatles", "Come Together"),
        ("nivrana", "nirvana", "untagged nirvana bootleg"),
        ("shead", "portishead", "Roads"),
        ("artist:beyonse", "beyonce", "Halo"),
    ],
)
def test_typing_errors_are_forgiven_and_told(store: Store, typed: str, meant: str, first: str) -> None:
    answer = Search(store.database).find(typed)
    assert (answer.tracks[0].title or answer.tracks[0].path.stem) == first
    assert meant in answer.instead[typed.rpartition(":")[2]]


def test_words_that_are_there_have_no_stand_ins(store: Store) -> None:
    assert Search(store.database).find("road").instead == {}
    assert Search(store.database).find("xyzzyqqq").tracks == ()
    assert Search(store.database).find("xyzzyqqq").instead == {}
    assert titles(store, '"portished"') == []  # quotes forgive nothing


def test_fields_ranges_and_negation(store: Store) -> None:
    assert titles(store, "artist:beatles something") == ["Something"]
    assert titles(store, "year:1989..1994 sort:year") == ["The Road to Hell", "Thunderstruck", "Roads"]
    assert titles(store, "year:>2000 -genre:pop") == ["Me and Giuliani"]
    assert titles(store, "-year:..2007 year:..2100") == ["Halo"]
    assert titles(store, "-year:..2100") == ["untagged nirvana bootleg"]  # it has no year
    assert titles(store, "duration:>5m") == titles(store, "rate:>=88.2k") == titles(store, "format:mp3") == ["Roads"]
    assert titles(store, 'artist:""') == ["untagged nirvana bootleg"]
    assert titles(store, "path:loose") == ["untagged nirvana bootleg"]
    assert titles(store, "loose") == []  # folders are sought only where that is asked for
    assert titles(store, "!!!") == ["Me and Giuliani"]
    assert titles(store, "road -abbey -drake") == ["The Road to Hell", "Roads"]


def test_playlists_and_likes_are_fields(store: Store) -> None:
    lists = Playlists(store.database)
    lists.create("Quiet Night")
    lists.add("Quiet Night", [Path("/music/Nick Drake/03.flac"), Path("/elsewhere.flac")])
    lists.like([Path("/music/Portishead/07.flac")])
    assert titles(store, 'playlist:"quiet night"') == ["Road"]
    assert titles(store, "liked:yes") == ["Roads"]
    assert len(titles(store, "liked:no")) == len(SONGS)
    assert titles(store, "-playlist:nothing liked:yes") == ["Roads"]


def test_order_and_number(store: Store) -> None:
    assert titles(store, "genre:rock sort:-year") == ["Thunderstruck", "The Road to Hell", "Come Together", "Something"]
    assert titles(store, "sort:title limit:2 year:1900..") == ["Abbey Road Blues", "Come Together"]
    answer = Search(store.database).find("road", 2)
    assert (len(answer.tracks), answer.more) == (2, True)
    assert not Search(store.database).find("road", 6).more
    assert len(titles(store, "")) == len(SONGS) + 1
    assert sorted(titles(store, "sort:random")) == sorted(titles(store, ""))


def test_with_very_many_the_order_is_the_same(store: Store) -> None:
    store.put(
        track(f"/many/{number:05}.flac", Tags(title=f"piece {number}", artist="Many", date=str(1500 + number % 500)))
        for number in range(2500)
    )
    years = [each.year for each in Search(store.database).find("piece sort:year", 10).tracks]
    assert years == [1500] * 5 + [1501] * 5
    assert len(Search(store.database).find("piece").tracks) == 2500
    assert titles(store, "artist:many -title:piece") == []
    assert titles(store, "title:piece file:02499", 5) == ["piece 2499"]
    found = Search(store.database).find("year:1500..1999 artist:many", 3)
    assert ([each.title for each in found.tracks], found.more) == (["piece 0", "piece 1", "piece 2"], True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    '"',
                    "'",
                    "*",
                    "^",
                    "NEAR(",
                    "AND",
                    "OR",
                    "NOT",
                    "{title}",
                    "title:",
                    "-",
                    "artist:",
                    "x*",
                    "--",
                    ";",
                    "%",
                    "_",
                    ")",
                ]
            ),
            st.text('abé東 :"*^-(){}+.', max_size=12),
        ),
        max_size=5,
    )
)
def test_whatever_is_typed_is_answered_or_refused_in_a_line(store: Store, parts: list[str]) -> None:
    try:
        answer = Search(store.database).find(" ".join(parts), 5)
    except Usage as error:
        assert error.remedy
    else:
        assert len(answer.tracks) <= 5


def test_words_that_nothing_has_any_more_stand_in_for_none(store: Store) -> None:
    assert store.tidy() == 0
    store.remove([Path("/music/Portishead")])
    assert titles(store, "portished") == []
    assert store.database.count("SELECT count(*) FROM words WHERE word = 'portishead'") == 1
    gone = store.tidy()
    assert gone > 3
    assert store.database.count("SELECT count(*) FROM words WHERE word = 'portishead'") == 0
    store.put([track("/music/again.flac", Tags(title="Portishead"))])
    assert titles(store, "portished") == ["Portishead"]
    assert titles(store, "beetles") == ["Come Together", "Something"]


def test_what_is_exactly_that_comes_first_among_very_many(store: Store) -> None:
    tracks = [
        track(f"/love/{number:04}.flac", Tags(title=f"Love song {number}", artist=f"Queens {number}", album="Lovely"))
        for number in range(600)
    ]
    last = [
        track("/love/x.flac", Tags(title="Löve", artist="Zed", album="Last")),
        track("/love/y.flac", Tags(title="Zoo", artist="Queens", album="Last")),
        track("/love/z.flac", Tags(title="Zebra", artist="Zed", album="Queens", genre="Pop")),
    ]
    store.put([*tracks, *last])
    assert titles(store, "love", 3)[0] == "Löve"
    assert titles(store, "queens", 3)[:2] == ["Zoo", "Zebra"]
    assert titles(store, "queens -genre:pop", 3)[0] == "Zoo"
    assert "Zebra" not in titles(store, "queens -genre:pop")
