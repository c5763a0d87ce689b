"""Rate conversion against the only true reference: the same sine, computed at the other rate."""

from __future__ import annotations

import numpy as np
import pytest

from abi.wire import Resampler
from host.playback.resume import WARM_UP_FRAMES, periods_of
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


@pytest.mark.parametrize("quality", Resampler)
@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("frames", [1, 441, 44100, 100_003])
def test_the_length_follows_the_rates(source: int, target: int, frames: int, quality: Resampler) -> None:
    with converter((source, 2), (target, 2), quality=quality) as each:
        made = len(each.all_of(np.ones(2 * frames, np.float32), 4096)) / 2
    assert abs(made - frames * target / source) <= 1


#: What comes out beside a sine of 5 kHz itself, from and to.
RESIDUE_DB = {
    Resampler.QUICK: (-50, -40),
    Resampler.LOW: (-115, -100),
    Resampler.MEDIUM: (-115, -100),
    Resampler.HIGH: (-130, -115),
    Resampler.VERY_HIGH: (-160, -135),
}


@pytest.mark.parametrize("quality", Resampler)
def test_each_quality_is_what_it_is_called(quality: Resampler) -> None:
    """By image, level and phase of a tone in mid-band; low and medium differ in how high their band reaches."""
    with converter((44100, 1), (48000, 1), quality=quality) as each:
        out = each.all_of(sine(44100, 44100, 5_000.0), 4096)
    with converter((44100, 1), (48000, 1), quality=quality) as each:
        high = each.all_of(sine(44100, 44100, 18_000.0), 4096)
    middle = slice(4800, -4800)
    least, most = RESIDUE_DB[quality]
    assert least < 20 * np.log10(np.abs(out - sine(48000, 48000, 5_000.0))[middle].max() / LEVEL) < most
    kept = float(np.sqrt(2 * np.mean(high[middle] ** 2)) / LEVEL)
    assert kept > 0.98 if quality >= Resampler.MEDIUM else kept < 0.9


#: A successor against who was there from the start: rounding in float32 is heard last in the low quality.
SEAM_DB = dict.fromkeys(Resampler, -120.0) | {Resampler.LOW: -115.0}
SEAMS = [*RATES, (192000, 44100), (44100, 88200), (500, 48000), (48000, 500), (44101, 48000), (50000, 48828)]


@pytest.mark.parametrize("quality", Resampler)
@pytest.mark.parametrize(("source", "target"), SEAMS)
def test_a_successor_that_is_warm_is_not_told_from_the_one_before(source: int, target: int, quality: Resampler) -> None:
    """Full-band noise; at most 8 s of it lie before, in which a clock that is not exact would run away."""
    source_period, period = periods_of(source, target)
    begun = max(1, 400_000 // max(period, source_period))  # in periods
    warm = -(-WARM_UP_FRAMES * target // min(source, target))
    heard = 2_000
    frames = begun * source_period + (warm + heard + 4096) * source // target + 4096
    noise = np.random.default_rng(source + target).uniform(-0.5, 0.5, frames).astype(np.float32)
    with converter((source, 1), (target, 1), quality=quality) as whole:
        expected = whole.all_of(noise, 4096)[begun * period + warm :][:heard]
    with converter((source, 1), (target, 1), quality=quality) as fresh:
        found = fresh.all_of(noise[begun * source_period :], 512)[warm:][:heard]
    assert len(found) == len(expected) == heard
    assert 20 * np.log10(np.abs(found - expected).max() + 1e-30) < SEAM_DB[quality]
    if quality is Resampler.QUICK:
        assert np.array_equal(found, expected)


def test_no_such_quality() -> None:
    with pytest.raises(ValueError, match="no such quality"), converter((44100, 1), (48000, 1), quality=5):
        pass


@pytest.mark.parametrize("quality", Resampler)
@pytest.mark.parametrize("block", [1, 17, 512, 4095])
def test_blocks_do_not_show(block: int, quality: Resampler) -> None:
    samples = sine(44100, 20_000, 997.0)
    with (
        converter((44100, 1), (48000, 1), quality=quality) as whole,
        converter((44100, 1), (48000, 1), quality=quality) as parts,
    ):
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
