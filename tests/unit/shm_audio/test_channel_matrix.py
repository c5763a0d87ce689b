"""From any number of channels to any other: by position, never louder than full scale."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.converter import converter, matrix

PAIRS = [(i, o) for i in range(1, 9) for o in range(1, 9)]
HALF_POWER = np.float32(0.70710678)
# Where front left and front right are, per number of channels.
FRONTS = {2: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), 6: (0, 1), 7: (0, 1), 8: (0, 1)}


@pytest.mark.parametrize("channels", range(1, 33))
def test_the_same_number_is_untouched(channels: int) -> None:
    assert np.array_equal(matrix(channels, channels), np.eye(channels, dtype=np.float32))
    with converter((48000, channels), (48000, channels)) as same:
        assert same.is_identity


def test_mono_to_stereo_keeps_its_level() -> None:
    assert np.array_equal(matrix(1, 2), [[1], [1]])


def test_stereo_to_mono_is_the_mean() -> None:
    assert np.allclose(matrix(2, 1), [[0.5, 0.5]])


#: ITU-R BS.775-3, annex 4, table 2, in the order of our channels; the LFE, which it leaves out, as the option has it.
#: By number of channels: what each goes with to the left, to the right, and to the only one.
C, S, BACK = HALF_POWER, HALF_POWER, np.float32(0.5)
TABLE = {
    3: ([1, 0, C], [0, 1, C], [C, C, 1]),
    4: ([1, 0, S, 0], [0, 1, 0, S], [C, C, BACK, BACK]),
    5: ([1, 0, C, S, 0], [0, 1, C, 0, S], [C, C, 1, BACK, BACK]),
    6: ([1, 0, C, 0, S, 0], [0, 1, C, 0, 0, S], [C, C, 1, 0, BACK, BACK]),
    7: ([1, 0, C, 0, BACK, S, 0], [0, 1, C, 0, BACK, 0, S], [C, C, 1, 0, S, BACK, BACK]),
    8: ([1, 0, C, 0, S, 0, S, 0], [0, 1, C, 0, 0, S, 0, S], [C, C, 1, 0, BACK, BACK, BACK, BACK]),
}
LFE = 3


@pytest.mark.parametrize("mix_lfe", [False, True])
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("sources", TABLE)
def test_impulses_come_out_as_the_standard_has_them(sources: int, targets: int, mix_lfe: bool) -> None:
    """One frame of full scale in each channel after the other; then all at once, which is full scale and no more."""
    left, right, only = TABLE[sources]
    standard = np.array([left, right] if targets == 2 else [only], np.float32)
    if mix_lfe and sources > LFE + 2:
        standard[:, LFE] = C if targets == 2 else 1
    impulses = np.concatenate([np.eye(sources, dtype=np.float32), np.ones((1, sources), np.float32)])
    with converter((48000, sources), (48000, targets), mix_lfe=mix_lfe) as each:
        out = each.all_of(impulses.reshape(-1), 128).reshape(-1, targets)
    assert np.allclose(out[:-1].T, standard / standard.sum(axis=1).max(), atol=1e-7)
    assert np.abs(out[-1]).max() == pytest.approx(1.0, abs=1e-6)


def test_an_lfe_that_the_output_has_stays_there() -> None:
    assert matrix(6, 8, mix_lfe=True)[LFE].tolist() == [0, 0, 0, 1, 0, 0]
    assert np.array_equal(matrix(6, 8), matrix(6, 8, mix_lfe=True))


@pytest.mark.parametrize(("sources", "targets"), PAIRS)
def test_never_above_full_scale(sources: int, targets: int) -> None:
    gains = matrix(sources, targets)
    assert np.all(gains >= 0)
    assert gains.sum(axis=1).max() <= 1.0 + 1e-6
    assert gains.max() > 0.1


@pytest.mark.parametrize(("sources", "targets"), [pair for pair in PAIRS if min(pair) >= 2])
def test_left_stays_left(sources: int, targets: int) -> None:
    """No row of a front takes from the other front, and both fronts get the same."""
    gains = matrix(sources, targets)
    (left_in, right_in), (left, right) = FRONTS[sources], FRONTS[targets]
    assert gains[left, left_in] == gains[right, right_in] > 0
    assert gains[left, right_in] == gains[right, left_in] == 0


@pytest.mark.parametrize(("sources", "targets"), PAIRS)
def test_no_channel_but_the_lfe_is_lost(sources: int, targets: int) -> None:
    silent = [channel for channel in range(sources) if matrix(sources, targets)[:, channel].max() == 0]
    assert silent == ([3] if sources >= 6 and targets < 6 else [])


@pytest.mark.parametrize(("sources", "targets"), PAIRS)
def test_the_converter_applies_the_matrix(sources: int, targets: int) -> None:
    samples = np.random.default_rng(sources).uniform(-1, 1, 300 * sources).astype(np.float32)
    with converter((48000, sources), (48000, targets)) as each:
        out = each.all_of(samples, 128).reshape(-1, targets)
    expected = samples.reshape(-1, sources) @ matrix(sources, targets).T
    assert np.allclose(out, expected, atol=1e-6)
    assert np.abs(out).max() <= 1.0


@pytest.mark.parametrize("refused", [((0, 2), (48000, 2)), ((48000, 0), (48000, 2)), ((48000, 2), (48000, 33))])
def test_impossible_formats_are_refused(refused: tuple[tuple[int, int], tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="out of range"), converter(*refused):
        pass
