"""Tags: what a decoder tells becomes texts and numbers, or nothing."""

from __future__ import annotations

import pytest

from host.jsontext import Json
from host.media.tags import MAX_TEXT, NO_TAGS, Loudness, Tags, read_tags


def test_what_a_decoder_tells() -> None:
    told: dict[str, Json] = {
        "title": "One",
        "ARTIST": " Two ",
        "Album": "Three",
        "album_artist": "Four",
        "track": "3/12",
        "date": "1999",
        "genre": "Five",
        "replaygain_track_gain": "-6.30 dB",
        "replaygain_track_peak": "0.987",
        "REPLAYGAIN_ALBUM_GAIN": "+2,5",
        "replaygain_album_peak": "1.25e0",
        "disc": "1 of 2",
        "composer": "Six",
        "compilation": "1",
        "lyrics": "\n first\r\nsecond\tline\x1b \n\nlast\n",
        "comment": "not looked at",
    }
    track, album = Loudness(-6.3, 0.987), Loudness(2.5, 1.25)
    lyrics = "first\nsecond line\\x1b\n\nlast"
    expected = Tags("One", "Two", "Three", "Four", 3, "1999", "Five", track, album, 12, 1, 2, "Six", True, lyrics)
    assert read_tags(told) == expected


def test_the_first_of_names_that_differ_in_case_counts() -> None:
    assert read_tags({"Title": "a", "title": "b"}).title == "a"


def test_gains_by_r128_go_to_another_loudness_and_come_second() -> None:
    told: dict[str, Json] = {"r128_track_gain": "-512", "r128_album_gain": "256", "replaygain_album_gain": "-1 dB"}
    tags = read_tags(told)
    assert (tags.track, tags.whole_album) == (Loudness(-2.0 + 5.0), Loudness(-1.0))


@pytest.mark.parametrize(
    "gain",
    ["", "loud", "nan", "inf dB", "1e3", "--1 dB", "61 dB", "-64.82 dB", "1 dB 2 dB", "9" * 500, None, [], {}, True],
)
def test_what_is_no_gain_is_none(gain: Json) -> None:
    assert read_tags({"replaygain_track_gain": gain}) == NO_TAGS


@pytest.mark.parametrize("peak", ["", "0", "0.0", "-1", "nan", "1e99", "101", "x", None, [1], False])
def test_what_is_no_peak_is_none(peak: Json) -> None:
    assert read_tags({"replaygain_track_peak": peak}) == NO_TAGS


@pytest.mark.parametrize("track", ["", "three", "-1", "3.5", "99999", [3]])
def test_what_is_no_track_number_is_none(track: Json) -> None:
    assert read_tags({"track": track}).track_number is None


def test_numbers_pass_for_their_text() -> None:
    tags = read_tags({"track": 7, "date": 1999, "replaygain_track_gain": -3.5})
    assert (tags.track_number, tags.date, tags.track.gain_db) == (7, "1999", -3.5)


@pytest.mark.parametrize("value", [None, True, ["a"], {"b": 1}])
def test_what_is_no_text_is_empty(value: Json) -> None:
    assert read_tags({"title": value, "artist": value}) == NO_TAGS


def test_texts_are_cut_and_made_printable() -> None:
    assert read_tags({"title": "a\x1b[2J\u202eb\n"}).title == "a\\x1b[2J\\u202eb"
    assert read_tags({"title": "\ud800"}).title == "\\ud800"
    assert read_tags({"title": "x" * 100_000}).title == "x" * MAX_TEXT
    assert read_tags({"lyrics": "x\n" * 100_000}).lyrics == ("x\n" * 50_000).strip()
