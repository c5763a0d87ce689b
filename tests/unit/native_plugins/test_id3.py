"""ID3v2 as it is found: every version, encoding and oddity, and what is wrong in it costs what is wrong alone."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.support.direct_decoder import DirectDecoder
from tests.support.id3 import frame, safe, tag, text, wav_with
from tests.support.tagged_song import JPEG, PNG

TITLE = {"title": "T"}


def told(folder: Path, held: bytes) -> dict[str, object]:
    with DirectDecoder("wav", wav_with(folder / "a.wav", held)) as decoder:
        return decoder.tags()


def unsynchronised(data: bytes) -> bytes:
    """A zero behind each 0xFF, as a writer adds them."""
    return data.replace(b"\xff", b"\xff\0")


T2, T3, T4 = (text(version, name, "T", 0) for version, name in ((2, "TT2"), (3, "TIT2"), (4, "TIT2")))
APIC = b"\0image/png\0\x03\0" + JPEG

READ = {
    "2.2": (tag(2, T2, text(2, "TYE", "1999", 0), text(2, "TRK", "3/9", 0)), {**TITLE, "date": "1999", "track": "3/9"}),
    "2.3, UTF-16 of both orders": (
        tag(3, T3, text(3, "TPE1", "Ä音🎸", 1), frame(3, "TALB", b"\1\xfe\xff" + "Ä音🎸".encode("utf-16-be"))),
        {**TITLE, "artist": "Ä音🎸", "album": "Ä音🎸"},
    ),
    "UTF-16 without a mark": (
        tag(3, frame(3, "TALB", b"\1" + "Ä音".encode("utf-16-le")), text(4, "TPE1", "Ä音", 2)),
        {"album": "Ä音", "artist": "Ä音"},
    ),
    "day and year apart": (tag(3, text(3, "TDAT", "3112", 0), text(3, "TYER", "1999", 0)), {"date": "1999-12-31"}),
    "a whole date as year": (tag(3, text(3, "TYER", "1999-12-31", 0)), {"date": "1999-12-31"}),
    "several values": (tag(4, text(4, "TPE1", "A\0B\0\0C", 3)), {"artist": "A; B; C"}),
    "several values in UTF-16": (tag(3, frame(3, "TPE1", b"\1" + "A\0".encode("utf-16") + "B".encode("utf-16"))),
                                 {"artist": "A; B"}),
    "genres": (tag(4, text(4, "TCON", "17\x00(18)\0Own\0(20)Hard\0(51)(39)\0((19)\0RX\0(999)", 3)),
               {"genre": "Rock; Techno; Own; Hard; Techno-Industrial; Noise; (19); Remix; (999)"}),
    "a part of a set and all": (tag(3, text(3, "TPOS", "1/2", 0), text(3, "TCMP", "1", 0)),
                                {"disc": "1/2", "compilation": "1"}),
    "lyrics, the first that hold any": (
        tag(4, frame(4, "USLT", b"\3engd\0"), frame(4, "USLT", b"\3engd\0one\ntwo"), frame(4, "USLT", b"\3xxx\0no")),
        {"lyrics": "one\ntwo"},
    ),
    "gains in any case": (
        tag(3, frame(3, "TXXX", b"\0replaygain_TRACK_gain\0-6.30 dB"), frame(3, "TXXX", b"\0other\0x")),
        {"replaygain_track_gain": "-6.30 dB"},
    ),
    "an extended header of 2.3": (tag(3, struct.pack(">IHI", 6, 0, 0), T3, flags=0x40), TITLE),
    "an extended header of 2.4": (tag(4, safe(6) + b"\1\0", T4, flags=0x40), TITLE),
    "zeros left out of the whole": (
        tag(3, unsynchronised(frame(3, "TALB", b"\1\xff\xfe\xff\0") + frame(3, "TXXX", b"\0\xff") + T3), flags=0x80),
        {**TITLE, "album": "ÿ"},
    ),
    "zeros left out of a frame": (
        tag(4, frame(4, "TALB", unsynchronised(b"\1\xff\xfe\xff\0"), flags=0x02), T4), {**TITLE, "album": "ÿ"},
    ),
    "a length before the data": (tag(4, frame(4, "TIT2", safe(2) + b"\3T", flags=0x01)), TITLE),
    "a group before the data": (tag(4, frame(4, "TIT2", b"\7\3T", flags=0x40)), TITLE),
    "plain sizes in 2.4": (
        tag(4, frame(4, "COMM", b"\3eng\0" + b"x" * 300, size=struct.pack(">I", 305)), T4), TITLE,
    ),
    "padding": (tag(4, T4, bytes(300)), TITLE),
    "two in a frame of the first": (tag(4, frame(4, "PRIV", tag(4, text(4, "TIT2", "inner"))), T4), TITLE),
}  # fmt: skip

WRONG = {
    "nothing": (b"", {}),
    "half a head": (b"ID3\4", {}),
    "a version of tomorrow": (tag(5, T4), {}),
    "sizes that are none": (b"ID3\4\0\0\xff\xff\xff\xff" + T4, {}),
    "an empty frame": (tag(4, frame(4, "TALB", b""), T4), TITLE),
    "an empty text": (tag(4, frame(4, "TALB", b"\3"), T4), TITLE),
    "an encoding that is none": (tag(4, frame(4, "TALB", b"\x09abc"), T4), {**TITLE, "album": "abc"}),
    "a frame longer than its tag": (tag(4, T4, frame(4, "TALB", b"\3abc", size=safe(5000))), TITLE),
    "a tag longer than its chunk": (tag(4, T4, size=(1 << 28) - 1), TITLE),
    "a frame of 4 GiB": (tag(3, T3, frame(3, "TALB", b"\0abc", size=b"\xff" * 4)), TITLE),
    "half a pair": (tag(3, frame(3, "TALB", b"\1\xff\xfeA\0\x00\xd8B\0\x00\xdc")), {"album": "A\ufffdB\ufffd"}),
    "half a unit": (tag(3, frame(3, "TALB", b"\1\xff\xfeA\0B")), {"album": "A"}),
    "broken UTF-8": (tag(4, frame(4, "TALB", b"\3A\xc0\x80\xed\xa0\x80B")), {"album": "A" + "\ufffd" * 5 + "B"}),
    "packed and locked frames": (tag(4, frame(4, "TALB", b"\3x", 0x08), frame(4, "TPE1", b"\3x", 0x04), T4), TITLE),
    "an extended header that is too long": (tag(4, safe(9000), T4, flags=0x40), {}),
    "a description without end": (tag(4, frame(4, "TXXX", b"\3replaygain_track_gain"), frame(4, "USLT", b"\3eng")), {}),
    "a picture without end of its description": (tag(4, frame(4, "APIC", b"\0image/png\0\3" + b"x" * 9000), T4), TITLE),
    "a picture that is a link": (tag(4, frame(4, "APIC", b"\0-->\0\3\0http://example.org/cover.jpg"), T4), TITLE),
    "a picture of nothing": (tag(4, frame(4, "APIC", b"\0image/png\0\3\0"), T4), TITLE),
}  # fmt: skip


@pytest.mark.parametrize("case", [*READ, *WRONG])
def test_what_is_read_of_it(tmp_path: Path, case: str) -> None:
    held, expected = {**READ, **WRONG}[case]
    assert told(tmp_path, held) == expected


def test_the_front_cover_is_told_by_its_place(tmp_path: Path) -> None:
    back = frame(3, "APIC", b"\1image/png\0\x04\xff\xfeb\0\0\0" + PNG)
    held = tag(3, T3, back, frame(3, "APIC", APIC), frame(3, "APIC", b"\0image/png\0\x03\0" + PNG))
    path = wav_with(tmp_path / "a.wav", held)
    with DirectDecoder("wav", path) as decoder:
        cover = decoder.tags()["cover"]
    assert cover == {"mime": "image/jpeg", "offset": path.read_bytes().index(JPEG), "bytes": len(JPEG)}


@pytest.mark.parametrize("version", [3, 4])
def test_a_picture_with_zeros_left_out_is_told_whole(tmp_path: Path, version: int) -> None:
    body = unsynchronised(APIC)
    if version == 3:
        held = tag(3, unsynchronised(frame(3, "APIC", APIC)) + T3, flags=0x80)
    else:
        held = tag(4, frame(4, "APIC", body, flags=0x02), T4)
    with DirectDecoder("wav", wav_with(tmp_path / "a.wav", held)) as decoder:
        assert decoder.tags()["title"] == "T"
        assert decoder.cover() == JPEG


def test_a_tag_that_is_cut_off_anywhere_gives_what_comes_before(tmp_path: Path) -> None:
    held = tag(4, T4, text(4, "TALB", "Ä音🎸"), frame(4, "APIC", APIC), frame(4, "USLT", b"\3eng\0words"))
    for length in range(0, len(held), 7):
        found = told(tmp_path, held[:length])
        found.pop("cover", None)
        assert found.items() <= {**TITLE, "album": "Ä音🎸", "lyrics": "words"}.items()
        assert ("title" in found) == (length >= 10 + len(T4)), length


def test_texts_are_cut_at_a_character_and_pictures_at_a_size(tmp_path: Path) -> None:
    long = frame(4, "TIT2", b"\3" + "ä".encode() * 100_000)
    lyrics = frame(4, "USLT", b"\3eng\0" + b"la\n" * 200_000)
    found = told(tmp_path, tag(4, long, lyrics))
    assert found["title"] == "ä" * (32 << 10)
    assert found["lyrics"] == ("la\n" * 200_000)[: 256 << 10]
    exact = APIC + bytes((12 << 20) - len(JPEG))
    assert told(tmp_path, tag(4, frame(4, "APIC", exact)))["cover"]["bytes"] == 12 << 20  # type: ignore[index]
    assert told(tmp_path, tag(4, frame(4, "APIC", exact + b"\0"), T4)) == TITLE
