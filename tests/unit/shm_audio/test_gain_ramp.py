"""The gain ramp: straight, continuous across calls, and without a trace at exactly one."""

from __future__ import annotations

import numpy as np
import pytest

from plugin_worker._core import ffi, lib
from tests.support.ring_end import Audio


class Ramp:
    """``st_ramp`` at a gain."""

    def __init__(self, gain: float) -> None:
        self._ramp = ffi.new("st_ramp *")
        lib.st_ramp_set(self._ramp, gain)

    def to(self, gain: float, frames: int) -> None:
        lib.st_ramp_to(self._ramp, gain, frames)

    def gains(self, frames: int, channels: int = 1) -> Audio:
        """What became of so many frames of ones."""
        return self.apply(np.ones(frames * channels, np.float32), channels)

    def skip(self, frames: int) -> None:
        lib.st_ramp_skip(self._ramp, frames)

    def apply(self, samples: Audio, channels: int = 1) -> Audio:
        out = samples.copy()
        lib.st_ramp_apply(self._ramp, ffi.from_buffer("float[]", out), len(out) // channels, channels)
        return out


def test_one_leaves_every_bit() -> None:
    bits = np.random.default_rng(1).integers(0, 2**32, 4096, dtype=np.uint32)
    samples = bits[(bits & 0x7F800000) != 0x7F800000].view(np.float32)
    assert len(samples) > 4000
    assert np.array_equal(Ramp(1.0).apply(samples).view(np.uint32), samples.view(np.uint32))


def test_one_reached_by_a_ramp_leaves_every_bit_too() -> None:
    ramp = Ramp(0.0)
    ramp.to(1.0, 10)
    ramp.gains(10)
    samples = np.array([1e-44, -0.0, 3.4e38, 0.1], np.float32)
    assert np.array_equal(ramp.apply(samples).view(np.uint32), samples.view(np.uint32))


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (1.0, 0.0), (0.25, 0.75), (1.0, 2.0)])
def test_the_way_is_straight(start: float, end: float) -> None:
    ramp = Ramp(start)
    ramp.to(end, 480)
    expected = start + (end - start) * np.arange(480) / 480
    assert np.allclose(ramp.gains(480), expected, atol=1e-6)
    assert np.array_equal(ramp.gains(100), np.full(100, end, np.float32))


@pytest.mark.parametrize("portion", [1, 7, 64, 479])
def test_portions_do_not_show(portion: int) -> None:
    whole, parts = Ramp(0.25), Ramp(0.25)
    whole.to(1.0, 480)
    parts.to(1.0, 480)
    pieces = [parts.gains(min(portion, 600 - at)) for at in range(0, 600, portion)]
    assert np.array_equal(np.concatenate(pieces), whole.gains(600))


@pytest.mark.parametrize("frames", [0, 1, 333, 480, 2**32 - 1])
def test_frames_that_are_skipped_count_as_frames(frames: int) -> None:
    heard, skipped = Ramp(0.25), Ramp(0.25)
    heard.to(1.0, 480)
    skipped.to(1.0, 480)
    heard.gains(min(frames, 1000))
    skipped.skip(frames)
    assert np.array_equal(skipped.gains(600), heard.gains(600))


def test_a_new_target_starts_where_the_gain_stands() -> None:
    ramp = Ramp(0.0)
    ramp.to(1.0, 100)
    ramp.gains(50)
    ramp.to(0.0, 50)
    gains = ramp.gains(60)
    assert gains[0] == pytest.approx(0.5)
    assert np.all(np.diff(gains) <= 0)
    assert gains[50] == 0.0


def test_no_way_is_a_jump() -> None:
    ramp = Ramp(0.0)
    ramp.to(0.5, 0)
    assert np.array_equal(ramp.gains(3), np.full(3, 0.5, np.float32))


def test_all_channels_of_a_frame_get_one_gain() -> None:
    ramp = Ramp(0.0)
    ramp.to(1.0, 64)
    frames = ramp.gains(64, channels=6).reshape(-1, 6)
    assert np.array_equal(frames, np.repeat(frames[:, :1], 6, axis=1))
    assert len(np.unique(frames)) == 64
