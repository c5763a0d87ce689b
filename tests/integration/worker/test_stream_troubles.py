"""What goes wrong on the way from a source to a decoder is told as what it is, and is never taken for the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import (
    AtCut,
    AttachStream,
    CancelCall,
    CloseStream,
    DestroyInstance,
    DetachStage,
    Done,
    Failed,
    FaultKind,
    HoldStage,
    OpenStream,
    Payload,
    SeekDecoder,
    StageStopped,
    StopReason,
)
from tests.integration.worker.streaming import Files, Start, from_file
from tests.support.streamed import EPOCH, Heard, Streamed, frames_of
from tests.support.waiting import until

SMALL, NEAR = 1 << 16, 1 << 12
SOON_S = 20.0
SPOT = 100_003  # a byte in the midst of each file
KINDS = ("flac", "wav", "mp3_constant", "vorbis", "opus")
FOR_EVER_MS = 600_000


def streamed_at(
    start: Start, served: Path, files: Files, kind: str, *, wait_ms: int = 20_000, **config: int
) -> Streamed:
    """A spot (``..._at``) that a short file has not lies before what decoders look at when they open it."""
    path, type_id = files.of(kind)
    size = path.stat().st_size
    config = {name: min(value, size // 4) if name.endswith("_at") else value for name, value in config.items()}
    return Streamed(start, served, path, type_id, capacity=SMALL, history=NEAR, wait_ms=wait_ms, **config)


@pytest.fixture
def stuck(start_worker: Start, served: Path, files: Files) -> Iterator[Streamed]:
    """A source of FLAC whose network has died, and is not yet missed."""
    with streamed_at(start_worker, served, files, "flac", hang_at=SPOT, wait_ms=FOR_EVER_MS) as streamed:
        yield streamed


def waiting(streamed: Streamed, heard: Heard) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """All that there is to hear, when the decoder has come to the spot and waits."""
    parts = [np.zeros(0, np.float32)]

    def at_the_spot() -> bool:
        if there := heard.end.frames():
            parts.append(heard.end.take(there))
        words = streamed.stream.words()
        return words.read_pos == words.write_pos == streamed.knobs["hang_at"]

    assert until(at_the_spot, SOON_S)
    return np.concatenate(parts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_fails_is_no_end(start_worker: Start, served: Path, files: Files, kind: str) -> None:
    with streamed_at(start_worker, served, files, kind, fail_at=SPOT) as streamed:
        worker = streamed.make_decoder()
        opened = streamed.open(worker)
        with Heard(worker, opened) as heard:
            heard.attach()
            samples, stopped = heard.listen()
        assert (StopReason(stopped.reason), stopped.code) == (StopReason.PLUGIN_ERROR, StatusCode.IO)
        assert stopped.text == "its source failed"
        told = streamed.source.event(StageStopped)
        assert (StopReason(told.reason), told.epoch, told.code) == (StopReason.PLUGIN_ERROR, EPOCH, StatusCode.IO)
        assert "served: nothing behind byte" in told.text
        # What came before is all there: the next decoder goes on behind it, on the next source.
        expected = from_file(streamed)
        assert len(expected) > len(samples) > 0
        np.testing.assert_array_equal(samples, expected[: len(samples)])
        streamed.replace_source(fail_at=-1)
        worker = streamed.make_decoder()
        streamed.open(worker)
        assert worker.ask(SeekDecoder(1, frames_of(samples, opened))).frame <= frames_of(samples, opened)


def test_whoever_waits_too_long_says_so(start_worker: Start, served: Path, files: Files) -> None:
    with streamed_at(start_worker, served, files, "flac", hang_at=SPOT, wait_ms=300) as streamed:
        worker = streamed.make_decoder()
        with Heard(worker, streamed.open(worker)) as heard:
            heard.attach()
            samples, stopped = heard.listen()
        assert (StopReason(stopped.reason), stopped.code) == (StopReason.PLUGIN_ERROR, StatusCode.IO)
        assert stopped.text == "its source gives no more bytes"
        assert len(samples) > 0


def test_to_wait_is_not_to_hang(stuck: Streamed) -> None:
    """The page of a decoder that waits moves on; that of its source does not."""
    worker = stuck.make_decoder()
    with Heard(worker, stuck.open(worker)) as heard:
        heard.attach()
        waiting(stuck, heard)
        (before,) = (lane for lane in worker.page.lanes() if lane.instance == 1)
        assert before.call == "read"
        assert until(lambda: worker.page.lanes()[1].call_seq > before.call_seq + 2, SOON_S)
        (source,) = (lane for lane in stuck.source.page.lanes() if lane.instance == 1)
        assert source.call == "stream_read"
        assert [lane for lane in stuck.source.page.lanes() if lane.instance == 1] == [source]


@pytest.mark.parametrize("command", [HoldStage, DetachStage])
def test_who_is_called_out_of_a_wait_is_cut_and_another_one_goes_on(
    stuck: Streamed, command: type[HoldStage | DetachStage]
) -> None:
    worker = stuck.make_decoder()
    opened = stuck.open(worker)
    with Heard(worker, opened) as heard:
        heard.attach()
        waiting(stuck, heard)
        reply = worker.ask_any(command(1))
        assert isinstance(reply, AtCut)
        assert reply.position == heard.ring.words().write_pos
        told = worker.event(StageStopped)
        assert (StopReason(told.reason), told.position) == (StopReason.CUT, reply.position)
    stuck.replace_source(hang_at=-1)
    successor = stuck.make_decoder()
    assert stuck.open(successor) == opened
    with Heard(successor, opened) as heard:
        assert successor.ask(SeekDecoder(1, reply.position)).frame == reply.position
        heard.attach()
        samples, stopped = heard.listen()
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    np.testing.assert_array_equal(samples, from_file(stuck)[reply.position * opened.channels :])


def test_a_source_that_hangs_is_replaced_while_the_decoder_waits(stuck: Streamed) -> None:
    worker = stuck.make_decoder()
    with Heard(worker, stuck.open(worker)) as heard:
        heard.attach()
        before = waiting(stuck, heard)
        stuck.replace_source(hang_at=-1)
        behind, stopped = heard.listen()
    assert StopReason(stopped.reason) is StopReason.END_OF_STREAM
    np.testing.assert_array_equal(np.concatenate((before, behind)), from_file(stuck))


def test_an_open_that_waits_can_be_cancelled(start_worker: Start, served: Path, files: Files) -> None:
    with streamed_at(start_worker, served, files, "flac", hang_at=10, wait_ms=FOR_EVER_MS) as streamed:
        worker = streamed.make_decoder()
        opening = worker.send(streamed.opening(), [streamed.stream.fd])
        assert until(lambda: streamed.stream.words().read_pos == 10, SOON_S)
        assert worker.ask(CancelCall(1)) == Done()
        refused = worker.answer(opening)
        assert isinstance(refused, Failed)
        worker.ask(DestroyInstance(1))


def test_a_source_that_waits_serves_commands(stuck: Streamed) -> None:
    assert until(lambda: stuck.stream.words().write_pos > NEAR, SOON_S)
    at = stuck.source.ask(DetachStage(1)).position
    assert at == stuck.stream.words().write_pos
    assert stuck.source.ask(AttachStream(1, EPOCH, True), [stuck.stream.fd]).position == at
    stuck.source.refused(AttachStream(1, EPOCH, True), FaultKind.MISUSE, [stuck.stream.fd])
    stuck.source.ask(CloseStream(1))
    stuck.source.refused(AttachStream(1, EPOCH, True), FaultKind.MISUSE, [stuck.stream.fd])
    stuck.source.ask(OpenStream(1, Payload(b"{}")))
    assert stuck.source.ask(AttachStream(1, EPOCH, True), [stuck.stream.fd]).position == at
    stuck.source.ask(DestroyInstance(1))


def test_another_offset_is_served_while_the_source_waits(stuck: Streamed) -> None:
    """A question calls the source out of a read that waits."""
    worker = stuck.make_decoder()
    opened = stuck.open(worker)
    with Heard(worker, opened) as heard:
        heard.attach()
        waiting(stuck, heard)
        assert isinstance(worker.ask_any(DetachStage(1)), AtCut)
    successor = stuck.make_decoder()
    assert stuck.open(successor) == opened
    with Heard(successor, opened) as heard:
        heard.attach()
        assert len(waiting(stuck, heard)) > 0


@pytest.mark.parametrize("lie", [-0.25, 0.01, 0.5])
@pytest.mark.parametrize("kind", ["flac", "mp3_constant", "vorbis"])
def test_a_source_that_lies_about_its_size(
    start_worker: Start, served: Path, files: Files, kind: str, lie: float
) -> None:
    """Whatever the decoder makes of it: it comes to an end of some kind, and what it gave is of the file."""
    lie_bytes = int(files.of(kind)[0].stat().st_size * lie)
    with streamed_at(start_worker, served, files, kind, lie=lie_bytes) as streamed:
        worker = streamed.make_decoder()
        reply = worker.ask_any(streamed.opening(), [streamed.stream.fd])
        if isinstance(reply, Failed):
            assert FaultKind(reply.kind) is FaultKind.PLUGIN
            return
        with Heard(worker, reply) as heard:  # type: ignore[arg-type]
            heard.attach()
            samples, stopped = heard.listen()
        assert StopReason(stopped.reason) in (StopReason.END_OF_STREAM, StopReason.PLUGIN_ERROR)
        expected = from_file(streamed)
        same = min(len(samples), len(expected)) - 20_000
        assert same > 0
        np.testing.assert_array_equal(samples[:same], expected[:same])


def test_only_a_segment_is_attached(start_worker: Start, served: Path, files: Files) -> None:
    with streamed_at(start_worker, served, files, "wav") as streamed:
        other = streamed.make_source()
        with Path(os.devnull).open("rb") as nothing:
            other.refused(AttachStream(1, EPOCH, True), FaultKind.INTERNAL, [nothing.fileno()])
            decoder = streamed.make_decoder()
            decoder.refused(streamed.opening(), FaultKind.INTERNAL, [nothing.fileno()])
        decoder.refused(AttachStream(1, EPOCH, True), FaultKind.MISUSE, [streamed.stream.fd])
        other.refused(streamed.opening(), FaultKind.MISUSE, [streamed.stream.fd])
        other.refused(OpenStream(1, Payload(b"{}")), FaultKind.MISUSE)
        other.ask(CloseStream(1))
        other.refused(DetachStage(1), FaultKind.MISUSE)
        straight = start_worker()
        straight.load(served)
        config = {"path": "/dev/null", "seeks": 0}
        straight.ask(straight.creation(CapabilityKind.SOURCE_CATALOG, "served", config))
        straight.ask(OpenStream(1, Payload(b"{}")))
        refusal = straight.refused(AttachStream(1, EPOCH, True), FaultKind.MISUSE, [streamed.stream.fd])
        assert "may seek" in refusal.text
