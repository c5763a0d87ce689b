"""The sink stage: every frame once, whatever the sink accepts; digests; the end."""

from __future__ import annotations

import hashlib
import time

import pytest

from abi.kinds import StatusCode
from abi.wire import (
    CutDigest,
    DigestReady,
    FaultKind,
    FinishStage,
    HoldStage,
    ReleaseStage,
    StopReason,
)
from tests.integration.worker.stages import EPOCH, SOON_S, played, sink, stopped
from tests.support.ring_end import numbered
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

#: Less than a tenth of a second.
HEAD_START = FORMAT.ahead_frames // 2
LONG_MS = 60_000


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
    rings.feed(HEAD_START)

    def asked() -> int:
        return sum(lane.call_seq for lane in odd.page.lanes() if lane.instance == 1)

    assert until(lambda: asked() >= 20, SOON_S)
    began, before = time.monotonic(), asked()
    assert until(lambda: asked() >= before + 50, SOON_S)
    times = asked() - before
    assert time.monotonic() - began > 0.001 * times


def test_a_device_begins_with_a_head_start(odd: WorkerPeer, rings: StageRings) -> None:
    """It would play on, whether more comes or not. What has no more before its end begins at once."""
    sink(odd, rings, silence_after_ms=LONG_MS)
    rings.feed(HEAD_START - 1)
    for _ in range(5):
        odd.ask(HoldStage(1))
        odd.ask(ReleaseStage(1, EPOCH))
    assert rings.before.words().read_pos == 0
    rings.feed(1)
    assert until(lambda: rings.before.words().read_pos == HEAD_START, SOON_S)
    rings.feed(BLOCK)
    assert until(lambda: rings.before.words().read_pos == HEAD_START + BLOCK, SOON_S)


def test_a_short_programme_needs_no_head_start(odd: WorkerPeer, rings: StageRings) -> None:
    sink(odd, rings, silence_after_ms=LONG_MS)
    rings.feed(100)
    odd.ask(FinishStage(1, 100))
    assert played(odd) == (100, 0)


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
