"""Stages of one worker, with this process at both ends of their rings: every frame, every position, every reason."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from abi.kinds import CapabilityKind, StatusCode
from abi.wire import (
    At,
    AttachDecode,
    AttachDsp,
    AttachSink,
    CutDigest,
    DestroyInstance,
    DetachStage,
    DigestReady,
    FaultKind,
    FinishStage,
    HoldStage,
    OpenDecoder,
    OpenSink,
    Payload,
    PluginLog,
    ReleaseStage,
    SeekDecoder,
    StageStopped,
    StopReason,
)
from tests.integration.worker.conftest import BuildPlugin
from tests.support.ring_end import numbered
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

DECODER, DSP, SINK = CapabilityKind.DECODER, CapabilityKind.DSP, CapabilityKind.OUTPUT_SINK
EPOCH = 5
SOON_S = 5.0


@pytest.fixture
def odd(worker: WorkerPeer, build_plugin: BuildPlugin) -> WorkerPeer:
    worker.load(build_plugin("odd"))
    return worker


@pytest.fixture
def rings() -> Iterator[StageRings]:
    with StageRings() as made:
        yield made


def decoder(
    worker: WorkerPeer, rings: StageRings, mode: str = "", frames: int = 10_000, skip: int = 0, take: int = -1
) -> None:
    worker.ask(worker.creation(DECODER, "odd", {"mode": mode, "frames": frames}))
    with open(os.devnull, "rb") as media:  # noqa: PTH123  a device
        worker.ask(OpenDecoder(1, "x", ""), [media.fileno()])
    worker.ask(AttachDecode(1, EPOCH, skip, take), [rings.after.fd])


def dsp(worker: WorkerPeer, rings: StageRings, mode: str = "") -> None:
    worker.ask(worker.creation(DSP, "odd", {"mode": mode}))
    assert worker.ask(AttachDsp(1, EPOCH, BLOCK), [rings.before.fd, rings.after.fd]) == At(0)


def sink(
    worker: WorkerPeer, rings: StageRings, mode: str = "", digest: bool = False, silence_after_ms: int = 0
) -> None:
    worker.ask(worker.creation(SINK, "odd", {"mode": mode}))
    worker.ask(OpenSink(1, Payload(b"{}"), FORMAT.sample_rate_hz, FORMAT.channels, 0, ()))
    worker.ask(AttachSink(1, EPOCH, BLOCK, 1.0, digest, silence_after_ms), [rings.before.fd])


def stopped(worker: WorkerPeer, reason: StopReason, position: int | None = None) -> StageStopped:
    event = worker.event(StageStopped)
    assert (event.instance, event.epoch, StopReason(event.reason)) == (1, EPOCH, reason), event
    assert position is None or event.position == position, event
    return event


def played(worker: WorkerPeer) -> tuple[int, int]:
    """Frames and wrong samples, as the sink itself counted them."""
    line = worker.event(PluginLog).text
    found = re.fullmatch(r"sink: (\d+) frames, (\d+) wrong", line)
    assert found, line
    return int(found[1]), int(found[2])


# ---- decode ----


@pytest.mark.parametrize(
    ("skip", "take", "expected"), [(0, -1, 10_000), (777, -1, 9223), (100, 5000, 5000), (9999, 5, 1)]
)
def test_decode_gives_every_frame_once(odd: WorkerPeer, rings: StageRings, skip: int, take: int, expected: int) -> None:
    decoder(odd, rings, skip=skip, take=take)
    assert np.array_equal(rings.taste(expected), numbered(skip, expected, 2))
    stopped(odd, StopReason.END_OF_STREAM, expected)
    end = -(-expected // BLOCK) * BLOCK
    odd.ask(FinishStage(1, end))
    assert not rings.taste(end - expected).any()
    stopped(odd, StopReason.FINISHED, end)
    assert odd.ask(DetachStage(1)) == At(end)


def test_hold_and_release_lose_no_frame(odd: WorkerPeer, rings: StageRings) -> None:
    """Held while the ring is full, with decoded frames in hand; released where the words still stand."""
    decoder(odd, rings, frames=20_000)
    assert until(lambda: rings.after.words().write_pos == FORMAT.ahead_frames, SOON_S)
    assert odd.ask(HoldStage(1)) == At(FORMAT.ahead_frames)
    heard = rings.taste(1000)
    assert odd.ask(HoldStage(1)) == At(FORMAT.ahead_frames)
    odd.ask(ReleaseStage(1, EPOCH))
    heard = np.concatenate([heard, rings.taste(19_000)])
    assert np.array_equal(heard, numbered(0, 20_000, 2))
    stopped(odd, StopReason.END_OF_STREAM, 20_000)


def test_a_seek_while_held_forgets_what_was_in_hand(odd: WorkerPeer, rings: StageRings) -> None:
    """Words moved or not, what was decoded before the seek is never heard after it."""
    decoder(odd, rings, frames=20_000)
    full = FORMAT.ahead_frames
    assert until(lambda: rings.after.words().write_pos == full, SOON_S)
    odd.ask(HoldStage(1))
    odd.ask(SeekDecoder(1, 15_000))
    odd.ask(ReleaseStage(1, EPOCH))
    assert np.array_equal(rings.taste(full), numbered(0, full, 2))
    assert np.array_equal(rings.taste(5000), numbered(15_000, 5000, 2))
    stopped(odd, StopReason.END_OF_STREAM, full + 5000)


def test_nan_is_scrubbed_and_counted(odd: WorkerPeer, rings: StageRings) -> None:
    decoder(odd, rings, "nan", frames=1000)
    assert not rings.taste(1000).any()
    stopped(odd, StopReason.END_OF_STREAM)
    assert sum(lane.scrubbed_samples for lane in odd.page.lanes()) == 2000


@pytest.mark.parametrize(
    ("mode", "words"), [("too many", "more frames than it was asked for"), ("stuck", "no frames a thousand times")]
)
def test_a_decoder_that_lies_is_stopped(odd: WorkerPeer, rings: StageRings, mode: str, words: str) -> None:
    decoder(odd, rings, mode)
    assert words in stopped(odd, StopReason.CONTRACT).text


def test_a_decoder_that_fails_is_quoted(odd: WorkerPeer, rings: StageRings) -> None:
    decoder(odd, rings, "fail in read")
    event = stopped(odd, StopReason.PLUGIN_ERROR, 0)
    assert (event.code, event.text) == (StatusCode.DECODE, "odd: frame 0 is broken")


@pytest.mark.parametrize("round_", range(5))
def test_destroy_cancels_a_read(odd: WorkerPeer, rings: StageRings, round_: int) -> None:
    """Called out, not failed: no event tells of an error."""
    decoder(odd, rings, "hang in read")
    assert until(lambda: any(lane.call == "read" for lane in odd.page.lanes()), SOON_S), round_
    odd.ask(DestroyInstance(1), within_s=SOON_S)
    with pytest.raises(TimeoutError):
        odd.hear(within_s=0.02)


# ---- dsp ----


def test_dsp_moves_whole_blocks(odd: WorkerPeer, rings: StageRings) -> None:
    dsp(odd, rings)
    rings.feed(10 * BLOCK + 1)
    assert np.array_equal(rings.taste(10 * BLOCK), numbered(0, 10 * BLOCK, 2))
    assert until(lambda: rings.before.words().read_pos == 10 * BLOCK, SOON_S)
    assert odd.ask(HoldStage(1)) == At(10 * BLOCK)
    odd.ask(ReleaseStage(1, EPOCH + 1))
    rings.feed(BLOCK - 1)
    assert np.array_equal(rings.taste(BLOCK), numbered(10 * BLOCK, BLOCK, 2))
    assert odd.ask(DetachStage(1)) == At(11 * BLOCK)
    assert sum(lane.blocks for lane in odd.page.lanes()) == 11


def test_a_failing_dsp_passes_blocks_on_as_they_were(odd: WorkerPeer, rings: StageRings) -> None:
    dsp(odd, rings, "fail")
    rings.feed(8 * BLOCK)
    assert np.array_equal(rings.taste(8 * BLOCK), numbered(0, 8 * BLOCK, 2))
    lines = [odd.event(PluginLog).text for _ in range(4)]
    assert [re.findall(r"; (\d+) blocks", line) for line in lines] == [["1"], ["2"], ["4"], ["8"]]


def test_what_a_dsp_makes_infinite_becomes_silence(odd: WorkerPeer, rings: StageRings) -> None:
    dsp(odd, rings, "nan")
    rings.feed(BLOCK)
    out = rings.taste(BLOCK)
    expected = numbered(0, BLOCK, 2)
    expected[::5] = 0
    assert np.array_equal(out, expected)
    assert until(lambda: sum(lane.scrubbed_samples for lane in odd.page.lanes()) == len(expected[::5]), SOON_S)


def test_a_ring_with_impossible_words_stops_the_stage(odd: WorkerPeer, rings: StageRings) -> None:
    dsp(odd, rings)
    rings.feed(BLOCK)
    rings.taste(BLOCK)
    os.pwrite(rings.before.fd, (2**63).to_bytes(8, "little"), 4096)  # write_pos
    rings.source.greet()  # looks at nothing, only rings the sleeper
    stopped(odd, StopReason.RING, BLOCK)
    assert odd.ask(HoldStage(1)) == At(BLOCK)
    odd.refused(ReleaseStage(1, EPOCH), FaultKind.INTERNAL)


def test_a_stage_joins_only_rings(odd: WorkerPeer, rings: StageRings) -> None:
    odd.ask(odd.creation(DSP, "odd"))
    odd.refused(AttachDsp(1, EPOCH, BLOCK), FaultKind.INTERNAL, [0, 1])
    odd.refused(AttachDsp(1, EPOCH, BLOCK), FaultKind.MISUSE, [rings.before.fd])
    odd.refused(AttachDecode(1, EPOCH, 0, -1), FaultKind.MISUSE, [rings.after.fd])
    odd.refused(HoldStage(1), FaultKind.MISUSE)
    odd.ask(AttachDsp(1, EPOCH, BLOCK), [rings.before.fd, rings.after.fd])
    odd.refused(AttachDsp(1, EPOCH, BLOCK), FaultKind.MISUSE, [rings.before.fd, rings.after.fd])
    odd.refused(FinishStage(1, 0), FaultKind.MISUSE)


# ---- sink ----


@pytest.mark.parametrize("mode", ["", "partial"])
def test_the_sink_gets_every_frame_once(odd: WorkerPeer, rings: StageRings, mode: str) -> None:
    sink(odd, rings, mode)
    rings.feed(5000)
    odd.ask(FinishStage(1, 4999))
    assert played(odd) == (4999, 0)
    stopped(odd, StopReason.FINISHED, 4999)
    assert rings.before.words().read_pos == 4999


def digest_of(start: int, end: int) -> str:
    return hashlib.sha256(numbered(start, end - start, 2).tobytes()).hexdigest()


@pytest.mark.parametrize("mode", ["", "partial"])
def test_digests_are_of_the_words_that_came(odd: WorkerPeer, rings: StageRings, mode: str) -> None:
    """Cut in the middle, held and released in between: each word counts once."""
    sink(odd, rings, mode, digest=True)
    odd.ask(CutDigest(1, 3001))
    for _ in range(20):
        rings.feed(250)
        odd.ask(HoldStage(1))
        odd.ask(ReleaseStage(1, EPOCH))
    odd.ask(FinishStage(1, 5000))
    first, second = odd.event(DigestReady), odd.event(DigestReady)
    assert (first.start, first.end, first.sha256) == (0, 3001, digest_of(0, 3001))
    assert (second.start, second.end, second.sha256) == (3001, 5000, digest_of(3001, 5000))
    assert played(odd) == (5000, 0)


def test_a_full_sink_is_not_asked_in_a_tight_loop(odd: WorkerPeer, rings: StageRings) -> None:
    """Starved, and too full even for silence: it is asked again every 2 ms."""
    sink(odd, rings, "full", silence_after_ms=1)
    rings.feed(BLOCK)

    def asked_often(times: int) -> Callable[[], bool]:
        return lambda: any(lane.instance == 1 and lane.call_seq >= times for lane in odd.page.lanes())

    assert until(asked_often(20), SOON_S)
    began = time.monotonic()
    assert until(asked_often(70), SOON_S)
    assert time.monotonic() - began > 0.05


def test_a_greedy_sink_is_stopped(odd: WorkerPeer, rings: StageRings) -> None:
    sink(odd, rings, "greedy")
    rings.feed(1000)
    assert "accepted more frames than it was given" in stopped(odd, StopReason.CONTRACT, 0).text


@pytest.mark.parametrize(
    ("mode", "text"), [("fail in write", "odd: the device is gone"), ("fail in flush", "odd: disk full")]
)
def test_a_failing_sink_is_quoted(odd: WorkerPeer, rings: StageRings, mode: str, text: str) -> None:
    sink(odd, rings, mode)
    rings.feed(1000)
    odd.ask(FinishStage(1, 1000))
    event = stopped(odd, StopReason.PLUGIN_ERROR)
    assert (event.code, event.text) == (StatusCode.IO, text)


def test_an_end_behind_the_sink_is_refused(odd: WorkerPeer, rings: StageRings) -> None:
    sink(odd, rings)
    rings.feed(1000)
    assert until(lambda: rings.before.words().read_pos >= 960, SOON_S)
    odd.refused(FinishStage(1, 100), FaultKind.MISUSE)
    odd.refused(CutDigest(1, 100), FaultKind.MISUSE)
