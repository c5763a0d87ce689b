"""What each format lists, from whatever program it comes; and what is written is read again."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import MediaError, Usage
from host.playlists import Hints, Listed, locate, playlist_lines, read_playlist

M3U = Path("list.m3u")
CUE = Path("disc.cue")
XSPF = Path("list.xspf")
XSPF_HEAD = '<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>'
XSPF_TAIL = "</trackList></playlist>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_m3u_in_every_writing(encoding: str, end: str) -> None:
    lines = [
        "#EXTM3U",
        "#EXTINF:123,Ärtist - A Title - B",
        "sub/a.flac",
        "",
        '#EXTINF:-1 logo="x,y" group="g",Title only',
        "#EXTALB:Älbum",
        " C:\\Music\\ü.mp3 ",
        "# said by nobody",
        "#EXTART:A - B",
        "#EXTINF:5,A - B - C",
        "c d.ogg",
        "plain",
    ]
    assert read_playlist(M3U, end.join(lines).encode(encoding)) == [
        Listed("sub/a.flac", Hints("A Title - B", "Ärtist")),
        Listed("C:\\Music\\ü.mp3", Hints("Title only", "", "Älbum")),
        Listed("c d.ogg", Hints("C", "A - B")),
        Listed("plain"),
    ]


def test_a_name_keeps_what_other_code_pages_take_for_the_end_of_a_line() -> None:
    quoted = "\u201cquoted\u201d \u2026 \u2013.flac"
    assert read_playlist(M3U, quoted.encode("cp1252")) == [Listed(quoted)]
    assert read_playlist(M3U, "a\x0bb\u2028c.flac".encode()) == [Listed("a\x0bb\u2028c.flac")]


def test_pls_goes_by_its_numbers() -> None:
    text = "[playlist]\r\nfile2 = b.flac\r\nTitle2=P - B\r\nFile1=a=a.flac\r\nLength1=5\r\nFile10=c.flac\r\nFile=x\r\n"
    listed = read_playlist(Path("x.PLS"), text.encode())
    assert listed == [Listed("a=a.flac"), Listed("b.flac", Hints("B", "P")), Listed("c.flac")]


def test_xspf_decodes_references_and_takes_the_first_of_each() -> None:
    text = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{XSPF_HEAD}'
        "<track><location>sub/a%20%C3%BC.flac</location><location>b</location><title>T &amp; ü</title>"
        "<creator>C</creator><album>L</album><extension application='x'><title>no</title></extension></track>"
        f"<track><location> file:///x/%25.mp3 </location></track><track><title>nowhere</title></track>{XSPF_TAIL}"
    )
    assert read_playlist(XSPF, text.encode("latin-1")) == [
        Listed("sub/a ü.flac", Hints("T & ü", "C", "L")),
        Listed("file:///x/%25.mp3"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + XSPF_HEAD + "&b;" + XSPF_TAIL, "document type"),
        ('<!DOCTYPE p SYSTEM "file:///etc/passwd">' + XSPF_HEAD + XSPF_TAIL, "document type"),
        (XSPF_HEAD + "<x>" * 100 + "</x>" * 100 + XSPF_TAIL, "nested"),
        (XSPF_HEAD + "<track>", "no element found"),
        ("<html/>", "not a playlist in XSPF"),
        (XSPF_HEAD + XSPF_TAIL, "names no file"),
        ("", "no element found"),
    ],
)
def test_an_xspf_that_is_none_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        read_playlist(XSPF, text.encode())


def test_a_cue_sheet_of_one_file_is_cut_where_its_tracks_begin_and_loses_nothing() -> None:
    text = (
        'REM GENRE Rock\nREM REPLAYGAIN_TRACK_GAIN -3 dB\nPERFORMER "The \'P\'"\nTITLE "Disc"\nFILE "a b.flac" WAVE\n'
        '  TRACK 01 AUDIO\n    TITLE "One"\n    FLAGS DCP\n    INDEX 00 00:00:00\n    INDEX 01 00:00:32\n'
        '  TRACK 02 AUDIO\n    TITLE "Two"\n    PERFORMER "Q"\n    PREGAP 00:02:00\n    INDEX 01 75:59:74\n'
        "  TRACK 03 AUDIO\n    INDEX 00 76:00:00\n    INDEX 01 76:02:00\n    INDEX 02 76:03:00\n"
    )
    two, three = Fraction((75 * 60 + 59) * 75 + 74, 75), Fraction(76 * 60 + 2)
    assert read_playlist(CUE, text.encode("cp1252")) == [
        Listed("a b.flac", Hints("One", "The 'P'", "Disc"), Fraction(0), two),
        Listed("a b.flac", Hints("Two", "Q", "Disc"), two, three - two),
        Listed("a b.flac", Hints("", "The 'P'", "Disc"), three),
    ]


def test_a_cue_sheet_of_several_files_with_gaps_in_the_file_before() -> None:
    text = (
        "FILE 01 one.wav WAVE\rTRACK 01 AUDIO\rINDEX 01 00:00:00\rTRACK 02 AUDIO\rINDEX 00 03:00:00\r"
        'FILE "02.wav" WAVE\rINDEX 01 00:00:00\rTRACK 03 AUDIO\rINDEX 01 00:05:00\r'
        'FILE "data.bin" BINARY\rTRACK 04 MODE1/2352\rINDEX 01 00:00:00\rTRACK 05 AUDIO\rINDEX 01 01:00:00\r'
    )
    assert read_playlist(CUE, text.encode()) == [
        Listed("01 one.wav"),
        Listed("02.wav", length_s=Fraction(5)),
        Listed("02.wav", start_s=Fraction(5)),
        Listed("data.bin", start_s=Fraction(60)),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FILE a WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:75\n", "line 3: '01 00:00:75' cannot be understood"),
        ("FILE a WAVE\nTRACK 01 AUDIO\nINDEX 01 1:00\n", "line 3"),
        ("FILE a WAVE\nINDEX 01 00:00:00\n", "without a file and a track"),
        (
            "FILE a WAVE\nTRACK 1 AUDIO\nINDEX 1 0:0:0\nTRACK 2 AUDIO\nINDEX 1 0:8:0\nTRACK 3 AUDIO\nINDEX 1 0:7:0\n",
            "order",
        ),
        ("FILE a WAVE\nTRACK AUDIO\n", "line 2"),
        ("REM nothing\n", "names no file"),
    ],
)
def test_a_cue_sheet_that_is_none_says_where(text: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        read_playlist(CUE, text.encode())


@pytest.mark.parametrize("suffix", [".m3u", ".m3u8", ".pls", ".cue"])
@pytest.mark.parametrize(
    "data", [random.Random(1).randbytes(5000), bytes(range(1, 256)) * 4, "a.flac".encode("utf-16")]
)
def test_what_is_no_text_is_no_playlist(suffix: str, data: bytes) -> None:
    with pytest.raises(MediaError, match="not a playlist"):
        read_playlist(Path(f"list{suffix}"), data)


def test_an_old_code_page_is_text() -> None:
    assert len(read_playlist(M3U, "\u3042\u3044\u3046.flac\n".encode("shift-jis"))) == 1


@given(data=st.binary(max_size=300), suffix=st.sampled_from([".m3u", ".pls", ".cue", ".xspf"]))
def test_any_bytes_are_a_playlist_or_refused(data: bytes, suffix: str) -> None:
    try:
        assert read_playlist(Path(f"x{suffix}"), data)
    except MediaError as error:
        assert error.message


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=20).map(
    lambda text: " ".join(text.split())
)
TIMES = st.fractions(0, 10**6, max_denominator=44100)
NAMES = st.binary(max_size=20).map(lambda name: "/x" + name.replace(b"\0", b"").decode("utf-8", "surrogateescape"))


@given(
    tracks=st.lists(
        st.builds(Listed, NAMES, st.builds(Hints, TEXT, TEXT, TEXT), TIMES, TIMES | st.none()), min_size=1, max_size=5
    ),
    suffix=st.sampled_from([".m3u8", ".xspf"]),
)
def test_what_is_written_is_read_again(tracks: list[Listed], suffix: str) -> None:
    path = Path(f"/x{suffix}")
    back = read_playlist(path, b"".join(playlist_lines(path, tracks)))
    assert len(back) == len(tracks)
    for one, other in zip(tracks, back, strict=True):
        assert (one.start_s, one.length_s) == (other.start_s, other.length_s)
        assert locate(Path("/"), other.name)[0] == Path(one.name)
        if suffix == ".xspf":
            assert one.hints == other.hints


def test_only_what_can_hold_it_is_written() -> None:
    with pytest.raises(Usage, match=r"\.m3u8"):
        playlist_lines(Path("x.cue"), [])
