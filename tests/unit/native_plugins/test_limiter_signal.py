"""The limiter: never above the ceiling, untouched below it, and otherwise what its definition says, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.unit.native_plugins.limiter_definition import ceiling_of, delayed, lookahead_of, what_is_due

RATE_HZ = 48_000
FRAMES = 12_000
LARGEST = float(np.finfo(np.float32).max)
TIME = np.arange(FRAMES) / RATE_HZ


def stereo(left: object, right: object = None) -> Frames:
    both = np.stack([np.asarray(left), np.asarray(left if right is None else right)], axis=1)
    return np.ascontiguousarray(both, np.float32)


def noise(frames: int, channels: int = 2, seed: int = 1, peak: float = 1.0) -> Frames:
    return np.random.default_rng(seed).uniform(-peak, peak, (frames, channels)).astype(np.float32)


def impulses(places: list[int], size: float = 1.0) -> Frames:
    """On the left, and one frame later on the right, upside down."""
    out = np.zeros((FRAMES, 2), np.float32)
    out[places, 0] = size
    out[[place + 1 for place in places], 1] = -size
    return out


SIGNALS: dict[str, Frames] = {
    "silence": np.zeros((FRAMES, 2), np.float32),
    "a sine of 0 dB": stereo(np.sin(2 * np.pi * 997 * TIME)),
    "two sines, one of them loud": stereo(np.sin(2 * np.pi * 60 * TIME), 8 * np.sin(2 * np.pi * 9001 * TIME)),
    "a tone that swells": stereo(np.sin(2 * np.pi * 440 * TIME) * np.linspace(0, 30, FRAMES)),
    "noise": noise(FRAMES),
    "loud noise": noise(FRAMES, peak=8.0),
    "bursts of noise": noise(FRAMES, peak=4.0) * (np.arange(FRAMES)[:, None] // 1000 % 2).astype(np.float32),
    "a square of 18 dB": stereo(8 * np.sign(np.sin(2 * np.pi * 100 * TIME))),
    "impulses": impulses([0, 1, 2, 239, 240, 241, 3000, 3241, 6000, 6239, 11_000]),
    "impulses as large as numbers are": impulses([5, 4000], LARGEST),
    "denormals": noise(FRAMES, peak=1e-38) * np.float32(1e-3),
    "a step": stereo(np.where(np.arange(FRAMES) < 5000, 0.1, 3.0)),
}
CONFIGS: dict[str, dict[str, float]] = {
    "default": {},
    "0 dB": {"ceiling_db": 0},
    "low and slow": {"ceiling_db": -60, "release_ms": 2000},
    "short": {"lookahead_ms": 0.1, "release_ms": 1},
    "long, driven": {"lookahead_ms": 20, "input_gain_db": 24},
    "quieter first": {"input_gain_db": -24, "ceiling_db": -20},
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_nothing_exceeds_the_ceiling(signal: Frames, config: dict[str, float]) -> None:
    with DirectDsp("limiter", config) as limiter:
        out = limiter.run(signal)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= ceiling_of(config.get("ceiling_db", -1))


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_below_the_ceiling_every_bit_stays(signal: Frames) -> None:
    """Up to the very ceiling."""
    ceiling = ceiling_of(-1)
    quiet = (signal * np.float64(ceiling / max(1, np.abs(signal).max()))).clip(-ceiling, ceiling).astype(np.float32)
    quiet[7000] = [ceiling, -ceiling]
    quiet[7001] = [-0.0, 1e-45]
    with DirectDsp("limiter", {}) as limiter:
        assert limiter.latency_frames == 240
        out = limiter.run(quiet)
    assert out.tobytes() == delayed(quiet, 240).tobytes()


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("signal", ["impulses", "loud noise", "a tone that swells"])
def test_it_gives_what_is_due(signal: str, config: dict[str, float]) -> None:
    """At a rate at which that is quick to work out."""
    samples = SIGNALS[signal][:2500]
    with DirectDsp("limiter", config, 8000) as limiter:
        out = limiter.run(samples)
    assert out.tobytes() == what_is_due(samples, 8000, **config).tobytes()


finite = st.floats(-4, 4, width=32) | st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(
    samples=st.lists(st.tuples(finite, finite), min_size=1, max_size=60),
    lookahead_ms=st.floats(0.1, 2),
    release_ms=st.floats(1, 20),
    ceiling_db=st.floats(-60, 0),
    blocks=st.lists(st.integers(1, 20), min_size=1, max_size=5),
)
@settings(max_examples=150)
def test_any_short_signal_in_any_blocks(
    samples: list[tuple[float, float]], lookahead_ms: float, release_ms: float, ceiling_db: float, blocks: list[int]
) -> None:
    config = {"lookahead_ms": lookahead_ms, "release_ms": release_ms, "ceiling_db": ceiling_db}
    signal = np.concatenate([np.array(samples, np.float32), np.zeros((40, 2), np.float32)])
    with DirectDsp("limiter", config, 8000) as limiter:
        parts: list[Frames] = []
        at = 0
        while at < len(signal):
            frames = blocks[len(parts) % len(blocks)]
            parts.append(limiter.run(signal[at : at + frames]))
            at += frames
    out = np.concatenate(parts)
    assert out.tobytes() == what_is_due(signal, 8000, **config).tobytes()
    assert np.abs(out).max() <= ceiling_of(ceiling_db)


@pytest.mark.parametrize("block_frames", [1, 7, 64, 239, 240, 241, FRAMES])
def test_blocks_do_not_show(block_frames: int) -> None:
    signal = SIGNALS["bursts of noise"]
    with DirectDsp("limiter", {}) as whole, DirectDsp("limiter", {}) as parts:
        assert parts.run(signal, block_frames).tobytes() == whole.run(signal).tobytes()


def test_the_gain_is_there_when_the_peak_comes_out() -> None:
    """Down within the look-ahead and not before, in steps without a jump, then back at the pace of the release."""
    signal = np.full((RATE_HZ, 1), 0.01, np.float32)
    signal[5000] = 8.0
    with DirectDsp("limiter", {"ceiling_db": 0, "lookahead_ms": 5, "release_ms": 50}, channels=1) as limiter:
        out = limiter.run(signal)[:, 0]
    ahead, peak = 240, 5240
    assert out[peak] == 1.0
    gains = np.delete(out / np.float32(0.01), peak)[ahead:]
    assert np.all(gains[: 5000 - ahead] == 1)
    assert 0 < np.abs(np.diff(gains)).max() <= 1.01 * (1 - 1 / 8) / (ahead + 1)
    left = 1 - gains[peak - ahead + ahead // 2 :]
    assert left[2400] / left[0] == pytest.approx(np.exp(-1), rel=0.05)
    assert gains[-1] == 1


def test_channels_share_one_gain() -> None:
    left = np.full((2000, 5), 0.5, np.float32)
    left[1000, 3] = 4.0
    with DirectDsp("limiter", {}, channels=5) as limiter:
        out = limiter.run(left)
    quiet = np.delete(out, 3, axis=1)
    assert np.all(quiet == quiet[:, :1])
    assert quiet[1240].max() < 0.12


def test_what_is_no_number_is_silence() -> None:
    signal = noise(3000, peak=0.5)
    bad = signal.copy()
    bad[[100, 101, 102, 2000], [0, 1, 0, 1]] = [np.nan, np.inf, -np.inf, np.nan]
    signal[[100, 101, 102, 2000], [0, 1, 0, 1]] = 0
    with DirectDsp("limiter", {}) as limiter:
        assert limiter.run(bad).tobytes() == delayed(signal, 240).tobytes()


def test_reset_forgets_the_past() -> None:
    signal = SIGNALS["bursts of noise"]
    with DirectDsp("limiter", {}) as fresh, DirectDsp("limiter", {}) as used:
        used.run(signal[:7777])
        used.apply(ceiling_db=-1, release_ms=60)
        used.apply(ceiling_db=-1)
        used.run(signal[:100])
        used.reset()
        assert used.run(signal).tobytes() == fresh.run(signal).tobytes()


@pytest.mark.parametrize("rate_hz", [1, 8000, 44_100, 192_000, 768_000])
@pytest.mark.parametrize("channels", [1, 64])
def test_every_rate_and_channel_count(rate_hz: int, channels: int) -> None:
    signal = noise(40_000 if channels == 1 else 16_500, channels, peak=2.0)
    with DirectDsp("limiter", {"lookahead_ms": 20}, rate_hz, channels) as limiter:
        assert limiter.latency_frames == lookahead_of(20, rate_hz)
        out = limiter.run(signal)
    assert 0 < np.abs(out).max() <= ceiling_of(-1)
    assert np.flatnonzero(out.any(axis=1))[0] == lookahead_of(20, rate_hz)


@pytest.mark.parametrize(("rate_hz", "channels"), [(0, 2), (768_001, 2), (48_000, 0), (48_000, 65)])
def test_other_formats_are_refused(rate_hz: int, channels: int) -> None:
    with pytest.raises(Refused, match=r"^limiter: takes 1 to 768000 Hz and 1 to 64 channels"):
        DirectDsp("limiter", {}, rate_hz, channels)
