"""Scanners: many files in one round trip, each through a decoder of its own; who dies there takes nobody else along."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import (
    MAX_FDS,
    CreateInstance,
    CreateScanner,
    DestroyInstance,
    FaultKind,
    FilesScanned,
    OpenDecoder,
    Payload,
    ScanFiles,
)
from tests.e2e.audio import noise, write_wav
from tests.support.worker_peer import ROOT, WorkerPeer

FAULT = ROOT / "native_plugins/fault/fault.so"
SNDFILE = ROOT / "native_plugins/decoder_sndfile/decoder_sndfile.so"
NUMBER = 7


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[list[int]]:
    fds = [os.open(path, os.O_RDONLY) for path in paths]
    try:
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


def request(paths: Sequence[Path], number: int = NUMBER) -> ScanFiles:
    names = tuple(path.name for path in paths)
    return ScanFiles(number, names, tuple(path.suffix.removeprefix(".") for path in paths))


def scan(worker: WorkerPeer, paths: Sequence[Path]) -> FilesScanned:
    with opened(paths) as fds:
        return worker.ask(request(paths), fds)


def frames_file(path: Path, frames: int, fault: object = None) -> Path:
    order = {} if fault is None else {"fault": fault}
    path.write_text(json.dumps({"rate": 44100, "channels": 2, "frames": frames, **order}))
    return path


@pytest.fixture
def scanner(worker: WorkerPeer) -> WorkerPeer:
    worker.load(FAULT)
    worker.ask(CreateScanner(NUMBER, "fault", Payload(b"{}")))
    return worker


def test_as_many_files_as_a_packet_carries_are_told_in_their_order(scanner: WorkerPeer, tmp_path: Path) -> None:
    paths = [frames_file(tmp_path / f"{count}.frames", 1000 + count) for count in range(MAX_FDS)]
    paths[5].write_text("no frames at all")
    before = scanner.open_files
    told = scan(scanner, paths).files
    assert len(told) == MAX_FDS
    assert [file.opened[0].total_frames for file in told if file.opened] == [
        1000 + count for count in range(MAX_FDS) if count != 5
    ]
    refused = told[5]
    assert (refused.opened, refused.call) == ((), "open")
    assert refused.code != StatusCode.OK
    assert refused.why_not
    assert scanner.open_files == before


def test_one_scanner_scans_again_and_again_and_is_destroyed_once(scanner: WorkerPeer, tmp_path: Path) -> None:
    path = frames_file(tmp_path / "a.frames", 44100)
    assert [scan(scanner, [path]).files[0].opened[0].total_frames for _ in range(3)] == [44100] * 3
    scanner.ask(DestroyInstance(NUMBER))
    with opened([path]) as fds:
        scanner.refused(request([path]), FaultKind.MISUSE, fds)
    assert not any(path.name in name for name in scanner.open_files)


def test_a_scanner_is_no_decoder_and_a_decoder_no_scanner(scanner: WorkerPeer, tmp_path: Path) -> None:
    path = frames_file(tmp_path / "a.frames", 44100)
    scanner.ask(CreateInstance(8, CapabilityKind.DECODER, "fault", Payload(b"{}"), 0, 0, ()))
    with opened([path]) as fds:
        assert "scans no files" in scanner.refused(request([path], 8), FaultKind.MISUSE, fds).text
        assert "only scans" in scanner.refused(OpenDecoder(NUMBER, "a", "frames"), FaultKind.MISUSE, fds).text
        scanner.refused(ScanFiles(NUMBER, ("a", "b"), ("", "")), FaultKind.MISUSE, fds)
    assert not any(path.name in name for name in scanner.open_files)


def test_a_configuration_that_is_refused_is_so_when_the_scanner_is_made(worker: WorkerPeer) -> None:
    worker.load(FAULT)
    worker.refused(CreateScanner(NUMBER, "fault", Payload(b'{"refuse":"create"}')), FaultKind.PLUGIN)
    worker.refused(CreateScanner(NUMBER, "none", Payload(b"{}")), FaultKind.MISUSE)
    worker.ask(CreateScanner(NUMBER, "fault", Payload(b"{}")))  # the number is free again


def test_what_a_decoder_tells_that_cannot_be_is_of_that_file_alone(odd: WorkerPeer, tmp_path: Path) -> None:
    odd.ask(CreateScanner(NUMBER, "odd", Payload(b'{"mode": "no channels"}')))
    path = frames_file(tmp_path / "a.frames", 1)
    told = scan(odd, [path, path]).files
    assert [(file.opened, file.call, file.code) for file in told] == [((), "get_info", 0)] * 2
    assert all("0 channels" in file.why_not for file in told)
    assert not any(path.name in name for name in odd.open_files)


def test_tags_that_are_no_text_cost_the_file_nothing_else(odd: WorkerPeer, tmp_path: Path) -> None:
    odd.ask(CreateScanner(NUMBER, "odd", Payload(b'{"mode": "bad text", "frames": 5}')))
    (file,) = scan(odd, [frames_file(tmp_path / "a.frames", 1)]).files
    assert file.opened[0].total_frames == 5


def test_a_type_of_which_nothing_can_be_made_any_more_is_no_file_s_fault(odd: WorkerPeer, tmp_path: Path) -> None:
    odd.ask(CreateScanner(NUMBER, "odd", Payload(b'{"null": "get_info", "from": 3, "frames": 5}')))
    path = frames_file(tmp_path / "a.frames", 1)
    assert len(scan(odd, [path]).files) == 1
    with opened([path, path]) as fds:
        assert "vtable's get_info is null" in odd.refused(request([path, path]), FaultKind.LOAD, fds).text
    assert not any(path.name in name for name in odd.open_files)


PYTHON_DECODER = """
import json


class Decoder:
    def open(self, io, path, extension):
        self.told = json.loads(io.read(1000))
        if "no" in self.told:
            raise ValueError(self.told["no"])

    def info(self):
        return {"sample_rate_hz": 8000, "channels": 1, "total_frames": self.told["frames"]}

    def metadata(self):
        return {"title": self.told["title"]}

    def read(self, samples, frames):
        return 0, True


def create(kind, type_id, config, host):
    return Decoder()
"""
PYTHON_MANIFEST = """
id = "test.python.decoder"
name = "Decoder"
version = "1.0.0"
api_version = 6
module = "plugin.py"

[[capabilities]]
kind = "decoder"
type_id = "told"
name = "Told"
config_schema = '{"type": "object"}'
default_config = '{}'
extensions = { told = 10 }
"""


def test_a_decoder_in_python_is_asked_in_the_same_way(worker: WorkerPeer, tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text(PYTHON_MANIFEST)
    (tmp_path / "plugin.py").write_text(PYTHON_DECODER)
    worker.load(tmp_path / "plugin.py", python=True)
    worker.ask(CreateScanner(NUMBER, "told", Payload(b"{}")))
    paths = [tmp_path / name for name in ("a.told", "b.told", "c.told")]
    for path, text in zip(
        paths, ('{"frames": 7, "title": "A"}', '{"no": "not that one"}', '{"frames": 9, "title": "C"}'), strict=True
    ):
        path.write_text(text)
    told = scan(worker, paths)
    assert [file.opened[0].total_frames for file in told.files if file.opened] == [7, 9]
    assert "not that one" in told.files[1].why_not
    at = told.files[0].tags_bytes
    assert [json.loads(told.tags[:at]), json.loads(told.tags[at:])] == [{"title": "A"}, {"title": "C"}]


def test_the_status_page_names_the_call_that_killed_it(scanner: WorkerPeer, tmp_path: Path) -> None:
    good = frames_file(tmp_path / "a.frames", 44100)
    order = {"kind": "segv", "phase": "open", "at_call": 1, "calls": 1, "generations": 1, "marks": str(tmp_path)}
    bad = frames_file(tmp_path / "b.frames", 44100, order)
    with opened([good, bad]) as fds:
        scanner.send(request([good, bad]), fds)
    assert scanner.ended() < 0
    (lane,) = [lane for lane in scanner.page.lanes() if lane.instance == NUMBER]
    assert lane.call == "open"


def test_a_crash_is_told_though_the_plugin_took_the_handler_away_in_the_call_before(
    odd: WorkerPeer, tmp_path: Path
) -> None:
    odd.ask(CreateScanner(NUMBER, "odd", Payload(b'{"mode": "crash behind its own handler"}')))
    path = frames_file(tmp_path / "a.frames", 1)
    with opened([path]) as fds:
        odd.send(request([path]), fds)
    assert odd.ended() < 0
    assert odd.page.crash() is not None
    (lane,) = [lane for lane in odd.page.lanes() if lane.instance == NUMBER]
    assert lane.call == "get_info"


def flac_with_cover(path: Path, cover: bytes) -> Path:
    """A FLAC file of nothing but its head: stream info of a silent second, a comment and a picture."""
    info = (
        struct.pack(">HH", 4096, 4096)
        + bytes(6)
        + ((44100 << 44) | (1 << 41) | (15 << 36) | 44100).to_bytes(8)
        + bytes(16)
    )
    text = b"TITLE=" + path.stem.encode()
    comment = struct.pack("<II", 0, 1) + struct.pack("<I", len(text)) + text
    mime = b"image/png"
    picture = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 1, 1, 24, 0, len(cover)) + cover
    blocks = [(0, info), (4, comment), (0x80 | 6, picture)]
    path.write_bytes(b"fLaC" + b"".join(bytes([kind]) + len(data).to_bytes(3) + data for kind, data in blocks))
    return path


def noisy_picture(size_bytes: int) -> bytes:
    """What begins like one: nobody looks further."""
    return b"\xff\xd8\xff" + os.urandom(size_bytes - 3)


def test_a_cover_is_passed_on_once(worker: WorkerPeer, tmp_path: Path) -> None:
    worker.load(ROOT / "native_plugins/decoder_flac/decoder_flac.so")
    worker.ask(CreateScanner(NUMBER, "flac", Payload(b"{}")))
    cover, other = noisy_picture(200_000), noisy_picture(100_000)
    paths = [flac_with_cover(tmp_path / f"{name}.flac", cover) for name in "abc"]
    paths.append(flac_with_cover(tmp_path / "d.flac", other))
    told = scan(worker, paths)
    assert [file.cover_bytes for file in told.files] == [len(cover), 0, 0, len(other)]
    assert [file.cover_sha256 for file in told.files] == [hashlib.sha256(cover).digest()] * 3 + [
        hashlib.sha256(other).digest()
    ]
    assert bytes(told.covers) == cover + other
    at, titles = 0, []
    for file in told.files:
        tags = json.loads(told.tags[at : at + file.tags_bytes])
        at += file.tags_bytes
        titles.append(tags["title"])
        assert "cover" not in tags
    assert titles == ["a", "b", "c", "d"]
    assert base64.b64encode(cover)[:100] not in bytes(told.tags)


def test_an_answer_that_would_be_too_long_ends_before_that_file(worker: WorkerPeer, tmp_path: Path) -> None:
    worker.load(ROOT / "native_plugins/decoder_flac/decoder_flac.so")
    worker.ask(CreateScanner(NUMBER, "flac", Payload(b"{}")))
    paths = [flac_with_cover(tmp_path / f"{name}.flac", noisy_picture(7_000_000)) for name in "abc"]
    assert len(scan(worker, paths).files) == 2
    assert len(scan(worker, paths[2:]).files) == 1


def test_real_files_say_what_a_decoder_alone_says(worker: WorkerPeer, tmp_path: Path) -> None:
    worker.load(SNDFILE)
    worker.ask(CreateScanner(NUMBER, "sndfile", Payload(b"{}")))
    paths = [write_wav(tmp_path / f"{count}.wav", noise(1000 * count)) for count in (1, 2)]
    told = scan(worker, paths).files
    for number, (path, file) in enumerate(zip(paths, told, strict=True), 20):
        worker.ask(CreateInstance(number, CapabilityKind.DECODER, "sndfile", Payload(b"{}"), 0, 0, ()))
        with opened([path]) as fds:
            assert worker.ask(OpenDecoder(number, path.name, "wav"), fds) == file.opened[0]
