"""Files to stream, the source that serves them, and what a decoder makes of the file itself."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from abi.wire import StopReason
from tests.e2e.audio import write_wav
from tests.support.encoded import ENCODINGS, programme
from tests.support.ring_end import Audio
from tests.support.streamed import Heard, Streamed
from tests.support.worker_peer import WorkerPeer

__all__ = ["RATE", "Files", "Start", "from_file", "through_deaths"]

Start = Callable[[], WorkerPeer]
SECONDS = 4
SECONDS_SMALL = 8  # of what is encoded smaller than decoders look at in one go
RATE = 44_100
_BY_NAME = {encoding.name: encoding for encoding in ENCODINGS}


class Files:
    """The programme as a file of a kind, with the decoder for it; each made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, tuple[Path, str]] = {}

    def of(self, kind: str) -> tuple[Path, str]:
        """``flac``, ``wav`` or one of ``encoded.ENCODINGS``; and the type of its decoder."""
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind: str) -> tuple[Path, str]:
        if kind == "wav":
            return write_wav(self._folder / "programme.wav", programme(SECONDS * RATE, 2, RATE), RATE), "wav"
        if kind == "flac":
            path = self._folder / "programme.flac"
            subprocess.run(["flac", "-s", "-f", "-o", str(path), str(self.of("wav")[0])], check=True)
            return path, "flac"
        encoding = _BY_NAME[kind]
        return encoding.make(self._folder, SECONDS_SMALL, name=kind)[0], encoding.type_id


def through_deaths(streamed: Streamed, seed: int, count: int, most_frames: int, die: Callable[[int], object]) -> Audio:
    """All that a decoder makes of the stream, while its source dies at so many places, by ``die``, which gets how many
    are left."""
    worker = streamed.make_decoder()
    opened = streamed.open(worker)
    dice = random.Random(seed)
    places = sorted(dice.randrange(most_frames) for _ in range(count))

    def kill(frames: int) -> None:
        while places and frames >= places[0]:
            places.pop(0)
            die(len(places))

    with Heard(worker, opened) as heard:
        heard.attach()
        samples, stopped = heard.listen(kill)
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    assert streamed.deaths == count
    return samples


def from_file(streamed: Streamed) -> Audio:
    """What the decoder makes of the file itself."""
    worker = streamed.make_decoder()
    with Heard(worker, streamed.open_file(worker)) as heard:
        heard.attach()
        samples, stopped = heard.listen()
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    assert len(samples) > RATE
    return samples
