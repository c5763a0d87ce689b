"""Source and decoder die between any two stores to the words of their stream; whoever comes next goes on by these."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from abi.wire import DecoderOpened, DetachStage, Failed, Landed, Reply, Request, SeekDecoder
from tests.integration.worker.streaming import Files, Start, from_file
from tests.support.failpoints import Action, Failpoints
from tests.support.ring_end import Audio
from tests.support.streamed import AHEAD_FRAMES, Heard, Streamed, frames_of
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

SOON_S = 20.0
DEATHS, MOST_TURNS = 3, 60
#: Who comes by so many times dies again; less often than a seek of the decoder needs questions.
EVERY = {
    "stream_filled": 23,
    "stream_put": 23,
    "stream_answering": 5,
    "stream_answered": 5,
    "stream_asking": 5,
    "stream_asked": 5,
    "stream_taking": 5,
}


@pytest.fixture
def start(failpoints: Failpoints) -> Iterator[Start]:
    """Starts greeted workers of the test build."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(WorkerPeer(python_path=failpoints.python_path))


class Mortal:
    """A source and a decoder that are replaced whenever they have died."""

    def __init__(self, streamed: Streamed) -> None:
        self._streamed = streamed
        self.deaths = 0
        self.opened: DecoderOpened
        self.worker: WorkerPeer
        self._open()

    def _open(self) -> None:
        while True:
            self.worker = self._streamed.make_decoder()
            opened = self.ask(self._streamed.opening(), [self._streamed.stream.fd])
            if isinstance(opened, DecoderOpened):
                self.opened = opened
                return

    def tended(self) -> int:
        """Sees to the source, while somebody waits for it; says how often anybody died."""
        if self._streamed.source.process.poll() is not None:
            self._streamed.replace_source()
            self.deaths += 1
        return self.deaths

    def ask(self, request: Request[Reply], fds: list[int]) -> Reply | None:
        """The answer; None when the decoder died of it."""
        number = self.worker.send(request, fds)
        while True:
            try:
                reply = self.worker.answer(number, 0.02)
            except TimeoutError:
                self.tended()
            except EOFError:
                self.deaths += 1
                return None
            else:
                assert not isinstance(reply, Failed), reply
                return reply

    def hear(self, frame: int) -> tuple[int, Audio]:
        """Where it landed, and so much of what comes there as a ring holds."""
        while True:
            landed = self.ask(SeekDecoder(1, frame), [])
            if isinstance(landed, Landed):
                with Heard(self.worker, self.opened) as heard:
                    heard.attach()
                    if self._fills(heard):
                        self.worker.ask(DetachStage(1))
                        return landed.frame, heard.end.take(AHEAD_FRAMES)
            self._open()

    def _fills(self, heard: Heard) -> bool:
        """Until the ring is full, or the decoder dead; says which."""

        def is_over() -> bool:
            self.tended()
            return heard.end.frames() == AHEAD_FRAMES or self.worker.process.poll() is not None

        assert until(is_over, SOON_S)
        dead = self.worker.process.poll() is not None
        self.deaths += dead
        return not dead


@pytest.mark.parametrize("place", EVERY)
def test_the_next_one_goes_on(start: Start, failpoints: Failpoints, served: Path, files: Files, place: str) -> None:
    path, type_id = files.of("flac")
    dice = random.Random(place)
    with Streamed(start, served, path, type_id, capacity=1 << 16, history=1 << 12, chunk=5001) as streamed:
        expected = from_file(streamed)
        armed = failpoints.arm(place, Action.KILL, let_pass=3, every=EVERY[place])
        mortal = Mortal(streamed)
        frames = frames_of(expected, mortal.opened)
        for _ in range(MOST_TURNS):
            if armed.fired >= DEATHS:
                break
            at, samples = mortal.hear(dice.randrange(frames - AHEAD_FRAMES))
            begin = at * mortal.opened.channels
            np.testing.assert_array_equal(samples, expected[begin : begin + len(samples)])
            assert len(samples) == AHEAD_FRAMES * mortal.opened.channels
        armed.disarm()
        assert until(lambda: mortal.tended() == armed.fired, SOON_S)
        assert armed.fired >= DEATHS
