"""Workers of the test build die, stop, wait and dawdle at the very places that a test names."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import API_VERSION
from abi.wire import WIRE_VERSION, AttachDsp, AttachMix, Hello, Join, LoadModule
from tests.integration.worker.fault_stages import attach_decoder, attach_dsp, attach_sink, load, open_decoder
from tests.integration.worker.stages import DSP, EPOCH, SOON_S
from tests.support.failpoints import PLACES, Action, Failpoints
from tests.support.faulty import LIBRARY, PLUGIN
from tests.support.frames import first_wrong, numbered_audio, with_state
from tests.support.stage_rings import BLOCK, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer

StartWorker = Callable[[], WorkerPeer]
STATE = {"state": True}
EVERY = 2 * BLOCK  # a checkpoint after every second block


@pytest.fixture
def start(failpoints: Failpoints) -> Iterator[StartWorker]:
    """Starts greeted workers of the test build."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(WorkerPeer(python_path=failpoints.python_path))


@pytest.fixture
def placed(start: StartWorker) -> WorkerPeer:
    """One, with the fault plugin, which has a state and does nothing wrong."""
    return load(start())


def positions(rings: StageRings) -> list[int]:
    return [slot.position for slot in rings.checkpoints.slots()]


def test_without_an_order_it_works_as_the_product_does(placed: WorkerPeer, rings: StageRings) -> None:
    attach_dsp(placed, rings, {**STATE}, EVERY)
    rings.feed(10 * BLOCK)
    assert np.array_equal(rings.taste(10 * BLOCK), with_state(numbered_audio(0, 10 * BLOCK, 2), 2))
    assert until(lambda: positions(rings) == [10 * BLOCK, 8 * BLOCK], SOON_S)


@pytest.mark.parametrize(
    ("place", "kept", "moved"),
    [
        ("checkpoint", [4, 2], 6),
        ("checkpoint_cleared", [4], 6),
        ("checkpoint_half", [4], 6),
        ("checkpoint_filled", [4], 6),
    ],
)
def test_a_death_inside_a_checkpoint_leaves_the_other(
    failpoints: Failpoints, placed: WorkerPeer, rings: StageRings, place: str, kept: list[int], moved: int
) -> None:
    """The third one is of block 6; those of blocks 2 and 4 are in the slots, and 2 is the one to be overwritten."""
    armed = failpoints.arm(place, Action.KILL, let_pass=2)
    attach_dsp(placed, rings, {**STATE}, EVERY)
    rings.feed(10 * BLOCK)
    assert placed.ended() == -signal.SIGKILL
    assert (armed.fired, armed.hits) == (1, 3)
    assert positions(rings) == [each * BLOCK for each in kept]
    assert rings.after.words().write_pos == rings.before.words().read_pos == moved * BLOCK


@pytest.mark.parametrize(("place", "written"), [("output", 3), ("commit", 4)])
def test_a_death_around_the_commit_of_a_block(
    failpoints: Failpoints, placed: WorkerPeer, rings: StageRings, place: str, written: int
) -> None:
    """Either the block is not there at all, or it is written and not yet taken."""
    armed = failpoints.arm(place, Action.KILL, let_pass=3)
    attach_dsp(placed, rings, {})
    rings.feed(10 * BLOCK)
    assert placed.ended() == -signal.SIGKILL
    assert armed.fired == 1
    assert (rings.after.words().write_pos, rings.before.words().read_pos) == (written * BLOCK, 3 * BLOCK)


@pytest.mark.parametrize(("place", "written"), [("mixed", 3), ("mixed_half", 4)])
def test_a_death_around_the_commit_of_what_was_mixed(
    failpoints: Failpoints, placed: WorkerPeer, rings: StageRings, place: str, written: int
) -> None:
    armed = failpoints.arm(place, Action.KILL, let_pass=3)
    placed.ask(placed.creation(DSP, "fault", {}))
    placed.ask(AttachMix(1, EPOCH, BLOCK, -1, -1, 0, -1), rings.around[:2])
    rings.feed(10 * BLOCK)
    assert placed.ended() == -signal.SIGKILL
    assert armed.fired == 1
    assert (rings.after.words().write_pos, rings.before.words().read_pos) == (written * BLOCK, 3 * BLOCK)


@pytest.mark.parametrize("place", ["replay", "attach"])
def test_a_death_while_it_takes_over(failpoints: Failpoints, start: StartWorker, rings: StageRings, place: str) -> None:
    first = load(start())
    attach_dsp(first, rings, {**STATE}, EVERY)
    rings.feed(5 * BLOCK)
    rings.taste(5 * BLOCK)
    first.kill()
    first.ended()
    armed = failpoints.arm(place, Action.KILL, let_pass=2 if place == "replay" else 0)
    second = load(start())
    second.ask(second.creation(DSP, "fault", STATE))
    second.send(AttachDsp(1, EPOCH, 1, BLOCK, EVERY, -1, 0, Join.NONE, 0, 0, 0), rings.around)
    assert second.ended() == -signal.SIGKILL
    assert (armed.fired, armed.hits) == ((1, 3) if place == "replay" else (1, 1))
    assert rings.after.words().write_pos == 5 * BLOCK


def test_a_death_before_a_decoder_publishes(
    failpoints: Failpoints, placed: WorkerPeer, rings: StageRings, tmp_path: Path
) -> None:
    armed = failpoints.arm("publish", Action.KILL, let_pass=1)
    open_decoder(placed, tmp_path, {})
    attach_decoder(placed, rings)
    done = rings.target.frames
    assert until(lambda: done() > 0, SOON_S)
    assert first_wrong(rings.taste(done()), 2) == ""
    assert placed.ended() == -signal.SIGKILL
    assert armed.fired == 1


def test_a_death_between_the_device_and_the_ring(failpoints: Failpoints, placed: WorkerPeer, rings: StageRings) -> None:
    armed = failpoints.arm("accepted", Action.KILL)
    attach_sink(placed, rings, {})
    rings.feed(BLOCK)
    assert placed.ended() == -signal.SIGKILL
    assert armed.fired == 1
    assert rings.before.words().read_pos == 0


@pytest.mark.parametrize("place", ["load", "create"])
def test_deaths_on_the_way_to_an_instance(failpoints: Failpoints, start: StartWorker, place: str) -> None:
    armed = failpoints.arm(place, Action.KILL)
    worker = start()
    if place == "load":
        worker.send(LoadModule(str(PLUGIN / LIBRARY), str(PLUGIN), False, ()))
    else:
        load(worker).send(worker.creation(DSP, "fault"))
    assert worker.ended() == -signal.SIGKILL
    assert armed.fired == 1


def test_a_death_in_the_handshake(failpoints: Failpoints) -> None:
    armed = failpoints.arm("handshake", Action.KILL)
    with WorkerPeer(greet=False, python_path=failpoints.python_path) as worker:
        worker.send(Hello(WIRE_VERSION, API_VERSION, "test.worker", "play"), [worker.page.fd, worker.page.bell_fd])
        assert worker.ended() == -signal.SIGKILL
    assert armed.fired == 1


def test_pause_holds_the_stage_until_it_is_released(
    failpoints: Failpoints, placed: WorkerPeer, rings: StageRings
) -> None:
    armed = failpoints.arm("commit", Action.PAUSE, let_pass=1)
    attach_dsp(placed, rings, {})
    rings.feed(5 * BLOCK)
    assert until(lambda: armed.fired == 1, SOON_S)
    assert rings.before.words().read_pos == BLOCK
    armed.release()
    assert first_wrong(rings.taste(5 * BLOCK), 2) == ""


def test_stop_stops_the_worker(failpoints: Failpoints, placed: WorkerPeer, rings: StageRings) -> None:
    armed = failpoints.arm("commit", Action.STOP)
    attach_dsp(placed, rings, {})
    rings.feed(2 * BLOCK)
    stat = Path(f"/proc/{placed.process.pid}/stat")
    assert until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", SOON_S)
    placed.process.send_signal(signal.SIGCONT)
    assert first_wrong(rings.taste(2 * BLOCK), 2) == ""
    assert armed.fired == 1


def test_counts_go_on_in_the_next_process(failpoints: Failpoints, start: StartWorker) -> None:
    """Each second worker dies, and those of another plugin never."""
    armed = failpoints.arm("load", Action.KILL, let_pass=1, every=2, plugin="test.worker")
    other = failpoints.arm("load", Action.KILL, plugin="test.other")
    fates = []
    for _ in range(4):
        worker = start()
        worker.send(LoadModule(str(PLUGIN / LIBRARY), str(PLUGIN), False, ()))
        try:
            worker.answer(1 + 1)
            fates.append("lives")
        except EOFError:
            fates.append("dies")
    assert fates == ["lives", "dies"] * 2
    assert (armed.hits, armed.fired, other.hits) == (4, 2, 0)
    armed.disarm()


def test_every_place_is_tried_here() -> None:
    """Those of byte streams in the file for these."""
    here = Path(__file__)
    tried = here.read_text() + here.with_name("test_stream_failpoints.py").read_text()
    assert [place.name for place in PLACES if f'"{place.name}"' not in tried] == []
