"""What dsp_loudness measures is what libebur128 measures, and what EBU Tech 3341 says must be measured."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.ebur128 import integrated_lufs
from tests.unit.native_plugins.loudness_state import lufs_of

RATE_HZ = 48_000
AGREEING_LU = 1e-6


def sine(dbfs: float, seconds: float, rate_hz: int = RATE_HZ, channels: int = 2, hz: float = 1000.0) -> Frames:
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * time)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def noise(seconds: float, rate_hz: int = RATE_HZ, channels: int = 2, peak: float = 0.3) -> Frames:
    random = np.random.default_rng(channels * rate_hz)
    return random.uniform(-peak, peak, (int(seconds * rate_hz), channels)).astype(np.float32)


def measured(samples: Frames, rate_hz: int = RATE_HZ, **config: object) -> float:
    with DirectDsp("loudness", {"window_s": 120, **config}, rate_hz, samples.shape[1]) as loudness:
        loudness.run(samples, 1024)
        lufs = lufs_of(loudness.export_state())
    assert lufs is not None
    return lufs


#: Cases 1 to 5 of EBU Tech 3341 table 1, shorter where that changes nothing.
TECH_3341: dict[str, tuple[Frames, float]] = {
    "1: a tone": (sine(-23, 5), -23.0),
    "2: a soft tone": (sine(-33, 5), -33.0),
    "3: softer at both ends": (np.concatenate([sine(-36, 2), sine(-23, 12), sine(-36, 2)]), -23.0),
    "4: all but silent at both ends": (
        np.concatenate([sine(-72, 2), sine(-36, 2), sine(-23, 12), sine(-36, 2), sine(-72, 2)]),
        -23.0,
    ),
    "5: louder in the middle": (np.concatenate([sine(-26, 20), sine(-20, 20.1), sine(-26, 20)]), -23.0),
}


@pytest.mark.parametrize(("samples", "lufs"), TECH_3341.values(), ids=TECH_3341)
def test_the_tones_of_tech_3341(samples: Frames, lufs: float) -> None:
    found = measured(samples)
    assert found == pytest.approx(lufs, abs=0.1)
    assert found == pytest.approx(integrated_lufs(samples, RATE_HZ), abs=AGREEING_LU)


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 4, 5, 6])
def test_noise_that_comes_and_goes(rate_hz: int, channels: int) -> None:
    """At any rate and in any layout, the low-frequency effects not counted and the surrounds more."""
    fades = 0.5 - 0.5 * np.cos(np.arange(3 * rate_hz) / rate_hz * 2 * np.pi / 1.3)
    samples = (noise(3, rate_hz, channels) * (fades**2)[:, None]).astype(np.float32)
    found = measured(samples, rate_hz)
    assert found == pytest.approx(integrated_lufs(samples, rate_hz), abs=AGREEING_LU)


def test_low_tones_and_high_ones_count_as_they_are_heard() -> None:
    for hz in (20, 60, 500, 4000, 15_000):
        samples = sine(-20, 2, hz=hz)
        assert measured(samples) == pytest.approx(integrated_lufs(samples, RATE_HZ), abs=AGREEING_LU), hz


def test_only_the_window_counts() -> None:
    """Of what came before it, nothing but what the filters still ring with."""
    loud, soft = noise(5, peak=0.9), noise(4, peak=0.1)
    found = measured(np.concatenate([loud, soft]), window_s=3)
    assert found == pytest.approx(integrated_lufs(soft[-3 * RATE_HZ :], RATE_HZ), abs=0.01)


def test_silence_is_not_measured() -> None:
    """Neither at the begin nor later: what was measured holds."""
    with DirectDsp("loudness", {"window_s": 3}) as loudness:
        loudness.run(np.zeros((2 * RATE_HZ, 2), np.float32))
        assert lufs_of(loudness.export_state()) is None
        loudness.run(noise(1))
        before = lufs_of(loudness.export_state())
        assert before is not None
        loudness.run(np.zeros((20 * RATE_HZ, 2), np.float32))
        assert lufs_of(loudness.export_state()) == pytest.approx(before, abs=0.5), "longer than the window"
        loudness.run(again := noise(4))
        expected = integrated_lufs(again[-3 * RATE_HZ :], RATE_HZ)
        assert lufs_of(loudness.export_state()) == pytest.approx(expected, abs=0.01)


def test_what_is_no_number_counts_as_silence() -> None:
    samples = noise(1)
    spoilt, silent = samples.copy(), samples.copy()
    spoilt[5000], spoilt[6000], spoilt[7000] = np.nan, np.inf, -np.inf
    silent[[5000, 6000, 7000]] = 0
    assert measured(spoilt) == measured(silent)
