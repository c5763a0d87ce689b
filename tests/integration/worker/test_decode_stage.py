"""The decode stage: every frame once, exact positions, and why it stopped."""

from __future__ import annotations

import numpy as np
import pytest

from abi.kinds import StatusCode
from abi.wire import (
    At,
    DestroyInstance,
    DetachStage,
    Failed,
    FaultKind,
    FinishStage,
    HoldStage,
    PrimeDecoder,
    ReleaseStage,
    SeekDecoder,
    StopReason,
)
from tests.integration.worker.stages import DECODER, EPOCH, SOON_S, attach_decoder, decoder, open_decoder, stopped
from tests.support.ring_end import numbered
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer


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


@pytest.mark.parametrize(
    ("silence", "skip", "drop", "take", "heard"),
    [
        (1, 0, 0, -1, 10_000),
        (5000, 100, 0, 300, 300),
        (0, 0, 700, -1, 9300),
        (10, 50, 5000, 6000, 1000),
        (64, 0, 1, 1, 0),
    ],
)
def test_silence_comes_first_and_a_warm_up_is_dropped(
    odd: WorkerPeer, rings: StageRings, silence: int, skip: int, drop: int, take: int, heard: int
) -> None:
    """Skip and take count frames of the source, silence and drop those of the ring."""
    decoder(odd, rings, skip=skip, take=take, silence=silence, drop=drop)
    assert not rings.taste(silence).any()
    assert np.array_equal(rings.taste(heard), numbered(skip + drop, heard, 2))
    stopped(odd, StopReason.END_OF_STREAM, silence + heard)


def test_a_seek_while_held_forgets_the_warm_up(odd: WorkerPeer, rings: StageRings) -> None:
    decoder(odd, rings, frames=20_000, silence=FORMAT.ahead_frames + 1, drop=30_000)
    assert until(lambda: rings.after.words().write_pos == FORMAT.ahead_frames, SOON_S)
    odd.ask(HoldStage(1))
    odd.ask(SeekDecoder(1, 19_000))
    odd.ask(ReleaseStage(1, EPOCH))
    assert not rings.taste(FORMAT.ahead_frames + 1).any()
    assert np.array_equal(rings.taste(1000), numbered(19_000, 1000, 2))
    stopped(odd, StopReason.END_OF_STREAM, FORMAT.ahead_frames + 1001)


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


@pytest.mark.parametrize("gain", [0.5, 10 ** (-6.3 / 20), 3.0, 0.0])
def test_the_gain_is_that_of_every_sample(odd: WorkerPeer, rings: StageRings, gain: float) -> None:
    decoder(odd, rings, skip=100, silence=33, drop=7, gain=gain)
    assert not rings.taste(33).any()
    assert np.array_equal(rings.taste(9893), numbered(107, 9893, 2) * np.float32(gain))
    stopped(odd, StopReason.END_OF_STREAM, 33 + 9893)


def test_a_gain_of_1_changes_no_bit(odd: WorkerPeer, rings: StageRings) -> None:
    decoder(odd, rings, gain=1.0)
    assert rings.taste(10_000).tobytes() == numbered(0, 10_000, 2).tobytes()
    stopped(odd, StopReason.END_OF_STREAM, 10_000)


# ---- the first block before its turn ----


@pytest.mark.parametrize("seek_to", [None, 0, 7000])
@pytest.mark.parametrize("times", [1, 2])
def test_primed_and_attached_it_gives_every_frame_once(
    odd: WorkerPeer, rings: StageRings, times: int, seek_to: int | None
) -> None:
    """A seek forgets what was read before; who is primed twice has been primed."""
    open_decoder(odd)
    odd.ask(SeekDecoder(1, 33))
    for _ in range(times):
        odd.ask(PrimeDecoder(1))
    begin = 33 if seek_to is None else seek_to
    if seek_to is not None:
        odd.ask(SeekDecoder(1, seek_to))
    attach_decoder(odd, rings)
    assert np.array_equal(rings.taste(10_000 - begin), numbered(begin, 10_000 - begin, 2))
    stopped(odd, StopReason.END_OF_STREAM, 10_000 - begin)


@pytest.mark.parametrize(("frames", "skip", "take", "heard"), [(1, 0, -1, 1), (1, 1, -1, 0), (50, 7, 5, 5)])
def test_primed_to_the_end_of_its_file(
    odd: WorkerPeer, rings: StageRings, frames: int, skip: int, take: int, heard: int
) -> None:
    open_decoder(odd, frames=frames)
    odd.ask(PrimeDecoder(1))
    attach_decoder(odd, rings, skip=skip, take=take)
    assert np.array_equal(rings.taste(heard), numbered(skip, heard, 2))
    stopped(odd, StopReason.END_OF_STREAM, heard)


def test_who_left_a_ring_may_be_primed_and_who_holds_one_may_not(odd: WorkerPeer, rings: StageRings) -> None:
    odd.ask(odd.creation(DECODER, "odd", {"frames": 20_000}, instance=2))
    odd.refused(PrimeDecoder(2), FaultKind.MISUSE)
    decoder(odd, rings, frames=20_000)
    odd.refused(PrimeDecoder(1), FaultKind.MISUSE)
    full = FORMAT.ahead_frames
    assert until(lambda: rings.after.words().write_pos == full, SOON_S)
    assert odd.ask(DetachStage(1)) == At(full)
    odd.ask(SeekDecoder(1, 19_000))
    odd.ask(PrimeDecoder(1))
    attach_decoder(odd, rings)
    assert np.array_equal(rings.taste(full), numbered(0, full, 2))
    assert np.array_equal(rings.taste(1000), numbered(19_000, 1000, 2))
    stopped(odd, StopReason.END_OF_STREAM, full + 1000)


@pytest.mark.parametrize(
    ("mode", "kind", "reason"),
    [
        ("fail in read", FaultKind.PLUGIN, StopReason.PLUGIN_ERROR),
        ("too many", FaultKind.CONTRACT, StopReason.CONTRACT),
    ],
)
def test_one_that_cannot_be_primed_says_so_and_says_it_again_in_its_turn(
    odd: WorkerPeer, rings: StageRings, mode: str, kind: FaultKind, reason: StopReason
) -> None:
    open_decoder(odd, mode)
    said = odd.refused(PrimeDecoder(1), kind)
    attach_decoder(odd, rings)
    event = stopped(odd, reason, 0)
    assert event.text in said.text and rings.after.words().write_pos == 0


def test_destroy_cancels_a_read_ahead(odd: WorkerPeer) -> None:
    open_decoder(odd, "hang in read")
    primed = odd.send(PrimeDecoder(1))
    assert until(lambda: any(lane.call == "read" for lane in odd.page.lanes()), SOON_S)
    odd.ask(DestroyInstance(1), within_s=SOON_S)
    assert isinstance(odd.answer(primed), Failed)
