"""What MP3, Vorbis and Opus files hold beside one stream of sound: tags, gains, pictures, other streams, junk."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import DecoderFlag, StatusCode
from tests.support.direct_decoder import DirectDecoder
from tests.support.direct_instance import Refused
from tests.support.encoded import ENCODINGS
from tests.support.scripted_io import ScriptedIo

PICTURE = b"\xff\xd8\xff\xe0 no more than this of a picture"
BY_NAME = {each.name: each for each in ENCODINGS}


def text_frame(name: bytes, *texts: str) -> bytes:
    """A field of ID3v2.4 in UTF-8; several values are separated by zeros."""
    body = b"\x03" + "\0".join(texts).encode()
    return id3_frame(name, body)


def id3_frame(name: bytes, body: bytes) -> bytes:
    return name + size_of(body) + b"\0\0" + body


def size_of(body: bytes) -> bytes:
    """Seven bits a byte."""
    return bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))


def id3_tag(*frames: bytes) -> bytes:
    body = b"".join(frames)
    return b"ID3\x04\0\0" + size_of(body) + body


def test_id3_of_both_kinds_and_the_gain_of_lame(tmp_path: Path) -> None:
    encoding = BY_NAME["mp3_variable"]
    path, frames = encoding.make(tmp_path, 2)
    music = path.read_bytes()
    with DirectDecoder("mpg123", path) as bare:
        assert bare.tags().keys() == {"replaygain_track_gain"}
        assert bare.tags()["replaygain_track_gain"].endswith(" dB")
        straight = bare.rest()
    tag = id3_tag(
        text_frame(b"TIT2", "Tïtle"),
        text_frame(b"TPE1", "One", "Two"),
        text_frame(b"TPE2", "All"),
        text_frame(b"TRCK", "3/12"),
        text_frame(b"TDRC", "1999-05"),
        text_frame(b"TCON", "17"),
        text_frame(b"TXXX", "replaygain_track_gain", "-6.30 dB"),
        text_frame(b"TXXX", "REPLAYGAIN_ALBUM_PEAK", "0.987"),
        id3_frame(b"APIC", b"\0image/jpeg\0\x04\0" + b"the back"),
        id3_frame(b"APIC", b"\0image/jpeg\0\x03\0" + PICTURE),
    )
    old = struct.pack("<3s30s30s30s4s28sBBB", b"TAG", b"Old", b"Old", b"Alb\xfcm", b"1998", b"", 0, 9, 8)
    path.write_bytes(tag + music + old)
    with DirectDecoder("mpg123", path) as made:
        assert made.tags() == {
            "title": "Tïtle",
            "artist": "One; Two",
            "album": "Albüm",
            "album_artist": "All",
            "track": "3/12",
            "date": "1999-05",
            "genre": "Rock",
            "replaygain_track_gain": "-6.30 dB",
            "replaygain_album_peak": "0.987",
            "cover": {"mime": "image/jpeg", "offset": (tag + music).index(PICTURE), "bytes": len(PICTURE)},
        }
        assert made.info.total_frames == frames
        assert np.array_equal(made.rest(), straight)


@pytest.mark.parametrize("name", ["vorbis", "opus"])
def test_comments_and_the_picture(name: str, tmp_path: Path) -> None:
    encoding = BY_NAME[name]
    lengths = (struct.pack(">I", len(text)) + text for text in (b"image/jpeg", b""))
    block = struct.pack(">I", 3) + b"".join(lengths) + bytes(16) + struct.pack(">I", len(PICTURE)) + PICTURE
    comments = {
        "TITLE": "Tïtle",
        "artist": "One",
        "ARTIST": "Two",
        "REPLAYGAIN_ALBUM_GAIN": "-3.00 dB",
        "R128_TRACK_GAIN": "-512",
        "METADATA_BLOCK_PICTURE": base64.b64encode(block).decode(),
    }
    option = "-c" if name == "vorbis" else "--comment"
    more = tuple(part for field, value in comments.items() for part in (option, f"{field}={value}"))
    path, _ = encoding.make(tmp_path, 1, more)
    with DirectDecoder(encoding.type_id, path) as made:
        assert made.tags() == {
            "title": "Tïtle",
            "artist": "One; Two",
            "replaygain_album_gain": "-3.00 dB",
            "r128_track_gain": "-512",
            "cover": {"mime": "image/jpeg", "base64": base64.b64encode(PICTURE).decode()},
        }


@pytest.mark.parametrize("name", ["vorbis", "opus"])
def test_a_chained_file_is_one_line(name: str, tmp_path: Path) -> None:
    encoding = BY_NAME[name]
    parts = [encoding.make(tmp_path, seconds, name=f"part{seconds}") for seconds in (2, 3)]
    expected = []
    for path, _ in parts:
        with DirectDecoder(encoding.type_id, path) as made:
            expected.append(made.rest())
    chain = tmp_path / f"chain.{encoding.suffix}"
    chain.write_bytes(b"".join(path.read_bytes() for path, _ in parts))
    straight = np.concatenate(expected)
    with DirectDecoder(encoding.type_id, chain) as made:
        assert made.info.total_frames == len(straight) == sum(frames for _, frames in parts)
        assert np.array_equal(made.rest(), straight)
        for frame in (len(expected[0]) - 100, len(expected[0]), len(straight) - 5000):
            made.seek(frame)
            assert np.array_equal(made.take(2000), straight[frame : frame + 2000])


@pytest.mark.parametrize(("name", "other"), [("vorbis", "vorbis_mono"), ("opus", "opus_six")])
def test_a_change_of_format_is_said(name: str, other: str, tmp_path: Path) -> None:
    encoding = BY_NAME[name]
    path, frames = encoding.make(tmp_path, 2)
    odd, _ = BY_NAME[other].make(tmp_path, 1, name="odd")
    path.write_bytes(path.read_bytes() + odd.read_bytes())
    with DirectDecoder(encoding.type_id, path) as made:
        assert made.info.total_frames == frames
        assert len(made.take(frames)) == frames
        with pytest.raises(Refused, match=f"the format changes at frame {frames}") as refused:
            made.rest()
    assert refused.value.code is StatusCode.DECODE


def test_mp3_files_that_were_joined_are_played_to_the_end(tmp_path: Path) -> None:
    """The header of the first claims less than there is."""
    encoding = BY_NAME["mp3_constant"]
    one, frames = encoding.make(tmp_path, 2)
    two, more = encoding.make(tmp_path, 3, name="two")
    with DirectDecoder("mpg123", one) as made:
        first = made.rest()
    one.write_bytes(one.read_bytes() + id3_tag(text_frame(b"TIT2", "second")) + two.read_bytes())
    with DirectDecoder("mpg123", one) as made:
        assert made.info.total_frames > frames + more
        heard = made.rest()
        assert len(heard) == made.info.total_frames
        assert np.array_equal(heard[: frames - 2000], first[: frames - 2000])


def test_junk_before_mp3_is_passed_over(tmp_path: Path) -> None:
    encoding = BY_NAME["mp3_variable"]
    path, frames = encoding.make(tmp_path, 2)
    with DirectDecoder("mpg123", path) as made:
        straight = made.rest()
    huge = b"ID3\x04\0\0" + bytes((0x7F, 0, 0, 0))
    with path.open("rb") as stream:
        music = stream.read()
    path.write_bytes(bytes(30_000) + music)
    with DirectDecoder("mpg123", path) as made:
        assert np.array_equal(made.rest(), straight)
    with path.open("wb") as stream:
        stream.write(huge)
        stream.seek(10 + (0x7F << 21))
        stream.write(music)
    with DirectDecoder("mpg123", path) as made:
        assert made.info.total_frames == frames
        assert DecoderFlag.SEEKABLE in made.info.flags
        assert np.array_equal(made.take(10_000), straight[:10_000])


def constant_rate(folder: Path, *more: str) -> tuple[Path, bytes]:
    """An MP3 of constant rate without any header that counts its blocks."""
    path, _ = BY_NAME["mp3_constant"].make(folder, 20, ("-t", *more))
    return path, path.read_bytes()


@pytest.mark.parametrize("more", [("-b", "128"), ("-b", "320"), ("-b", "96", "-m", "m")], ids=["128", "320", "mono"])
def test_blocks_of_a_constant_rate_are_counted_by_a_few_looks(tmp_path: Path, more: tuple[str, ...]) -> None:
    path, music = constant_rate(tmp_path, *more)
    io = ScriptedIo(music)
    with DirectDecoder("mpg123", path, io.pair) as made:
        assert io.read_bytes < 150_000 < len(music)
        assert len(made.rest()) == made.info.total_frames


@pytest.mark.parametrize("spoil", ["joined", "cut", "junk", "tail", "tag"])
def test_what_only_looks_like_a_constant_rate_is_counted_block_by_block(tmp_path: Path, spoil: str) -> None:
    path, music = constant_rate(tmp_path)
    other = BY_NAME["mp3_no_header"].make(tmp_path, 5, name="other")[0].read_bytes()
    half = len(music) // 2
    data = {
        "joined": music + other + music,
        "cut": music[:-100],
        "junk": music[:half] + b"\x55" * 1000 + music[half:],
        "tail": music + b"APETAGEX" + bytes(200),
        "tag": music + b"TAG" + bytes(125),
    }[spoil]
    with DirectDecoder("mpg123", path, ScriptedIo(data).pair) as made:
        frames, total = 0, made.info.total_frames
        try:
            frames = len(made.rest())
        except Refused as refused:
            assert spoil == "cut" and "ends inside a block" in refused.text
            return
        assert frames == total > 0
