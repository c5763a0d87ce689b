"""A source's worker feeds a decoder's through a byte stream: the same samples as from the file, whoever dies."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from abi.wire import StopReason
from tests.e2e.audio import write_wav
from tests.support.c_plugins import build_plugin
from tests.support.encoded import ENCODINGS, programme
from tests.support.ring_end import Audio
from tests.support.streamed import Heard, Streamed
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]
SECONDS = 4
RATE = 44_100
BY_NAME = {encoding.name: encoding for encoding in ENCODINGS}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of the source that serves a file."""
    folder = tmp_path_factory.mktemp("served")
    build_plugin("served", folder)
    return folder / "served/served.so"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, str]]:
    """The programme as a file of a kind, and the decoder for it; made once."""
    folder = tmp_path_factory.mktemp("files")
    made: dict[str, tuple[Path, str]] = {}

    def file(kind: str) -> tuple[Path, str]:
        if kind not in made:
            if kind == "wav":
                samples = programme(SECONDS * RATE, 2, RATE)
                made[kind] = write_wav(folder / "programme.wav", samples, RATE), "wav"
            elif kind == "flac":
                wav, _ = file("wav")
                subprocess.run(["flac", "-s", "-f", "-o", str(folder / "programme.flac"), str(wav)], check=True)
                made[kind] = folder / "programme.flac", "flac"
            else:
                encoding = BY_NAME[kind]
                made[kind] = encoding.make(folder, SECONDS, name=kind)[0], encoding.type_id
        return made[kind]

    return file


def from_file(streamed: Streamed) -> Audio:
    """What the decoder makes of the file itself."""
    worker = streamed.make_decoder()
    with Heard(worker, streamed.open_file(worker)) as heard:
        heard.attach()
        samples, stopped = heard.listen()
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    assert len(samples) > RATE
    return samples


@pytest.mark.parametrize("kind", ["flac", "wav", "mp3_constant", "vorbis"])
def test_the_samples_are_those_of_the_file(
    start_worker: Start, served: Path, files: Callable[[str], tuple[Path, str]], kind: str
) -> None:
    path, type_id = files(kind)
    with Streamed(start_worker, served, path, type_id, capacity=1 << 16, history=1 << 12) as streamed:
        expected = from_file(streamed)
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, stopped = heard.listen()
        assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
        np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize("kind", ["flac", "mp3_constant"])
def test_the_source_dies_at_any_moment(
    start_worker: Start, served: Path, files: Callable[[str], tuple[Path, str]], kind: str
) -> None:
    path, type_id = files(kind)
    dice = random.Random(3)
    options = {"capacity": 1 << 16, "history": 1 << 12, "chunk": 3001}
    with Streamed(start_worker, served, path, type_id, **options) as streamed:
        expected = from_file(streamed)
        worker = streamed.make_decoder()
        opened = streamed.open(worker)
        deaths = sorted(dice.randrange(len(expected) // opened.channels) for _ in range(12))

        def kill(frames: int) -> None:
            while deaths and frames >= deaths[0]:
                deaths.pop(0)
                streamed.replace_source()

        with Heard(worker, opened) as heard:
            heard.attach()
            samples, stopped = heard.listen(kill)
        assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
        assert streamed.deaths == 12
        np.testing.assert_array_equal(samples, expected)
