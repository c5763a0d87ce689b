"""Rate conversion against the only true reference: the same sine, computed at the other rate."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.converter import converter
from tests.support.ring_end import Audio

TOLERANCE = 1e-4
LEVEL = 0.5
RATES = [(44100, 48000), (48000, 44100), (44100, 96000), (96000, 44100), (8000, 48000)]


def sine(rate: int, frames: int, frequency: float, channels: int = 1) -> Audio:
    wave = (LEVEL * np.sin(2 * np.pi * frequency * np.arange(frames) / rate)).astype(np.float32)
    return np.repeat(wave[:, None], channels, axis=1).reshape(-1)


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("frequency", [100.0, 997.0, 3000.0])
def test_a_sine_stays_itself(source: int, target: int, frequency: float) -> None:
    with converter((source, 1), (target, 1)) as each:
        out = each.all_of(sine(source, source, frequency), 4096)
    assert len(out) == target
    middle = slice(target // 10, -target // 10)  # the edges ring, as any band-limited step does
    assert np.abs(out - sine(target, target, frequency))[middle].max() < TOLERANCE


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("frames", [1, 441, 44100, 100_003])
def test_the_length_follows_the_rates(source: int, target: int, frames: int) -> None:
    with converter((source, 2), (target, 2)) as each:
        made = len(each.all_of(np.ones(2 * frames, np.float32), 4096)) / 2
    assert abs(made - frames * target / source) <= 1


@pytest.mark.parametrize("block", [1, 17, 512, 4095])
def test_blocks_do_not_show(block: int) -> None:
    samples = sine(44100, 20_000, 997.0)
    with converter((44100, 1), (48000, 1)) as whole, converter((44100, 1), (48000, 1)) as parts:
        assert np.array_equal(whole.all_of(samples, 4096), parts.all_of(samples, block))


def test_drained_means_nothing_more() -> None:
    with converter((44100, 1), (48000, 1)) as each:
        each.all_of(sine(44100, 1000, 997.0), 512)
        assert [len(each.run(None)) for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(("sources", "targets"), [(6, 2), (2, 6), (1, 2), (2, 1)])
def test_rate_and_channels_together(sources: int, targets: int) -> None:
    """The order in which matrix and rate go does not show."""
    samples = sine(44100, 44100, 997.0, sources)
    with converter((44100, sources), (48000, targets)) as both, converter((48000, sources), (48000, targets)) as mix:
        out = both.all_of(samples, 4096)
        expected = mix.all_of(sine(48000, 48000, 997.0, sources), 4096)
    middle = slice(4800 * targets, -4800 * targets)
    assert np.abs(out - expected)[middle].max() < TOLERANCE
    assert np.abs(out).max() > LEVEL / 2
