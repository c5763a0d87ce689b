"""Sizes of rings, and how often states are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.playback.sizes import Pacing, PipelineFormat, RingPlan, checkpoint_frames, end_of_programme, on_grid
from host.settings import PipelineSizes

RATES = st.integers(1000, 768_000)
BLOCKS = st.sampled_from([32, 64, 512, 1024, 8192])


def plan(rate: int, block: int, history_ms: int, *, batched: bool) -> RingPlan:
    sizes = PipelineSizes(block_frames=block, history_ms=history_ms)
    pacing = Pacing.unpaced(sizes) if batched else Pacing.paced(sizes)
    return RingPlan.of(PipelineFormat(rate, 2), pacing, pacing.ring_ahead_ms)


@given(RATES, BLOCKS, st.integers(20, 10_000), st.booleans())
def test_two_checkpoints_lie_within_the_history(rate: int, block: int, history_ms: int, batched: bool) -> None:
    fmt = plan(rate, block, history_ms, batched=batched).format
    every = checkpoint_frames(fmt)
    assert every >= block and every % block == 0
    assert 2 * every <= fmt.history_frames or every == block
    assert every * 1000 <= rate * 250 or every == block


@pytest.mark.parametrize(("history_ms", "every"), [(1000, 10_752), (100, 2048), (20, 512)])
def test_a_quarter_of_a_second_or_half_the_history(history_ms: int, every: int) -> None:
    assert checkpoint_frames(plan(44_100, 512, history_ms, batched=False).format) == every


@given(RATES, BLOCKS, st.integers(20, 10_000), st.booleans())
def test_rings_hold_whole_blocks_and_readers_wake_for_some(
    rate: int, block: int, history_ms: int, batched: bool
) -> None:
    found = plan(rate, block, history_ms, batched=batched)
    assert found.format.ahead_frames % block == 0 and found.format.ahead_frames >= 4 * block
    assert block <= found.wake_frames <= found.format.ahead_frames // (2 if batched else 1)
    assert found.wake_frames % block == 0


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 20), BLOCKS)
def test_the_end_is_padded_to_the_grid(position: int, latency: int, block: int) -> None:
    end, padded = end_of_programme(position, latency, block)
    assert end == position + latency
    assert padded == on_grid(end, block) and padded % block == 0 and 0 <= padded - end < block
