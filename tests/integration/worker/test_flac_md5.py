"""Whole plays of FLAC files are compared with the MD5 in the header where that is wanted, and only then."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import CapabilityKind, LogLevel
from abi.wire import DestroyInstance, OpenDecoder, PluginLog, SeekDecoder, StopReason
from tests.e2e.audio import as_float, noise
from tests.integration.worker.test_damaged_flac import FRAMES, flac_file, read
from tests.support.stage_rings import StageRings
from tests.support.worker_peer import ROOT, WorkerPeer

#: Of the MD5 in STREAMINFO, which is the first block (RFC 9639, section 8.2).
MD5_AT = 4 + 4 + 18

pytestmark = pytest.mark.skipif(shutil.which("flac") is None, reason="the flac command is not installed")


def opened(worker: WorkerPeer, path: Path, verify: bool) -> None:
    worker.load(ROOT / "native_plugins/decoder_flac/decoder_flac.so")
    worker.ask(worker.creation(CapabilityKind.DECODER, "flac", {"verify_md5": verify}))
    with path.open("rb") as media:
        worker.ask(OpenDecoder(1, str(path), "flac"), [media.fileno()])


def warnings(worker: WorkerPeer) -> list[str]:
    """All it warned of. The instance is gone then, and with it the last line."""
    worker.ask(DestroyInstance(1))
    worker.process.terminate()
    lines: list[str] = []
    while True:
        try:
            line = worker.event(PluginLog)
        except EOFError:
            return lines
        if line.level <= LogLevel.WARN:
            lines.append(line.text)


def changed_md5(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[MD5_AT] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("known", [True, False], ids=["length known", "length unknown"])
@pytest.mark.parametrize(("verify", "wrong", "told"), [(True, True, 1), (True, False, 0), (False, True, 0)])
def test_a_mismatch_is_told_once(
    worker: WorkerPeer, rings: StageRings, tmp_path: Path, verify: bool, wrong: bool, told: int, known: bool
) -> None:
    path = flac_file(tmp_path)
    if wrong:
        changed_md5(path)
    if not known:
        data = bytearray(path.read_bytes())
        data[MD5_AT - 5] &= 0xF0
        data[MD5_AT - 4 : MD5_AT] = bytes(4)
        path.write_bytes(bytes(data))
    opened(worker, path, verify)
    heard, end = read(worker, rings, FRAMES, 1)
    assert StopReason(end.reason) is StopReason.END_OF_STREAM
    assert np.array_equal(heard, as_float(noise(FRAMES)))
    found = warnings(worker)
    assert len(found) == told
    assert all(line.endswith(f"FLAC header: {path}") for line in found)


def test_a_header_without_md5_is_no_mismatch(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    path = flac_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[MD5_AT : MD5_AT + 16] = bytes(16)
    path.write_bytes(bytes(data))
    opened(worker, path, verify=True)
    read(worker, rings, FRAMES, 1)
    assert warnings(worker) == []


def test_who_has_sought_is_not_compared(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    path = flac_file(tmp_path)
    changed_md5(path)
    opened(worker, path, verify=True)
    worker.ask(SeekDecoder(1, 1000))
    heard, _ = read(worker, rings, FRAMES - 1000, 1)
    assert np.array_equal(heard, as_float(noise(FRAMES))[1000:])
    assert warnings(worker) == []


def test_after_the_comparison_it_plays_on_from_anywhere(worker: WorkerPeer, rings: StageRings, tmp_path: Path) -> None:
    path = flac_file(tmp_path)
    changed_md5(path)
    opened(worker, path, verify=True)
    read(worker, rings, FRAMES, 1)
    for epoch, frame in enumerate((39_000, 0, FRAMES), start=2):
        assert worker.ask(SeekDecoder(1, frame)).frame == frame
        heard, end = read(worker, rings, FRAMES - frame, epoch)
        assert StopReason(end.reason) is StopReason.END_OF_STREAM
        assert np.array_equal(heard, as_float(noise(FRAMES))[frame:])
    assert len(warnings(worker)) == 1
