"""Covers and comments of any size: what is over the cap is left out, the file plays, and little of it is read."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import OpenDecoder, PrimeDecoder, ReadCover, ReadMetadata
from tests.e2e.audio import noise, write_wav
from tests.support.id3 import frame, safe, tag, text
from tests.support.tagged_song import FORMS, JPEG
from tests.support.worker_peer import ROOT, WorkerPeer

HUGE = 100 << 20
MOST_MEMORY = 40 << 20
TITLE = text(4, "TIT2", "Song")


def hole(path: Path, before: bytes, size: int, behind: bytes) -> Path:
    """A file with ``size`` zeros in it that take no room."""
    with path.open("wb") as stream:
        stream.write(before)
        stream.seek(size, 1)
        stream.write(behind)
    return path


def huge_id3() -> tuple[bytes, int, bytes]:
    """A tag around a picture of 100 MiB: what comes before its zeros, how many they are, and a title behind it."""
    head = b"\0image/jpeg\0\3\0" + JPEG
    picture = frame(4, "APIC", head, size=safe(len(head) + HUGE))
    whole = len(picture) + HUGE + len(TITLE)
    return tag(4, picture, size=whole), HUGE, TITLE


def mp3(folder: Path) -> Path:
    music = next(form for form in FORMS if form.name == "mp3, ID3v1").file(folder).read_bytes()[:-128]
    before, size, behind = huge_id3()
    return hole(folder / "huge.mp3", before, size, behind + music)


def wav(folder: Path) -> Path:
    before, size, behind = huge_id3()
    music = write_wav(folder / "source.wav", noise(48_000)).read_bytes()
    chunk = b"id3 " + struct.pack("<I", len(before) + size + len(behind))
    return hole(folder / "huge.wav", music + chunk + before, size, behind)


def m4a(folder: Path) -> Path:
    form = next(form for form in FORMS if form.name == "m4a by ffmpeg")
    music = form.file(folder).read_bytes()
    boxes = [music.index(name) - 4 for name in (b"moov", b"udta", b"meta", b"ilst")]
    ends = [at + struct.unpack_from(">I", music, at)[0] for at in boxes]
    assert ends[0] == len(music), "the sound is to come first, so that it stays where it is"
    picture = struct.pack(">I4sI4sII", HUGE + 24 + len(JPEG), b"covr", HUGE + 16 + len(JPEG), b"data", 13, 0) + JPEG
    changed = bytearray(music)
    for at, end in zip(boxes, ends, strict=True):
        struct.pack_into(">I", changed, at, end - at + len(picture) + HUGE)
    return hole(folder / "huge.m4a", bytes(changed[: ends[3]]) + picture, HUGE, bytes(changed[ends[3] :]))


def flac(folder: Path) -> Path:
    """Seven blocks of 16 MiB, the most that one can hold."""
    source = write_wav(folder / "source.wav", noise(48_000))
    path = folder / "song.flac"
    subprocess.run(["flac", "--silent", "-f", "-T", "TITLE=Song", "-o", path, source], check=True)
    music, largest = path.read_bytes(), (1 << 24) - 1
    mime = b"image/jpeg"
    head = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 8, 8, 24, 0, largest - 32 - len(mime))
    with (folder / "huge.flac").open("wb") as stream:
        stream.write(music[:42])
        for _ in range(7):
            stream.write(b"\6" + largest.to_bytes(3, "big") + head + JPEG)
            stream.seek(largest - len(head) - len(JPEG), 1)
        stream.write(music[42:])
    return folder / "huge.flac"


def opened(worker: WorkerPeer, decoder: str, path: Path) -> None:
    worker.load(ROOT / f"native_plugins/decoder_{decoder}/decoder_{decoder}.so")
    worker.ask(worker.creation(CapabilityKind.DECODER, decoder))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, path.name, path.suffix[1:]), [media.fileno()])


def read_bytes(worker: WorkerPeer) -> int:
    """All that the worker has read from files so far."""
    return int(re.findall(r"rchar: (\d+)", Path(f"/proc/{worker.process.pid}/io").read_text())[0])


def most_memory(worker: WorkerPeer) -> int:
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.process.pid}/status").read_text())[0]) << 10


@pytest.mark.parametrize(
    ("decoder", "make", "most_read", "most_more"),
    [
        ("mpg123", mp3, 1 << 20, MOST_MEMORY),
        ("wav", wav, 1 << 20, MOST_MEMORY),
        ("flac", flac, 8 * (1 << 24), MOST_MEMORY),
        ("ffmpeg", m4a, 3 * HUGE // 2, 2 * HUGE),  # libavformat reads covers whole, and keeps them
    ],
    ids=["mp3", "wav", "flac", "m4a"],
)
def test_a_cover_of_100_mib_is_left_out(
    worker: WorkerPeer, tmp_path: Path, decoder: str, make: Callable[[Path], Path], most_read: int, most_more: int
) -> None:
    path = make(tmp_path)
    worker.load(ROOT / f"native_plugins/decoder_{decoder}/decoder_{decoder}.so")
    memory, read = most_memory(worker), read_bytes(worker)
    worker.ask(worker.creation(CapabilityKind.DECODER, decoder))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, path.name, path.suffix[1:]), [media.fileno()])
    told = json.loads(worker.ask(ReadMetadata(1)).text)
    assert told["title"].endswith(("Song", "🎸"))
    assert not worker.ask(ReadCover(1)).picture
    assert read_bytes(worker) - read < most_read
    assert most_memory(worker) - memory < most_more
    worker.ask(PrimeDecoder(1))  # it plays


def with_picture(folder: Path, size: int) -> tuple[Path, bytes]:
    """An Opus file with a cover of that size, and the cover."""
    mutagen = pytest.importorskip("mutagen")
    path = next(form for form in FORMS if form.name == "opus").file(folder)
    file, mime, picture = mutagen.File(path), b"image/jpeg", JPEG + bytes(size - len(JPEG))
    head = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 8, 8, 24, 0, len(picture))
    file["metadata_block_picture"] = [base64.b64encode(head + picture).decode()]
    file.save()
    return path, picture


def test_a_cover_of_the_largest_size_is_told_as_text(worker: WorkerPeer, tmp_path: Path) -> None:
    """12 MiB to the byte: as base64 it is longer than what a worker sends, and is decoded before that."""
    path, picture = with_picture(tmp_path, 12 << 20)
    opened(worker, "opus", path)
    assert worker.ask(ReadCover(1)).picture == picture
    assert len(worker.ask(ReadMetadata(1)).text) < 4096


def test_one_byte_more_is_too_large(worker: WorkerPeer, tmp_path: Path) -> None:
    path, _ = with_picture(tmp_path, (12 << 20) + 1)
    opened(worker, "opus", path)
    assert worker.ask(ReadCover(1)).picture == b""
    assert json.loads(worker.ask(ReadMetadata(1)).text)["title"]
    worker.ask(PrimeDecoder(1))


def test_a_hundred_thousand_comments(worker: WorkerPeer, tmp_path: Path) -> None:
    mutagen = pytest.importorskip("mutagen")
    path = next(form for form in FORMS if form.name == "vorbis").file(tmp_path)
    file, artists = mutagen.File(path), [f"{number:06}" for number in range(100_000)]
    file["artist"] = artists
    file.save()
    opened(worker, "vorbis", path)
    told = json.loads(worker.ask(ReadMetadata(1)).text)
    assert told["artist"] == "; ".join(artists)[: 64 << 10]
    worker.ask(PrimeDecoder(1))
