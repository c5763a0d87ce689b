"""A stage that goes over to another ring at a position: nothing is lost or doubled there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from abi.kinds import CapabilityKind
from abi.wire import (
    At,
    AttachDsp,
    DetachStage,
    Done,
    Failed,
    FinishStage,
    HoldStage,
    Join,
    PushHostEvents,
    ReleaseStage,
    StopReason,
    SwitchInput,
)
from shm_audio import Ring
from shm_audio._core import lib
from tests.integration.worker.stages import EPOCH, SOON_S, dsp, played, sink, stopped
from tests.support.ring_end import RingEnd, numbered
from tests.support.stage_rings import BLOCK, FORMAT, StageRings
from tests.support.takeover import shipped
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

Start = Callable[[], WorkerPeer]

CHANNELS = FORMAT.channels
AT = 6 * BLOCK
END = 10 * BLOCK


@pytest.fixture
def following() -> Iterator[Ring]:
    """The next ring; it begins at ``AT``."""
    with Ring.create(FORMAT) as ring:
        ring.set_words(AT)
        yield ring


def fill(ring: Ring) -> None:
    """From ``AT`` to ``END``."""
    with RingEnd(ring.fd, lib.ST_RING_WRITER) as writer:
        writer.put(numbered(AT, END - AT, CHANNELS))
        writer.before_sleep()


def test_a_dsp_reads_the_first_to_the_end_and_then_the_second(
    odd: WorkerPeer, rings: StageRings, following: Ring
) -> None:
    dsp(odd, rings)
    rings.feed(2 * BLOCK)
    assert odd.ask(SwitchInput(1, AT, BLOCK), [following.fd]) == Done()
    fill(following)
    rings.feed(AT + BLOCK - 2 * BLOCK)  # one block more than is its to read
    assert np.array_equal(rings.taste(END), numbered(0, END, CHANNELS))
    assert rings.before.words().read_pos == AT
    assert odd.ask(HoldStage(1)) == At(END)


def test_who_is_held_goes_on_at_once(odd: WorkerPeer, rings: StageRings, following: Ring) -> None:
    dsp(odd, rings)
    rings.feed(AT)
    rings.taste(AT)
    assert odd.ask(HoldStage(1)) == At(AT)
    assert odd.ask(SwitchInput(1, AT, BLOCK), [following.fd]) == Done()
    fill(following)
    assert np.array_equal(rings.taste(END - AT), numbered(AT, END - AT, CHANNELS))
    assert odd.ask(DetachStage(1)) == At(END)


def test_a_sink_goes_over_in_the_midst_of_a_block(odd: WorkerPeer, rings: StageRings) -> None:
    """Its place need not lie on the grid, and it does not wait for more than there is before it."""
    at = 3 * BLOCK + 7
    with Ring.create(FORMAT) as ring:
        ring.set_words(at)
        with RingEnd(ring.fd, lib.ST_RING_WRITER) as second:
            sink(odd, rings)
            assert odd.ask(SwitchInput(1, at, 4 * BLOCK), [ring.fd]) == Done()
            rings.feed(at + BLOCK)
            second.put(numbered(at, END - at, CHANNELS))
            second.before_sleep()
            assert odd.ask(FinishStage(1, END)) == Done()
            assert played(odd) == (END, 0)
            stopped(odd, StopReason.FINISHED, END)
            assert rings.before.words().read_pos == at
            assert ring.words().read_pos == END


def test_a_sink_takes_no_frame_along_that_it_was_only_offered(odd: WorkerPeer, rings: StageRings) -> None:
    """Held with one frame of a block accepted: the others are the next ring's, whatever stood in the first."""
    sink(odd, rings, "until told")
    rings.source.put(np.concatenate((numbered(0, 1, CHANNELS), numbered(AT, BLOCK - 1, CHANNELS))))
    rings.source.before_sleep()
    assert until(lambda: rings.before.words().read_pos == 1, SOON_S)
    assert odd.ask(HoldStage(1)) == At(1)
    with Ring.create(FORMAT) as ring:
        ring.set_words(1)
        with RingEnd(ring.fd, lib.ST_RING_WRITER) as second:
            assert odd.ask(SwitchInput(1, 1, BLOCK), [ring.fd]) == Done()
            assert odd.ask(PushHostEvents((b'{"type": "x"}',))).lost == 0
            assert odd.ask(HoldStage(1)) == At(1)
            odd.ask(ReleaseStage(1, EPOCH))
            second.put(numbered(1, END - 1, CHANNELS))
            second.before_sleep()
            assert odd.ask(FinishStage(1, END)) == Done()
            assert played(odd) == (END, 0)
            stopped(odd, StopReason.FINISHED, END)
            assert (rings.before.words().read_pos, ring.words().read_pos) == (1, END)


@pytest.mark.parametrize("case", ["elsewhere", "passed", "twice", "no ring"])
def test_what_cannot_be_is_refused_and_the_stage_works_on(
    odd: WorkerPeer, rings: StageRings, following: Ring, case: str
) -> None:
    dsp(odd, rings)
    at, fd = AT, following.fd
    if case == "elsewhere":
        at = AT + BLOCK
    if case == "passed":
        rings.feed(AT + BLOCK)
        rings.taste(AT + BLOCK)
    if case == "twice":
        assert odd.ask(SwitchInput(1, at, BLOCK), [fd]) == Done()
    if case == "no ring":
        fd = rings.checkpoints.fd
    assert isinstance(odd.ask_any(SwitchInput(1, at, BLOCK), [fd]), Failed)
    start = rings.target.position
    rings.feed(2 * BLOCK)
    assert np.array_equal(rings.taste(2 * BLOCK), numbered(start, 2 * BLOCK, CHANNELS))


def test_a_new_ring_gets_the_past_of_the_old_one(start_worker: Start, rings: StageRings) -> None:
    """FILL: the input's past becomes the output's, for whoever reads that from now on."""
    worker = start_worker()
    dry = shipped("dry")
    rings.feed(8 * BLOCK)
    worker.load(dry.library)
    worker.ask(worker.creation(CapabilityKind.DSP, dry.type_id, {}))
    rings.before.set_reader(BLOCK, 4 * BLOCK)
    rings.after.set_words(5 * BLOCK)
    rings.after.set_reader(BLOCK, 4 * BLOCK + 3)
    rings.target.adopt()
    request = AttachDsp(1, EPOCH, 1, BLOCK, 0, -1, BLOCK, Join.FILL, 0, 0, 0)
    assert worker.ask(request, rings.around) == At(5 * BLOCK)
    assert rings.before.words().read_pos >= 5 * BLOCK
    assert np.array_equal(rings.target.at(BLOCK, 4 * BLOCK), numbered(BLOCK, 4 * BLOCK, CHANNELS))
    assert np.array_equal(rings.taste(3 * BLOCK), numbered(4 * BLOCK + 3, 3 * BLOCK, CHANNELS))
