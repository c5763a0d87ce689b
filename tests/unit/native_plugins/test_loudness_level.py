"""dsp_loudness brings what it measures to the target, within its limits and without a step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.support.ebur128 import integrated_lufs
from tests.unit.native_plugins.test_loudness_measured import RATE_HZ, noise, sine

HOP = RATE_HZ // 10
#: The fastest that anything moves: the guard, 6 dB within 100 ms.
FASTEST = 10 ** (6 / 20 / HOP) * 1.01
LOW_HZ = 8000
WRONG: dict[str, object] = {
    "target_lufs": -4,
    "max_boost_db": 31,
    "max_cut_db": -1,
    "peak_db": 0.1,
    "speed_db_s": 0,
    "window_s": 121,
}


def levelled(samples: Frames, **config: object) -> Frames:
    with DirectDsp("loudness", config) as loudness:
        return loudness.run(samples)


def gains(out: Frames, samples: Frames) -> npt.NDArray[np.float64]:
    """What each frame was multiplied by, where that can be told."""
    loud = np.abs(samples[:, 0]) > 1e-3
    return np.asarray(out[loud, 0].astype(np.float64) / samples[loud, 0], np.float64)


@pytest.mark.parametrize(
    ("samples", "target"),
    [(sine(-30, 12), -18), (sine(-8, 12), -18), (noise(12, peak=0.05), -18), (noise(12, peak=0.9), -23)],
    ids=["a soft tone", "a loud tone", "soft noise", "loud noise"],
)
def test_it_comes_to_the_target(samples: Frames, target: float) -> None:
    out = levelled(samples, target_lufs=target)
    assert abs(integrated_lufs(samples, RATE_HZ) - target) > 5
    assert integrated_lufs(out[-5 * RATE_HZ :], RATE_HZ) == pytest.approx(target, abs=0.1)


def test_it_goes_no_further_than_it_may() -> None:
    soft, loud = noise(8, peak=0.01), noise(8, peak=0.9)
    raised = levelled(soft, max_boost_db=6)[-RATE_HZ:] / soft[-RATE_HZ:].astype(np.float64)
    lowered = levelled(loud, max_cut_db=3)[-RATE_HZ:] / loud[-RATE_HZ:].astype(np.float64)
    assert np.allclose(raised, 10 ** (6 / 20), rtol=1e-5)
    assert np.allclose(lowered, 10 ** (-3 / 20), rtol=1e-5)


def test_peaks_that_are_known_stay_below_the_limit() -> None:
    """Soft noise with a click each half second, which would be raised by 12 dB."""
    samples = noise(8, peak=0.01)
    samples[:: RATE_HZ // 2] = 0.5
    out = levelled(samples, peak_db=-2)
    assert np.abs(out[3 * RATE_HZ :]).max() == pytest.approx(10 ** (-2 / 20), rel=1e-5)


def test_a_new_peak_is_met_soon_and_without_a_step() -> None:
    samples = noise(6, peak=0.05)
    samples[4 * RATE_HZ :] *= np.float32(18)
    out = levelled(samples)
    assert np.abs(out[4 * RATE_HZ + 4 * HOP :]).max() <= 10 ** (-1 / 20) + 1e-6
    moved = gains(out, samples)
    assert max((moved[1:] / moved[:-1]).max(), (moved[:-1] / moved[1:]).max()) < FASTEST**50  # some lie apart


def test_nothing_jumps() -> None:
    """A tone of one amplitude shows the gain itself; it goes as fast as it is told once it knows enough."""
    samples = np.full((10 * RATE_HZ, 2), 0.1, np.float32) * np.where(np.arange(10 * RATE_HZ) // 24 % 2, 1, -1)[:, None]
    with DirectDsp("loudness", {"speed_db_s": 1}) as loudness:
        out = [loudness.run(samples[: 5 * RATE_HZ].astype(np.float32))]
        loudness.apply(speed_db_s=1, target_lufs=-30)
        out.append(loudness.run(samples[5 * RATE_HZ :].astype(np.float32)))
    gain_db = 20 * np.log10(np.abs(np.concatenate(out)[:, 0].astype(np.float64)) / 0.1)
    slope_db_s = np.diff(gain_db) * RATE_HZ
    assert np.abs(slope_db_s).max() <= 20 * 1.2
    later = slope_db_s[5 * RATE_HZ + HOP :]
    assert later.min() == pytest.approx(-1, rel=0.3)
    assert np.abs(np.diff(gain_db[::HOP]))[32:].max() <= 0.1 + 1e-4, "1 dB in a second"
    assert gain_db[-1] < gain_db[5 * RATE_HZ] - 4


def test_at_0_db_no_bit_changes() -> None:
    samples = noise(3)
    assert levelled(samples, max_boost_db=0, max_cut_db=0).tobytes() == samples.tobytes()
    silence = np.zeros((2 * RATE_HZ, 2), np.float32)
    assert levelled(silence).tobytes() == silence.tobytes()


@given(block_frames=st.integers(1, 3000))
@settings(max_examples=20)
def test_no_result_shows_the_blocks(block_frames: int) -> None:
    samples = noise(3, LOW_HZ, peak=0.05)
    with DirectDsp("loudness", {}, LOW_HZ) as whole, DirectDsp("loudness", {}, LOW_HZ) as cut:
        assert cut.run(samples, block_frames).tobytes() == whole.run(samples, len(samples)).tobytes()


def test_after_a_reset_all_is_as_in_the_beginning() -> None:
    samples = noise(3, LOW_HZ, peak=0.05)
    with DirectDsp("loudness", {}, LOW_HZ) as used, DirectDsp("loudness", {}, LOW_HZ) as fresh:
        used.run(samples[:12_345])
        used.reset()
        assert used.export_state() == fresh.export_state()
        assert used.run(samples).tobytes() == fresh.run(samples).tobytes()


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("value", ["wrong", "loud", None, [1], 1e300, -1e300])
def test_what_is_out_of_range_is_rejected_with_its_name(name: str, value: object) -> None:
    config = {name: WRONG[name] if value == "wrong" else value}
    with DirectDsp("loudness", {}) as loudness:
        mode, _, reason = loudness.plan(**config)
        assert mode is ConfigUpdateMode.REJECT
        assert reason.startswith(f"loudness: {name} is ")
        with pytest.raises(Refused, match=f"^loudness: {name} is "):
            loudness.apply(**config)
    with pytest.raises(Refused, match=f"^loudness: {name} is "):
        DirectDsp("loudness", config)


def test_all_else_is_taken_in_place() -> None:
    with DirectDsp("loudness", {}) as loudness:
        config = {"target_lufs": -23, "window_s": 3, "peak_db": 0}
        assert loudness.plan(**config) == (ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW, "")
        loudness.apply(**config)


@pytest.mark.parametrize(("rate_hz", "channels"), [(3999, 2), (768_001, 2), (48_000, 65)])
def test_what_it_cannot_measure_it_refuses(rate_hz: int, channels: int) -> None:
    with pytest.raises(Refused, match=r"^loudness: takes 4000 to 768000 Hz and 1 to 64 channels"):
        DirectDsp("loudness", {}, rate_hz, channels)
