"""The sink stage: every frame once, whatever the sink accepts; digests; the end."""

from __future__ import annotations

import hashlib
import time

import pytest

from abi.kinds import StatusCode
from abi.wire import (
    At,
    CutDigest,
    DigestReady,
    Discarded,
    FaultKind,
    FinishStage,
    HoldStage,
    PushHostEvents,
    ReleaseStage,
    ResetSink,
    SetVolume,
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


def taken_up(worker: WorkerPeer, rings: StageRings, *, digest: bool = False) -> None:
    """One frame of a block is accepted, the others were offered and are not: until the sink is told."""
    sink(worker, rings, "until told", digest=digest)
    rings.feed(BLOCK)
    assert until(lambda: rings.before.words().read_pos == 1, SOON_S)
    for _ in range(5):
        assert worker.ask(HoldStage(1)) == At(1)
        worker.ask(ReleaseStage(1, EPOCH))


def tell(worker: WorkerPeer) -> None:
    assert worker.ask(PushHostEvents((b'{"type": "x"}',))).lost == 0


def test_an_end_among_frames_that_were_offered_is_kept(odd: WorkerPeer, rings: StageRings) -> None:
    taken_up(odd, rings)
    odd.ask(FinishStage(1, 10))
    tell(odd)
    assert played(odd) == (10, 0)
    stopped(odd, StopReason.FINISHED, 10)
    assert rings.before.words().read_pos == 10


def test_a_digest_is_cut_among_frames_that_were_offered(odd: WorkerPeer, rings: StageRings) -> None:
    taken_up(odd, rings, digest=True)
    odd.ask(CutDigest(1, 5))
    tell(odd)
    first = odd.event(DigestReady)
    assert (first.start, first.end, first.sha256) == (0, 5, digest_of(0, 5))
    odd.ask(FinishStage(1, BLOCK))
    second = odd.event(DigestReady)
    assert (second.start, second.end, second.sha256) == (5, BLOCK, digest_of(5, BLOCK))


def test_what_was_offered_before_is_as_loud_as_was_asked_for_since(odd: WorkerPeer, rings: StageRings) -> None:
    """The sink counts what is not the number of its frame: at half the volume, all of them."""
    taken_up(odd, rings)
    odd.ask(SetVolume(1, 0.5, 0))
    tell(odd)
    odd.ask(FinishStage(1, BLOCK))
    assert played(odd) == (BLOCK, 2 * (BLOCK - 1))


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


def test_a_reset_throws_away_what_is_held_and_begins_anew(odd: WorkerPeer, rings: StageRings) -> None:
    """The sink holds all that it took. Released at another place, it waits for a head start as it did at first."""
    sink(odd, rings, "holds", silence_after_ms=LONG_MS)
    rings.feed(HEAD_START)
    assert until(lambda: rings.before.words().read_pos == HEAD_START, SOON_S)
    odd.refused(ResetSink(1, HEAD_START), FaultKind.MISUSE)
    assert odd.ask(HoldStage(1)) == At(HEAD_START)
    assert odd.ask(ResetSink(1, 0)) == Discarded(HEAD_START)
    assert [lane.queued_frames for lane in odd.page.lanes() if lane.instance == 1] == [0]
    assert odd.ask(ResetSink(1, HEAD_START)) == Discarded(0)
    odd.ask(ReleaseStage(1, EPOCH))
    rings.feed(BLOCK)
    for _ in range(5):
        assert odd.ask(HoldStage(1)) == At(HEAD_START)
        odd.ask(ReleaseStage(1, EPOCH))
    rings.feed(HEAD_START - BLOCK)
    odd.ask(FinishStage(1, 2 * HEAD_START))
    assert played(odd) == (2 * HEAD_START, 0)
    stopped(odd, StopReason.FINISHED, 2 * HEAD_START)
