"""Names of what sources hold: each can be written, read again, shown, and none is taken for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.where import SourceTrack, about, extension_of, label_of, local_files, scheme_of, short_name, source_track

OBJECTS = st.sampled_from(["", "{}", '{"id":"a/b","n":[1,"&=?%#"]}'])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(name=NAMES, source=st.sampled_from(["folder", "a.b:c-d_e"]), item=OBJECTS, config=OBJECTS)
def test_a_track_of_a_source_comes_back_from_its_uri(name: str, source: str, item: str, config: str) -> None:
    track = SourceTrack(name, source, item, config)
    assert track.uri.isascii() and track.uri.isprintable()
    assert source_track(track.uri) == track


def test_a_url_is_taken_as_it_stands() -> None:
    track = source_track("HTTPS://me:secret@radio.example/a%20b.mp3?x=/y#z")
    assert (track.uri, track.source) == ("HTTPS://me:secret@radio.example/a%20b.mp3?x=/y#z", "")
    assert label_of(track) == str(track) == "HTTPS://radio.example/a%20b.mp3?x=/y#z"
    assert (scheme_of(track.uri), track.file_name, short_name(track)) == ("https", "a b.mp3", "a b.mp3")


@pytest.mark.parametrize(("uri", "name"), [("http://host", "http://host"), ("http://host/", "http://host/")])
def test_a_url_without_a_path_is_called_as_a_whole(uri: str, name: str) -> None:
    assert short_name(source_track(uri)) == name


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "music.flac",
        "/music/http://x",
        "source:folder:a",
        "source://",
        "source://Folder/a",
        "source://folder/a?what=1",
        "source://folder/a?item=1",
        "source://folder/a?item={",
        "source://folder/%ff",
        "http://a\nb",
        "http://" + "a" * 16_384,
    ],
)
def test_what_is_no_such_name_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        source_track(uri)


def test_files_are_told_from_tracks() -> None:
    places = (Path("/a"), SourceTrack("http://b"), Path("c"))
    assert local_files(places) == (Path("/a"), Path("c"))
    assert (label_of(places[0]), short_name(places[0])) == ("/a", "a")


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.FLAC", "flac"),
        ("/x.y/a", ""),
        ("/x/.flac", ""),
        ("a.tar.gz", "gz"),
        ("a.", ""),
        ("", ""),
        ("dir.d/b.ogg", "ogg"),
    ],
)
def test_extensions(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize(
    ("where", "message", "line"),
    [
        (SourceTrack("http://me:key@a/b?c=d"), "p: open: http://a/b: no", "http://a/b?c=d: 1 s: p: open: no"),
        (SourceTrack("http://a/b"), "p: open: http://a/bc: no", "http://a/b: 1 s: p: open: http://a/bc: no"),
        (SourceTrack("a/b", "folder"), "p: open: none", "source://folder/a/b: 1 s: p: open: none"),
        (Path("/a"), "/a: damaged", "/a: 1 s: /a: damaged"),
    ],
)
def test_what_is_said_of_it_names_it_once(where: SourceTrack | Path, message: str, line: str) -> None:
    assert about(where, message, "1 s: ") == line
