"""One song with all its tags, written by real tools into every format that can hold them."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.e2e.audio import noise, write_wav

__all__ = ["FORMS", "FULL", "JPEG", "LYRICS", "PNG", "SONG", "Form"]

LYRICS = "First line: Motörhead\nsecond line: 音楽\n\nlast line: 🎸"
#: As decoder.h names them.
SONG: Mapping[str, str] = {
    "title": "Ace of Späces 音楽 🎸",
    "artist": "Motörhead; 椎名林檎",
    "album": "Nö Sleep 🎵",
    "album_artist": "Various Ärtists",
    "track": "3/12",
    "disc": "1/2",
    "date": "1984-05-12",
    "genre": "Røck",
    "composer": "Lemmy Kilmïster 🎼",
    "compilation": "1",
    "lyrics": LYRICS,
    "replaygain_track_gain": "-6.30 dB",
    "replaygain_track_peak": "0.987654",
    "replaygain_album_gain": "+1.25 dB",
    "replaygain_album_peak": "0.999000",
}
FULL = frozenset(SONG)
_ARTISTS = SONG["artist"].split("; ")
_GAINS = [name for name in SONG if name.startswith("replaygain")]


def _png() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(8 * 25))) + chunk(b"IEND", b"")


PNG = _png()
#: One grey block, as small as a JPEG can be; what follows its end belongs to it, and is of every value.
JPEG = (
    bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300")
    + bytes([1] * 64)
    + bytes.fromhex("ffc0000b080008000801011100ffc4001400010000000000000000000000000000000000ffda0008010100003f00")
    + bytes.fromhex("d2cf20ffd9")
    + bytes(range(256)) * 3
)


class Form:
    """One way to tag.

    ``holds``: what of the song it has room for; ``others``: what else it then says; ``cover``: the front cover in it.
    """

    def __init__(
        self,
        name: str,
        decoder: str,
        make: Callable[[Path], Path],
        holds: frozenset[str] = FULL,
        cover: bytes = b"",
        tools: tuple[str, ...] = (),
        others: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name, self.decoder, self.holds, self.cover = name, decoder, holds, cover
        self.others = others
        self._make, self._tools = make, tools

    def __str__(self) -> str:
        return self.name

    def file(self, folder: Path) -> Path:
        """Skips where a tool is missing."""
        for tool in self._tools:
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")
        return self._make(folder)


def _run(*command: object, text: str = "") -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, input=text.encode())


def _source(folder: Path) -> Path:
    (folder / "cover.jpg").write_bytes(JPEG)
    (folder / "back.png").write_bytes(PNG)
    return write_wav(folder / "source.wav", noise(9_600), 48_000)


def _comments(*more: tuple[str, str]) -> list[str]:
    names = {
        "album_artist": "ALBUMARTIST", "track": "TRACKNUMBER", "disc": "DISCNUMBER",
    }  # fmt: skip
    pairs = [(names.get(name, name.upper()), value) for name, value in SONG.items() if name != "artist"]
    pairs += [("Artist", each) for each in _ARTISTS]
    return [f"{name}={value}" for name, value in (*pairs, ("COMMENT", "nobody asks"), *more)]


def _picture_block(kind: int, mime: str, data: bytes) -> str:
    head = struct.pack(">II", kind, len(mime)) + mime.encode() + struct.pack(">IIIIII", 0, 8, 8, 24, 0, len(data))
    return base64.b64encode(head + data).decode()


def _flac(folder: Path) -> Path:
    path = folder / "song.flac"
    _run("flac", "--silent", "-f", "-o", path, _source(folder))
    _run("metaflac", "--no-utf8-convert", *(f"--set-tag={each}" for each in _comments()), path)
    _run("metaflac", f"--import-picture-from=4|||8x8x24|{folder}/back.png", path)
    _run("metaflac", f"--import-picture-from=3|||8x8x24|{folder}/cover.jpg", path)
    return path


def _totals_apart(folder: Path) -> Path:
    """Numbers and their totals in comments of their own."""
    path = _flac(folder)
    _run("metaflac", "--remove-tag=TRACKNUMBER", "--remove-tag=DISCNUMBER", path)
    fields = ("TRACKNUMBER=3", "TOTALTRACKS=12", "DISCNUMBER=1", "DISCTOTAL=2")
    _run("metaflac", *(f"--set-tag={each}" for each in fields), path)
    return path


def _vorbis(folder: Path) -> Path:
    path = folder / "song.ogg"
    pictures = [("METADATA_BLOCK_PICTURE", _picture_block(4, "image/png", PNG))]
    pictures.append(("metadata_block_picture", _picture_block(3, "image/jpeg", JPEG)))
    _run("oggenc", "-Q", "-o", path, _source(folder))
    escaped = (each.replace("\\", "\\\\").replace("\n", "\\n") for each in _comments(*pictures))
    _run("vorbiscomment", "-R", "-e", "-w", path, text="\n".join(escaped) + "\n")
    return path


def _opus(folder: Path) -> Path:
    path = folder / "song.opus"
    options = [part for each in _comments() for part in ("--comment", each)]
    pictures = ("--picture", f"4|||8x8x24|{folder}/back.png", "--picture", f"3|||8x8x24|{folder}/cover.jpg")
    _source(folder)
    _run("opusenc", "--quiet", *options, *pictures, folder / "source.wav", path)
    return path


def _id3(major: int) -> Callable[[Path], Path]:
    def tag(folder: Path) -> Path:
        path = folder / "song.mp3"
        _run("lame", "--quiet", "-t", _source(folder), path)
        id3 = pytest.importorskip("mutagen.id3")
        frames = _frames(id3, id3.Encoding.UTF16 if major == 3 else id3.Encoding.UTF8)
        if major == 3:
            frames.update_to_v23()
        frames.save(path, v2_version=major, v1=0, v23_sep=None)
        return path

    return tag


def _frames(id3: Any, encoding: Any) -> Any:  # noqa: ANN401  mutagen has no types
    names = {
        "title": "TIT2", "album": "TALB", "album_artist": "TPE2", "track": "TRCK", "disc": "TPOS", "date": "TDRC",
        "genre": "TCON", "composer": "TCOM", "compilation": "TCMP",
    }  # fmt: skip
    tags = id3.ID3()
    for name, frame in names.items():
        tags.add(getattr(id3, frame)(encoding=encoding, text=[SONG[name]]))
    tags.add(id3.TPE1(encoding=encoding, text=_ARTISTS))
    tags.add(id3.COMM(encoding=encoding, lang="eng", desc="", text=["nobody asks"]))
    tags.add(id3.USLT(encoding=encoding, lang="deu", desc="wörds", text=SONG["lyrics"]))
    for number, name in enumerate(_GAINS):
        name_as_found = name.upper() if number % 2 else name
        tags.add(id3.TXXX(encoding=encoding, desc=name_as_found, text=[SONG[name]]))
    for kind, mime, data in ((4, "image/png", PNG), (3, "image/png", JPEG)):  # the second claim is wrong
        tags.add(id3.APIC(encoding=encoding, mime=mime, type=kind, desc=f"pictüre {kind}", data=data))
    return tags


def _id3v1(folder: Path) -> Path:
    path = folder / "song.mp3"
    texts = ("--tt", "Ace of Späces", "--ta", "Motörhead", "--tl", "Nö Sleep")
    numbers = ("--ty", "1984", "--tn", "3", "--tg", "17")
    _run("lame", "--quiet", "-t", "--id3v1-only", *texts, *numbers, _source(folder), path)
    return path


def _m4a(folder: Path) -> Path:
    path = folder / "song.m4a"
    _run("ffmpeg", "-v", "error", "-i", _source(folder), "-c:a", "aac", path)
    mp4 = pytest.importorskip("mutagen.mp4")
    file = mp4.MP4(path)
    names = {
        "title": "©nam", "album": "©alb", "album_artist": "aART", "date": "©day", "genre": "©gen", "composer": "©wrt",
        "lyrics": "©lyr",
    }  # fmt: skip
    for name, atom in names.items():
        file[atom] = [SONG[name]]
    file["©ART"] = _ARTISTS
    file["©cmt"] = ["nobody asks"]
    file["trkn"], file["disk"], file["cpil"] = [(3, 12)], [(1, 2)], True
    for name in _GAINS:
        file[f"----:com.apple.iTunes:{name}"] = [SONG[name].encode()]
    cover = mp4.MP4Cover
    file["covr"] = [cover(JPEG, imageformat=cover.FORMAT_PNG), cover(PNG, imageformat=cover.FORMAT_PNG)]
    file.save()
    return path


def _by_ffmpeg(name: str, *codec: str) -> Callable[[Path], Path]:
    def tag(folder: Path) -> Path:
        path = folder / name
        words = [part for key, value in SONG.items() for part in ("-metadata", f"{key}={value}")]
        words += ["-metadata", f"author={SONG['artist']}"]  # what AIFF calls it
        _run("ffmpeg", "-v", "error", "-i", _source(folder), *words, *codec, path)
        return path

    return tag


def _id3_chunk(name: str, module: str, kind: str) -> Callable[[Path], Path]:
    def tag(folder: Path) -> Path:
        path = folder / name
        _run("ffmpeg", "-v", "error", "-i", _source(folder), "-bitexact", path)
        id3 = pytest.importorskip("mutagen.id3")
        file = getattr(pytest.importorskip(module), kind)(path)
        file.add_tags()
        for frame in _frames(id3, id3.Encoding.UTF16).values():
            file.tags.add(frame)
        file.save()
        return path

    return tag


#: Of 30 characters each, in Latin-1; a byte for the number, and one for the genre.
_CUT = {
    "title": "Ace of Späces", "artist": "Motörhead", "album": "Nö Sleep", "date": "1984", "track": "3", "genre": "Rock",
}  # fmt: skip
_INFO = frozenset({"title", "artist", "album", "track", "date", "genre"})
FORMS: tuple[Form, ...] = (
    Form("flac", "flac", _flac, cover=JPEG, tools=("flac", "metaflac")),
    Form("flac, totals apart", "flac", _totals_apart, cover=JPEG, tools=("flac", "metaflac")),
    Form("vorbis", "vorbis", _vorbis, cover=JPEG, tools=("oggenc", "vorbiscomment")),
    Form("opus", "opus", _opus, cover=JPEG, tools=("opusenc",)),
    Form("mp3, ID3v2.3", "mpg123", _id3(3), cover=JPEG, tools=("lame",)),
    Form("mp3, ID3v2.4", "mpg123", _id3(4), cover=JPEG, tools=("lame",)),
    Form("mp3, ID3v1", "mpg123", _id3v1, frozenset(), tools=("lame",), others=_CUT),
    Form("m4a", "ffmpeg", _m4a, cover=JPEG, tools=("ffmpeg",)),
    Form("m4a by ffmpeg", "ffmpeg", _by_ffmpeg("song.m4a", "-c:a", "aac"), FULL - {*_GAINS}, tools=("ffmpeg",)),
    Form("wav, LIST INFO", "wav", _by_ffmpeg("song.wav"), _INFO, tools=("ffmpeg",)),
    Form("wav, id3 chunk", "wav", _id3_chunk("song.wav", "mutagen.wave", "WAVE"), cover=JPEG, tools=("ffmpeg",)),
    Form("aiff, NAME and AUTH", "wav", _by_ffmpeg("song.aiff"), frozenset({"title", "artist"}), tools=("ffmpeg",)),
    Form("aiff, ID3 chunk", "wav", _id3_chunk("song.aiff", "mutagen.aiff", "AIFF"), cover=JPEG, tools=("ffmpeg",)),
)
