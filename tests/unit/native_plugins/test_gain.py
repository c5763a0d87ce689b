"""The gain's line of 10 ms: exact by frame number, turned in its midst, handed over in its midst."""

from __future__ import annotations

import math
import random
import struct

import numpy as np
import pytest

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode, StatusCode
from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused

RATE_HZ = 44_100
LINE = RATE_HZ // 100 + 1
STATE = struct.Struct("<8s6I2f")
MAGIC, VERSION, SIZE, RATE, CHANNELS, LENGTH, DONE, FROM, TARGET = range(9)


def gain(gain_db: float, channels: int = 2) -> DirectDsp:
    return DirectDsp("gain", {"gain_db": gain_db}, RATE_HZ, channels)


def linear(gain_db: float) -> np.float32:
    return np.float32(10 ** (gain_db / 20))


def line(start: np.float32, target: np.float32, frames: int) -> Frames:
    """The gain of each frame, as the README says it; float64 in between, float32 at the end."""
    done = np.minimum(np.arange(1, frames + 1), LINE)
    way = np.float64(target) - np.float64(start)
    gains = (np.float64(start) + way * (done / LINE)).astype(np.float32)
    gains[LINE - 1 :] = target
    return gains[:, None]


def noise(frames: int, channels: int = 2) -> Frames:
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2, 7])
@pytest.mark.parametrize("block_frames", [1, 64, 100, 5000])
def test_a_change_follows_the_line_exactly(channels: int, block_frames: int) -> None:
    audio = noise(3000, channels)
    with gain(-20, channels) as moving:
        assert np.array_equal(moving.run(audio[:1000], block_frames), audio[:1000] * linear(-20))
        moving.apply(gain_db=0)
        expected = audio[1000:] * line(linear(-20), linear(0), 2000)
        assert np.array_equal(moving.run(audio[1000:], block_frames), expected)


def test_a_change_in_the_midst_of_a_line_starts_where_it_is() -> None:
    draw = random.Random("turned")
    here = linear(-6)
    turned = 0
    with gain(-6) as moving:
        for _ in range(50):
            goal_db, frames = draw.uniform(-120, 40), draw.randint(1, 600)
            moving.apply(gain_db=goal_db)
            audio, gains = noise(frames), line(here, linear(goal_db), frames)
            assert np.array_equal(moving.run(audio, draw.choice([13, 512])), audio * gains)
            here = gains[-1, 0]
            turned += 1
    assert turned == 50


def test_what_means_the_same_turns_no_line() -> None:
    audio = noise(1000)
    with gain(-20) as moving:
        moving.apply(gain_db=3)
        for at in range(0, 1000, 50):
            expected = audio[at : at + 50] * line(linear(-20), linear(3), 1000)[at : at + 50]
            assert np.array_equal(moving.run(audio[at : at + 50]), expected)
            moving.apply(gain_db=3.0 if at % 100 else 3)


def test_no_gain_passes_every_bit() -> None:
    audio = noise(1000)
    audio[:3, 0] = [-0.0, np.nan, np.inf]
    with DirectDsp("gain", {}, RATE_HZ) as flat:
        assert flat.run(audio).tobytes() == audio.tobytes()
        flat.apply(gain_db=-0.0)
        assert flat.run(audio).tobytes() == audio.tobytes()


@pytest.mark.parametrize("done", [0, 1, 200, LINE - 1, LINE])
def test_a_state_goes_on_to_the_bit(done: int) -> None:
    audio = noise(1000)
    with gain(-20) as old, gain(5) as new, gain(-60) as other:
        old.apply(gain_db=5)
        old.run(audio[:done])
        state = old.export_state()
        new.import_state(state)
        assert new.export_state() == state
        other.import_state(state)
        here = line(linear(-20), linear(5), LINE)[done - 1, 0] if done else linear(-20)
        assert np.array_equal(other.run(audio), audio * line(here, linear(-60), 1000))
        assert new.run(audio, 64).tobytes() == old.run(audio, 100).tobytes()


def test_a_reset_ends_the_line() -> None:
    audio = noise(100)
    with gain(-20) as moving:
        moving.apply(gain_db=6)
        moving.run(audio)
        moving.reset()
        assert np.array_equal(moving.run(audio), audio * linear(6))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (MAGIC, b"ST-EQLZR"),
        (VERSION, 2),
        (SIZE, 44),
        (RATE, 48_000),
        (CHANNELS, 1),
        (LENGTH, LINE - 1),
        (LENGTH, 0),
        (DONE, LINE + 1),
        (FROM, math.nan),
        (FROM, -1.0),
        (TARGET, 101.0),
        (TARGET, math.inf),
    ],
)
def test_a_state_that_lies_is_refused_and_changes_nothing(field: int, value: object) -> None:
    audio = noise(100)
    with gain(-20) as old, gain(3) as new:
        fields: list[object] = list(STATE.unpack(old.export_state()))
        fields[field] = value
        for state in (STATE.pack(*fields), old.export_state()[:-1], b""):
            with pytest.raises(Refused, match=r"^gain: ") as refusal:
                new.import_state(state)
            assert refusal.value.code is StatusCode.INVALID_ARG
        assert np.array_equal(new.run(audio), audio * linear(3))


def test_how_it_would_take_a_configuration() -> None:
    with gain(0) as flat:
        assert flat.plan(gain_db=-3)[:2] == (ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW)
        mode, _, reason = flat.plan(gain_db=41)
        assert (mode, reason) == (ConfigUpdateMode.REJECT, "gain: gain_db is 41, choose -120 to 40")
        with pytest.raises(Refused, match="gain_db is 41"):
            flat.apply(gain_db=41)
        with pytest.raises(Refused, match="not a number"):
            flat.apply(gain_db="loud")
        audio = noise(100)
        assert flat.run(audio).tobytes() == audio.tobytes()
