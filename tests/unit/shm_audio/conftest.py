"""Rings to test with, on every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from shm_audio import Ring, RingFormat
from shm_audio._core import lib
from tests.support.ring_end import RawWords, RingEnd

FORMAT = RingFormat(sample_rate_hz=48000, channels=2, block_frames=64, ahead_frames=1024, history_frames=512)


@pytest.fixture(params=["memfd", "posix"])
def shm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The backend that segments of this test come from."""
    name: str = request.param
    monkeypatch.setenv("STELLATUNE_SHM", name)
    return name


@dataclass(frozen=True)
class Ends:
    """A ring with both its ends in this process, and its words laid open."""

    ring: Ring
    writer: RingEnd
    reader: RingEnd
    words: RawWords


@pytest.fixture
def make_ends(shm: str) -> Iterator[Callable[[RingFormat], Ends]]:
    """Both ends of new rings; all are closed after the test."""
    assert shm
    with ExitStack() as stack:

        def make(fmt: RingFormat) -> Ends:
            ring = stack.enter_context(Ring.create(fmt))
            writer = stack.enter_context(RingEnd(ring.fd, lib.ST_RING_WRITER))
            reader = stack.enter_context(RingEnd(ring.fd, lib.ST_RING_READER))
            assert writer.map_result == reader.map_result == lib.ST_RING_OK
            words = RawWords(ring.fd)
            stack.callback(words.close)
            return Ends(ring, writer, reader, words)

        yield make


@pytest.fixture
def ends(make_ends: Callable[[RingFormat], Ends]) -> Ends:
    """Both ends of a ring of 2048 frames: 1024 ahead, 512 of history."""
    return make_ends(FORMAT)
