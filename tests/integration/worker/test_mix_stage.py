"""Two rings into one: every frame is what the positions say, whoever makes it, however often and wherever it dies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import numpy.typing as npt
import pytest

from abi.kinds import CapabilityKind
from abi.wire import (
    At,
    AttachDsp,
    AttachMix,
    DetachStage,
    Done,
    FaultKind,
    FinishStage,
    HoldStage,
    Join,
    JoinMix,
    LimitMix,
    ReleaseStage,
    StopReason,
)
from shm_audio import Ring, RingFormat
from shm_audio._core import lib
from tests.integration.worker.stages import EPOCH, SOON_S, stopped
from tests.support.ring_end import Audio, RawWords, RingEnd
from tests.support.stage_rings import BLOCK, FORMAT
from tests.support.takeover import noise, shipped
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]
Frames = npt.NDArray[np.float32]

CHANNELS = FORMAT.channels
JOIN = 40 * BLOCK + 17
FADE = 23 * BLOCK + 5
FIRST_END = JOIN + FADE
END = 100 * BLOCK


def frames(samples: Audio) -> Frames:
    return samples.reshape(-1, CHANNELS)


FIRST = frames(noise(END, 1))
SECOND = frames(noise(END - JOIN, 2))


def model(first_end: int = FIRST_END, fade: int = FADE) -> Frames:
    """What must come out, frame by frame, with the gains of the machine's own libm."""
    out = FIRST.copy()
    out[first_end:] = 0
    for at in range(JOIN, END):
        going, coming = 0.0, 1.0
        if at < JOIN + fade:
            angle = 1.57079632679489661923 * (at - JOIN) / fade
            going, coming = math.cos(angle), math.sin(angle)
        for channel in range(CHANNELS):
            a, b = float(out[at, channel]) if going else 0.0, float(SECOND[at - JOIN, channel])
            out[at, channel] = np.float32(going * a + coming * b)
    return out


class Mixed:
    """A mix's three rings, with this process at the far ends. ``heard``: all that came out, whoever made it."""

    def __init__(self, start: Start, stack: ExitStack) -> None:
        self._start = start
        self.first, self.second, self.after = (stack.enter_context(Ring.create(FORMAT)) for _ in range(3))
        self.second.set_words(JOIN)
        self._sources = [
            (stack.enter_context(RingEnd(ring.fd, lib.ST_RING_WRITER)), signal)
            for ring, signal in ((self.first, FIRST), (self.second, np.concatenate((FIRST[:JOIN], SECOND))))
        ]
        self._target = stack.enter_context(RingEnd(self.after.fd, lib.ST_RING_READER))
        self.first_end = FIRST_END
        self.heard = np.zeros((0, CHANNELS), np.float32)
        self.joined = False

    def made(self) -> WorkerPeer:
        worker, dry = self._start(), shipped("dry")
        worker.load(dry.library)
        worker.ask(worker.creation(CapabilityKind.DSP, dry.type_id, {}))
        return worker

    def begin(self, worker: WorkerPeer, **changes: int) -> None:
        """At the output's write position, with both rings or the first alone."""
        request, fds = self.attach(**changes)
        at = self.after.words().write_pos
        assert worker.ask(request, fds) == At(at)

    def attach(self, **changes: int) -> tuple[AttachMix, list[int]]:
        fields = {"instance": 1, "epoch": EPOCH, "wake_frames": 4 * BLOCK, "limit": -1, "join_at": -1, "fade_frames": 0}
        joined = {"join_at": JOIN, "fade_frames": FADE} if self.joined else {}
        request = AttachMix(**{**fields, "first_end": -1, **joined, **changes})
        return request, [self.first.fd, self.after.fd, *([self.second.fd] if request.join_at >= 0 else [])]

    def join(self, worker: WorkerPeer, limit: int = -1) -> None:
        assert worker.ask(JoinMix(1, JOIN, FADE, limit), [self.second.fd]) == Done()
        self.joined = True

    def feed(self, until_frame: int = END, second: bool = True) -> None:
        """As much as there is room for."""
        ends = (min(until_frame, self.first_end), until_frame if second else 0)
        for (source, signal), end in zip(self._sources, ends, strict=True):
            portion = min(source.frames(), max(0, end - source.position))
            if portion:
                source.put(np.ascontiguousarray(signal[source.position : source.position + portion]).reshape(-1))
            source.before_sleep()

    def taste(self, portion: int) -> int:
        """So many frames of what is there at most; says how many."""
        portion = min(self._target.frames(), portion)
        if portion:
            self.heard = np.concatenate((self.heard, frames(self._target.take(portion))))
        self._target.before_sleep()
        return portion

    def move(self, end: int, portion: int = 3 * BLOCK + 1) -> None:
        """Supplies and hears until ``end``; no more is supplied than the whole blocks up to there."""
        while len(self.heard) < end:
            self.feed(-(-end // BLOCK) * BLOCK)
            if not self.taste(min(portion, end - len(self.heard))):
                assert self._target.wait(1, SOON_S) == lib.ST_RING_OK

    def stands_at(self, position: int) -> bool:
        return until(lambda: self.after.words().write_pos == position, SOON_S)


@pytest.fixture
def mixed(start_worker: Start) -> Iterator[Mixed]:
    with ExitStack() as stack:
        yield Mixed(start_worker, stack)


def kill(worker: WorkerPeer) -> None:
    worker.kill()
    assert worker.ended() == -9


def test_one_fades_into_the_other_and_nothing_else_is_heard(mixed: Mixed) -> None:
    worker = mixed.made()
    mixed.begin(worker, limit=JOIN)
    mixed.join(worker)
    mixed.move(END)
    assert np.array_equal(mixed.heard, model())
    assert mixed.first.words().read_pos == FIRST_END
    assert mixed.second.words().read_pos == END
    assert worker.ask(DetachStage(1)) == At(END)


def test_successors_in_mid_fade_give_the_same_bits(mixed: Mixed) -> None:
    """Before the join, in it, in the midst, at its end and behind it; also dead between two publishes."""
    worker = mixed.made()
    mixed.begin(worker, limit=JOIN)
    mixed.join(worker)
    places = (JOIN - 3 * BLOCK, JOIN, JOIN + BLOCK, JOIN + FADE // 2, JOIN + FADE - 9, JOIN + FADE + 2 * BLOCK)
    for count, place in enumerate(places):
        mixed.move(place)
        kill(worker)
        at = mixed.after.words().write_pos
        turned = at >= JOIN + FADE
        if count % 2 and not turned and at > JOIN:
            undo_read(mixed, at)
        worker = mixed.made()
        if turned:
            mixed.first, mixed.joined = mixed.second, False
        mixed.begin(worker)
    mixed.move(END)
    assert np.array_equal(mixed.heard, model())


def undo_read(mixed: Mixed, at: int) -> None:
    """As one leaves it that died right after it published what it wrote."""
    for ring, place in ((mixed.first, at - BLOCK), (mixed.second, max(JOIN, at - BLOCK))):
        words = RawWords(ring.fd)
        words.set(read_pos=place)
        words.close()


def test_it_waits_for_whichever_is_behind(mixed: Mixed) -> None:
    worker = mixed.made()
    mixed.begin(worker)
    mixed.join(worker)
    while len(mixed.heard) < JOIN // BLOCK * BLOCK:
        mixed.feed(second=False)
        mixed.taste(BLOCK)
    assert mixed.stands_at(JOIN // BLOCK * BLOCK)
    mixed.feed(JOIN + BLOCK - JOIN % BLOCK - 1)
    assert worker.ask(HoldStage(1)) == At(JOIN // BLOCK * BLOCK)
    worker.ask(ReleaseStage(1, EPOCH))
    mixed.move(END, BLOCK)
    assert np.array_equal(mixed.heard, model())


def test_it_stops_before_its_limit_until_it_is_told_another(mixed: Mixed) -> None:
    worker = mixed.made()
    last = JOIN // BLOCK * BLOCK
    mixed.begin(worker, limit=JOIN)
    mixed.move(last)
    mixed.feed()
    assert worker.ask(LimitMix(1, JOIN)) == Done()
    assert worker.ask(HoldStage(1)) == At(last)
    assert worker.ask(LimitMix(1, -1)) == Done()
    assert worker.ask(HoldStage(1)) == At(last)  # who is held stays so
    worker.ask(LimitMix(1, JOIN))
    worker.ask(ReleaseStage(1, EPOCH))
    mixed.join(worker)
    mixed.move(END)
    assert np.array_equal(mixed.heard, model())


def test_a_limit_may_change_in_mid_fade(mixed: Mixed) -> None:
    worker = mixed.made()
    mixed.begin(worker)
    mixed.join(worker, limit=JOIN + 3 * BLOCK)
    last = (JOIN + 3 * BLOCK) // BLOCK * BLOCK
    mixed.move(last)
    mixed.feed(last + 5 * BLOCK)
    worker.refused(JoinMix(1, JOIN, FADE, -1), FaultKind.MISUSE, [mixed.second.fd])
    assert worker.ask(HoldStage(1)) == At(last)
    worker.ask(ReleaseStage(1, EPOCH))
    assert worker.ask(LimitMix(1, -1)) == Done()
    mixed.move(END)
    assert np.array_equal(mixed.heard, model())


def test_the_first_may_end_before_the_fade_is_over(mixed: Mixed) -> None:
    """Told while it waits for frames that never come; a successor is told, too."""
    worker = mixed.made()
    mixed.first_end = JOIN + FADE // 3
    mixed.begin(worker)
    mixed.join(worker)
    mixed.move(mixed.first_end // BLOCK * BLOCK)
    worker.ask(FinishStage(1, mixed.first_end))
    mixed.move(mixed.first_end + 2 * BLOCK)
    kill(worker)
    mixed.begin(mixed.made(), first_end=mixed.first_end)
    mixed.move(END)
    assert np.array_equal(mixed.heard, model(mixed.first_end))


@pytest.mark.parametrize("side", ["first", "second", "after"])
def test_words_that_cannot_be_end_it(mixed: Mixed, side: str) -> None:
    worker = mixed.made()
    mixed.begin(worker)
    mixed.join(worker)
    mixed.move(JOIN + BLOCK)
    ring = getattr(mixed, side)
    words = RawWords(ring.fd)
    words.set(**({"read_pos": 1 << 61} if side == "after" else {"write_pos": 1 << 61}))
    words.close()
    assert worker.ask(FinishStage(1, FIRST_END)) == Done()  # it looks again, whatever it sleeps on
    stopped(worker, StopReason.RING)


@pytest.mark.parametrize("behind", [-1, BLOCK + 1, 2 * BLOCK])
def test_rings_that_no_death_leaves_so_are_not_joined(mixed: Mixed, behind: int) -> None:
    worker = mixed.made()
    mixed.begin(worker)
    mixed.join(worker)
    mixed.move(JOIN + 5 * BLOCK)
    kill(worker)
    at = mixed.after.words().write_pos
    words = RawWords(mixed.first.fd)
    words.set(read_pos=at - behind, write_pos=at + 2 * BLOCK)
    words.close()
    request, fds = mixed.attach()
    said = mixed.made().refused(request, FaultKind.INTERNAL, fds)
    assert "where it is due" in said.text


def test_what_cannot_be_is_refused(mixed: Mixed) -> None:
    worker = mixed.made()
    request, fds = mixed.attach()
    other = FORMAT._replace(channels=1)
    with Ring.create(RingFormat(*other)) as mono:
        worker.refused(request, FaultKind.INTERNAL, [mono.fd, fds[1]])
        worker.refused(request, FaultKind.MISUSE, fds[:1])
        mixed.begin(worker)
        worker.refused(JoinMix(1, JOIN + 1, FADE, -1), FaultKind.INTERNAL, [mixed.second.fd])
        worker.refused(JoinMix(1, 0, FADE, -1), FaultKind.INTERNAL, [mono.fd])
    worker.refused(FinishStage(1, JOIN), FaultKind.MISUSE)
    worker.refused(AttachDsp(1, EPOCH, 1, BLOCK, 0, -1, 0, Join.NONE, 0, 0, 0), FaultKind.MISUSE, [*fds, fds[0]])
    mixed.join(worker)
    mixed.move(END)
    assert np.array_equal(mixed.heard, model())
