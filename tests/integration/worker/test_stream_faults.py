"""Faults in a source's read and seek, by native_plugins/fault: its worker bears them, and the next one goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abi.kinds import StatusCode
from abi.wire import DecoderOpened, Reply, StageStopped, StopReason
from host.jsontext import JsonObject
from tests.integration.worker.streaming import Files, Start, from_file
from tests.support.faulty import LIBRARY, PLUGIN, Order
from tests.support.ring_end import Audio
from tests.support.streamed import Heard, Streamed

#: Its worker ends, or stands still until somebody ends it. A seek has no bytes to write beyond.
DEADLY = {
    "read": ("segv", "exit", "stack_overflow", "overrun_write", "underrun_write", "spin"),
    "seek": ("abort", "stop_self"),
}
STANDS = ("spin", "stop_self")
AT_CALL = 5


class FaultyStream(Streamed):
    """Served by the fault plugin, with an order."""

    source_type = "fault"

    def __init__(self, start: Start, files: Files, order: JsonObject, serve: JsonObject) -> None:
        self._faults = order | {"serve": serve}
        super().__init__(start, PLUGIN / LIBRARY, *files.of("flac"), capacity=1 << 16, history=1 << 12)

    def source_config(self) -> JsonObject:
        return super().source_config() | self._faults


def heard(streamed: FaultyStream, stands: bool = False) -> tuple[Audio, StageStopped]:
    """All that the decoder makes of the stream; a source that is gone, or stands, is replaced."""
    worker = streamed.make_decoder()
    number = worker.send(streamed.opening(), [streamed.stream.fd])
    turns = stood = 0

    def tend(_frames: int = 0) -> None:
        nonlocal turns, stood
        turns += 1
        words = streamed.stream.words()
        starved = stands and not words.ended and words.read_pos == words.write_pos
        stood = stood + 1 if starved else 0
        if streamed.source.process.poll() is not None or (stood > 20 and not streamed.deaths):
            streamed.replace_source()

    opened: Reply | None = None
    while opened is None:
        try:
            opened = worker.answer(number, 0.05)
        except TimeoutError:
            tend()
    assert isinstance(opened, DecoderOpened)
    with Heard(worker, opened) as listener:
        listener.attach()
        return listener.listen(tend)


@pytest.mark.parametrize(("phase", "kind"), [(phase, kind) for phase, kinds in DEADLY.items() for kind in kinds])
def test_a_source_that_dies_is_followed_by_the_next(
    start_worker: Start, files: Files, tmp_path: Path, kind: str, phase: str
) -> None:
    at_call = AT_CALL if phase == "read" else 1
    with FaultyStream(start_worker, files, Order(kind, phase, tmp_path, at_call=at_call).config, {}) as streamed:
        samples, stopped = heard(streamed, kind in STANDS)
        assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
        assert streamed.deaths == len(list(tmp_path.glob("fired-*"))) == 1
        np.testing.assert_array_equal(samples, from_file(streamed))


@pytest.mark.parametrize(("phase", "told"), [("read", "more bytes than it was asked for"), ("seek", "somewhere else")])
def test_a_source_that_lies_is_not_believed(
    start_worker: Start, files: Files, tmp_path: Path, phase: str, told: str
) -> None:
    at_call = AT_CALL if phase == "read" else 1
    order = Order("wrong_frames", phase, tmp_path, at_call=at_call).config
    with FaultyStream(start_worker, files, order, {}) as streamed:
        event = streamed.source.event(StageStopped) if phase == "seek" else None
        if event is None:
            samples, stopped = heard(streamed)
            event = streamed.source.event(StageStopped)
            assert (StopReason(stopped.reason), stopped.code) == (StopReason.PLUGIN_ERROR, StatusCode.IO)
            assert len(samples) > 0
        assert StopReason(event.reason) is StopReason.CONTRACT
        assert told in event.text


def test_short_reads_are_no_end(start_worker: Start, files: Files) -> None:
    with FaultyStream(start_worker, files, {}, {"most": 777, "lie": 5000}) as streamed:
        samples, stopped = heard(streamed)
        assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
        np.testing.assert_array_equal(samples, from_file(streamed))


def test_a_stream_that_breaks_off_is_no_end(start_worker: Start, files: Files) -> None:
    with FaultyStream(start_worker, files, {}, {"broken": 100_000}) as streamed:
        samples, stopped = heard(streamed)
        assert (StopReason(stopped.reason), stopped.code) == (StopReason.PLUGIN_ERROR, StatusCode.IO)
        np.testing.assert_array_equal(samples, from_file(streamed)[: len(samples)])
        assert len(samples) > 0
