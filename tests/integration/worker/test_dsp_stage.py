"""The dsp stage: whole blocks, bit for bit, whatever the plugin does to them."""

from __future__ import annotations

import os
import re

import numpy as np

from abi.wire import (
    At,
    AttachDecode,
    DestroyInstance,
    DetachStage,
    FaultKind,
    FinishStage,
    HoldStage,
    PluginLog,
    ReleaseStage,
    Resampler,
    StopReason,
)
from tests.integration.worker.stages import DSP, EPOCH, SOON_S, dsp, dsp_attach, stopped
from tests.support.ring_end import numbered
from tests.support.stage_rings import BLOCK, StageRings
from tests.support.waiting import until
from tests.support.worker_peer import WorkerPeer


def failed_and_moved(odd: WorkerPeer) -> tuple[int, int]:
    """Blocks, as the stage's line has them."""
    (lane,) = (lane for lane in odd.page.lanes() if lane.instance == 1)
    return lane.failed_blocks, lane.blocks


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
    assert all(line.endswith(": odd: not today") for line in lines)
    assert failed_and_moved(odd) == (8, 8)


def test_an_instance_begins_with_no_failed_blocks(odd: WorkerPeer, rings: StageRings) -> None:
    """Also where it takes the line of one that had some."""
    dsp(odd, rings, "fail")
    rings.feed(BLOCK)
    rings.taste(BLOCK)
    assert until(lambda: failed_and_moved(odd) == (1, 1), SOON_S)
    line = odd.page.lanes()[-1].slot
    odd.ask(DestroyInstance(1))
    odd.ask(odd.creation(DSP, "odd"))
    assert odd.page.lanes()[-1].slot == line
    assert failed_and_moved(odd) == (0, 0)


def test_a_long_complaint_is_cut(odd: WorkerPeer, rings: StageRings) -> None:
    dsp(odd, rings, "fail at length")
    rings.feed(BLOCK)
    rings.taste(BLOCK)
    line = odd.event(PluginLog).text
    assert line.endswith(": odd: " + "x" * 195)


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
    odd.refused(dsp_attach(), FaultKind.INTERNAL, [0, 1, 2])
    odd.refused(dsp_attach(), FaultKind.MISUSE, rings.around[:2])
    request = AttachDecode(1, EPOCH, 0, 0, -1, 0, 1.0, Resampler.VERY_HIGH, False)
    odd.refused(request, FaultKind.MISUSE, [rings.after.fd])
    odd.refused(HoldStage(1), FaultKind.MISUSE)
    odd.ask(dsp_attach(), rings.around)
    odd.refused(dsp_attach(), FaultKind.MISUSE, rings.around)
    odd.refused(FinishStage(1, 0), FaultKind.MISUSE)
