"""Whatever a file calls its tags, decoders tell them by the names that decoder.h gives."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from abi.wire import OpenDecoder, ReadMetadata
from host.media.tags import Loudness, read_tags
from tests.e2e.audio import noise, write_wav
from tests.e2e.tagged import tag_flac
from tests.support.worker_peer import ROOT, WorkerPeer

HEADER = (ROOT / "abi/include/stellatune/decoder.h").read_text()
NAMES = set(re.findall(r"\w+", HEADER[HEADER.index("Gives tags") : HEADER.index("get_metadata_json_utf8")]))
COMMENTS = {
    "Title": "One",
    "ARTIST": "Two",
    "album": "Three",
    "ALBUMARTIST": "Four",
    "TRACKNUMBER": "3",
    "DATE": "1999",
    "GENRE": "Five",
    "COMPOSER": "Six",
    "REPLAYGAIN_TRACK_GAIN": "-6.30 dB",
    "replaygain_track_peak": "0.5",
    "REPLAYGAIN_ALBUM_GAIN": "+1.00 dB",
    "SOMETHING_ELSE": "Seven",
}
INFO = {b"INAM": "One", b"IART": "Two", b"IPRD": "Three", b"ITRK": "3", b"ICRD": "1999", b"IGNR": "Five"}


def flac(place: Path) -> Path:
    if shutil.which("flac") is None:
        pytest.skip("the flac command is not installed")
    source, path = write_wav(place / "source.wav", noise(5000)), place / "in.flac"
    subprocess.run(["flac", "--silent", "-o", path, source], check=True)
    tag_flac(path, COMMENTS)
    return path


def wav(place: Path) -> Path:
    path = write_wav(place / "in.wav", noise(5000))
    texts = [(name, text.encode() + b"\0" * (1 + (len(text) + 1) % 2)) for name, text in INFO.items()]
    body = b"INFO" + b"".join(name + struct.pack("<I", len(text)) + text for name, text in texts)
    data = path.read_bytes() + b"LIST" + struct.pack("<I", len(body)) + body
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


@pytest.mark.parametrize(
    ("decoder", "make", "whole"),
    [("flac", flac, True), ("sndfile", flac, False), ("wav", wav, False), ("sndfile", wav, False)],
    ids=["flac", "flac by sndfile", "wav", "wav by sndfile"],
)
def test_names_are_those_of_the_header(
    worker: WorkerPeer, tmp_path: Path, decoder: str, make: Callable[[Path], Path], whole: bool
) -> None:
    path = make(tmp_path)
    worker.load(ROOT / f"native_plugins/decoder_{decoder}/decoder_{decoder}.so")
    worker.ask(worker.creation(CapabilityKind.DECODER, decoder))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, str(path), path.suffix[1:]), [media.fileno()])
    told = json.loads(worker.ask(ReadMetadata(1)).text)
    assert told.keys() <= NAMES, told
    tags = read_tags(told)
    assert (tags.title, tags.artist, tags.album, tags.track_number) == ("One", "Two", "Three", 3)
    assert (tags.date, tags.genre) == ("1999", "Five")
    if whole:
        assert (tags.album_artist, told["composer"]) == ("Four", "Six")
        assert (tags.track, tags.whole_album) == (Loudness(-6.3, 0.5), Loudness(1.0))
