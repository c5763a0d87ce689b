"""Where a dsp joins its rings: input and output stand at one place, or as a death between two publishes left them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from abi.wire import At, FaultKind
from tests.support.ring_end import RawWords
from tests.support.stage_rings import BLOCK, StageRings
from tests.support.takeover import TakenOver, noise, shipped
from tests.support.worker_peer import WorkerPeer

GAIN = shipped("gain", gain_db=-7.3)
FRAMES = 10 * BLOCK


@pytest.mark.parametrize("behind", [2 * BLOCK, BLOCK + 1, -1, -BLOCK])
def test_rings_that_no_death_leaves_so_are_not_joined(
    start_worker: Callable[[], WorkerPeer], rings: StageRings, behind: int
) -> None:
    stage = TakenOver(start_worker, rings, noise(2 * FRAMES))
    stage.begin(GAIN)
    stage.move(FRAMES)
    stage.kill()
    at = rings.after.words().write_pos
    words = RawWords(rings.before.fd)
    words.set(read_pos=at - behind, retain_pos=0, write_pos=at + 4 * BLOCK)
    said = stage.made(GAIN).refused(stage.attach(replay_from=at), FaultKind.INTERNAL, rings.around)
    assert "stand at different positions" in said.text
    words.set(read_pos=at - BLOCK)
    assert stage.made(GAIN).ask(stage.attach(replay_from=at), rings.around) == At(at)
    words.close()
