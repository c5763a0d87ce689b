"""A source worker that fills a byte stream and a decoder worker that reads it, with this process behind the decoder.

What the host does after a death, by hand: the next source attaches to the same segment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from abi.kinds import CapabilityKind
from abi.wire import (
    AttachDecode,
    AttachStream,
    DecoderOpened,
    OpenDecoder,
    OpenFromStream,
    OpenStream,
    Payload,
    Resampler,
    StageStopped,
    StreamOpened,
)
from host.jsontext import JsonObject
from shm_audio import ByteStream, Ring, RingFormat, StreamFormat
from shm_audio._core import lib
from tests.support.ring_end import Audio, RingEnd
from tests.support.worker_peer import ROOT, WorkerPeer

__all__ = ["AHEAD_FRAMES", "EPOCH", "Heard", "Streamed", "frames_of"]

EPOCH = 5
AHEAD_FRAMES, BLOCK = 8192, 512
PATIENCE_S = 20.0
Start = Callable[[], WorkerPeer]


class Streamed:
    """One file, served by ``library``, a build of ``tests/plugins/served``; ``capacity`` of the byte stream."""

    source_type = "served"

    def __init__(
        self,
        start: Start,
        library: Path,
        path: Path,
        type_id: str,
        *,
        capacity: int = 1 << 20,
        history: int = 1 << 14,
        wait_ms: int = 20_000,
        **config: int,
    ) -> None:
        self._start = start
        self._library = library
        self._path = path
        self._type_id = type_id
        self.knobs = config
        self._wait_ms = wait_ms
        self._stack = ExitStack()
        self.source = self.make_source()
        opened = self.opened
        size = None if opened.size_bytes < 0 else opened.size_bytes
        self.stream = self._stack.enter_context(ByteStream(StreamFormat(opened.seeks, size, capacity, history)))
        self.deaths = 0
        self.attach_source()

    # ---- source ----

    def make_source(self) -> WorkerPeer:
        """A worker with the stream open, not attached."""
        worker = self._start()
        worker.load(self._library)
        worker.ask(worker.creation(CapabilityKind.SOURCE_CATALOG, self.source_type, self.source_config()))
        self.opened: StreamOpened = worker.ask(OpenStream(1, Payload(b"{}")))
        assert self.opened.serves
        return worker

    def source_config(self) -> JsonObject:
        """Of the next source."""
        return {"path": str(self._path), **self.knobs}

    def attach_source(self) -> int:
        """Lets the source fill the stream; says from where on."""
        return self.source.ask(AttachStream(1, EPOCH, True), [self.stream.fd]).position

    def replace_source(self, **config: int) -> int:
        """Kills it wherever it is, if it lives, and lets another one go on, with changes of the configuration."""
        self.knobs |= config
        successor = self.make_source()
        self.source.kill()
        self.source.ended()
        self.deaths += 1
        self.source = successor
        return self.attach_source()

    # ---- decoder ----

    def make_decoder(self) -> WorkerPeer:
        """A worker with the decoder created, not open."""
        worker = self._start()
        worker.load(ROOT / f"native_plugins/decoder_{self._type_id}/decoder_{self._type_id}.so")
        worker.ask(worker.creation(CapabilityKind.DECODER, self._type_id, {}))
        return worker

    def open(self, worker: WorkerPeer) -> DecoderOpened:
        """From the stream."""
        return worker.ask(self.opening(), [self.stream.fd])

    def opening(self) -> OpenFromStream:
        return OpenFromStream(1, self._path.name, self._path.suffix[1:], self._wait_ms)

    def open_file(self, worker: WorkerPeer) -> DecoderOpened:
        """From the file itself."""
        with self._path.open("rb") as media:
            return worker.ask(OpenDecoder(1, self._path.name, self._path.suffix[1:]), [media.fileno()])

    # ---- the end ----

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def frames_of(samples: Audio, opened: DecoderOpened) -> int:
    """How many frames these are."""
    return len(samples) // opened.channels


class Heard:
    """The ring behind one decoder that is open."""

    def __init__(self, worker: WorkerPeer, opened: DecoderOpened) -> None:
        fmt = RingFormat(opened.sample_rate_hz, opened.channels, BLOCK, AHEAD_FRAMES, BLOCK)
        self._stack = ExitStack()
        self.ring = self._stack.enter_context(Ring.create(fmt))
        self.end = self._stack.enter_context(RingEnd(self.ring.fd, lib.ST_RING_READER))
        self.worker = worker

    def attach(self) -> None:
        """Lets the decoder fill the ring."""
        request = AttachDecode(1, EPOCH, 0, 0, -1, 0, 1.0, Resampler.VERY_HIGH, False)
        self.worker.ask(request, [self.ring.fd])

    def listen(self, between: Callable[[int], None] = lambda _frames: None) -> tuple[Audio, StageStopped]:
        """All until the stage stopped; ``between`` is called with the frames so far, again and again.

        Raises: EOFError: the decoder's worker is gone, and nothing of it is left to hear.
        """
        parts: list[Audio] = [np.zeros(0, np.float32)]
        stopped: StageStopped | None = None
        while True:
            between(self.end.position)
            frames = self.end.frames()
            if frames:
                parts.append(self.end.take(min(frames, BLOCK)))
            elif stopped is not None:
                return np.concatenate(parts), stopped
            else:
                self.end.before_sleep()
                if self.end.wait(BLOCK, 0.05) != lib.ST_RING_OK:
                    with contextlib.suppress(TimeoutError):
                        stopped = self.worker.event(StageStopped, 0.01)

    def __enter__(self) -> Heard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
