"""The equalizer's exported state: it goes on to the bit, into other bands without a step, or is refused."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from abi.kinds import StatusCode
from tests.support.direct_dsp import DirectDsp, Frames
from tests.support.direct_instance import Refused
from tests.unit.native_plugins.equalizer_bounds import (
    GAINED,
    GRID_FRAMES,
    PASSES,
    RATE_HZ,
    STEPS,
    Band,
    Equalizer,
    largest_step,
    sine,
    step_bound,
)

HEADER = struct.Struct("<8s8I3d")
SLOT = struct.Struct("<4I9dQ16d")
#: Fields of a slot, by their place in it.
PLACE, TYPE, DONE, BEGIN, FROM, TO, MEMORY = 0, 1, 2, 4, 7, 10, 14
#: Fields of the header.
MAGIC, VERSION, SIZE, RATE, CHANNELS, GRID, SLOTS, PREAMP_DONE, PREAMP_FROM = 0, 1, 2, 3, 4, 5, 6, 7, 10
CONFIG = Equalizer(-3, [Band("peaking", 300, 6), Band("low_pass", 5000), Band("low_shelf", 90, -4)])


def equalizer(config: Equalizer, channels: int = 1) -> DirectDsp:
    return DirectDsp("equalizer", config.config, RATE_HZ, channels)


def noise(frames: int, channels: int = 2, seed: int = 1) -> Frames:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


def recreated(old: DirectDsp, config: Equalizer, channels: int = 1) -> DirectDsp:
    """As the host does it: made anew with another configuration, the state carried over, the old one gone."""
    new = equalizer(config, channels)
    new.import_state(old.export_state())
    old.close()
    return new


@pytest.mark.parametrize("channels", [1, 2, 5, 8])
def test_it_goes_on_to_the_bit_wherever_it_stood(channels: int) -> None:
    draw = random.Random(f"state {channels}")
    types = (*GAINED, *PASSES)
    handed_over = 0
    with equalizer(Equalizer.drawn(draw, types), channels) as old:
        for _ in range(40):
            goal = Equalizer.drawn(draw, types)
            old.run(noise(draw.randint(1, 600), channels, handed_over))
            old.apply(**goal.config)
            old.run(noise(draw.randint(0, 600), channels, handed_over))
            audio = noise(1500, channels, 99)
            with equalizer(goal, channels) as new:
                new.import_state(old.export_state())
                assert new.export_state() == old.export_state()
                assert new.run(audio, 100).tobytes() == old.run(audio, 512).tobytes()
                assert new.export_state() == old.export_state()
            handed_over += 1
    assert handed_over == 40


def test_a_new_instance_turns_a_glide_as_the_old_one_would() -> None:
    draw = random.Random("turned")
    types = (*GAINED, *PASSES)
    start = Equalizer.drawn(draw, types)
    moving = equalizer(start, 2)
    turned = 0
    with equalizer(start, 2) as steady:
        for _ in range(100):
            goal = Equalizer.drawn(draw, types)
            steady.apply(**goal.config)
            moving = recreated(moving, goal, 2)
            audio = noise(draw.choice([1, 30, 64, 65, 200]), seed=turned)
            assert moving.run(audio).tobytes() == steady.run(audio).tobytes()
            turned += 1
    moving.close()
    assert turned == 100


@pytest.mark.parametrize("seed", range(3))
def test_other_bands_come_in_and_leave_without_a_step(seed: int) -> None:
    draw = random.Random(f"shapes {seed}")
    made = 0
    for _ in range(25):
        configs = [Equalizer.drawn(draw, draw.choices(GAINED + PASSES, k=draw.randint(0, 4))) for _ in range(6)]
        each = draw.randint(2000, 5000)
        audio = sine(draw.choice([50, 440, 1000]), 6 * each)
        moving = equalizer(configs[0])
        parts = [moving.run(audio[:each])]
        for number, config in enumerate(configs[1:], 1):
            moving = recreated(moving, config)
            parts.append(moving.run(audio[number * each : (number + 1) * each]))
            made += 1
        moving.close()
        assert largest_step(np.concatenate(parts)) < step_bound(audio, configs)
    assert made == 125


def test_what_left_is_gone_and_what_came_is_whole() -> None:
    kept, notch = Band("peaking", 800, 9), Band("notch", 3000)
    before = Equalizer(0, [kept, Band("high_pass", 2000), notch, Band("peaking", 900, 3)])
    after = Equalizer(-2, [kept, Band("low_pass", 6000), notch])
    silence, audio = np.zeros((64 * 400, 2), np.float32), noise(64 * 20)
    moving = equalizer(before, 2)
    moving.run(audio)
    moving = recreated(moving, after, 2)
    moving.run(silence)
    with moving, equalizer(after, 2) as fresh:
        assert len(moving.export_state()) == len(fresh.export_state())
        assert moving.run(audio).tobytes() == fresh.run(audio).tobytes()


def test_more_bands_leave_than_there_are_places_for() -> None:
    moving = equalizer(Equalizer(0, [Band("peaking", 20, 6, 9)] * 32))
    made = 0
    for kind in ("low_shelf", "peaking", "notch", "high_shelf", "low_pass") * 3:
        moving.run(noise(100, 1, made))
        moving = recreated(moving, Equalizer(0, [Band(kind, 20, 6, 9)] * 32))
        made += 1
        assert len(moving.export_state()) <= HEADER.size + 64 * SLOT.size
        assert np.all(np.isfinite(moving.run(noise(200, 1))))
    moving.close()
    assert made == 15


def test_a_longer_list_of_no_gain_changes_no_sample() -> None:
    audio = noise(6000)
    with equalizer(CONFIG, 2) as undisturbed:
        out = undisturbed.run(audio)
    moving = equalizer(CONFIG, 2)
    for at in range(0, 6000, 600):
        assert moving.run(audio[at : at + 600]).tobytes() == out[at : at + 600].tobytes()
        flat = [Band(kind, 100 + at) for kind in GAINED[: at % 4]]
        moving = recreated(moving, replace(CONFIG, bands=[*CONFIG.bands, *flat]), 2)
    moving.close()


def in_a_glide() -> bytes:
    with equalizer(CONFIG, 2) as old:
        old.run(noise(1000))
        old.apply(**replace(CONFIG, preamp_db=6, bands=[replace(band, freq_hz=400) for band in CONFIG.bands]).config)
        old.run(noise(3 * GRID_FRAMES + 10))
        return old.export_state()


def with_header(state: bytes, place: int, value: object) -> bytes:
    fields: list[object] = list(HEADER.unpack_from(state))
    fields[place] = value
    return HEADER.pack(*fields) + state[HEADER.size :]


def with_slot(state: bytes, slot: int, place: int, value: object) -> bytes:
    at = HEADER.size + slot * SLOT.size
    fields: list[object] = list(SLOT.unpack_from(state, at))
    fields[place] = value
    return state[:at] + SLOT.pack(*fields) + state[at + SLOT.size :]


LIES: dict[str, Callable[[bytes], bytes]] = {
    "magic": lambda state: with_header(state, MAGIC, b"ST-GAIN\0"),
    "version": lambda state: with_header(state, VERSION, 1),
    "size": lambda state: with_header(state, SIZE, 4),
    "rate": lambda state: with_header(state, RATE, 44_100),
    "channels": lambda state: with_header(state, CHANNELS, 1),
    "grid": lambda state: with_header(state, GRID, GRID_FRAMES),
    "no slots": lambda state: with_header(state, SLOTS, 0),
    "many slots": lambda state: with_header(state, SLOTS, 2**32 - 1),
    "preamp steps": lambda state: with_header(state, PREAMP_DONE, STEPS + 1),
    "preamp": lambda state: with_header(state, PREAMP_FROM, 61.0),
    "preamp nan": lambda state: with_header(state, PREAMP_FROM, math.nan),
    "place": lambda state: with_slot(state, 2, PLACE, 64),
    "order": lambda state: with_slot(state, 2, PLACE, 3),
    "type": lambda state: with_slot(state, 1, TYPE, 6),
    "steps": lambda state: with_slot(state, 0, DONE, STEPS + 1),
    "frequency": lambda state: with_slot(state, 0, BEGIN, RATE_HZ / 2),
    "frequency below": lambda state: with_slot(state, 0, FROM, 0.5),
    "frequency nan": lambda state: with_slot(state, 0, TO, math.nan),
    "q": lambda state: with_slot(state, 0, BEGIN + 1, 0.0),
    "q above": lambda state: with_slot(state, 0, TO + 1, math.inf),
    "gain": lambda state: with_slot(state, 0, FROM + 2, -61.0),
    "share": lambda state: with_slot(state, 1, TO + 2, 1.5),
    "memory": lambda state: with_slot(state, 2, MEMORY + 15, math.inf),
    "cut": lambda state: state[:-1],
    "longer": lambda state: state + b"\0",
    "half a header": lambda state: state[:40],
    "nothing": lambda _state: b"",
}


@pytest.mark.parametrize("name", LIES)
def test_a_state_that_lies_is_refused_and_changes_nothing(name: str) -> None:
    state, audio = in_a_glide(), noise(1000)
    with equalizer(CONFIG, 2) as new, equalizer(CONFIG, 2) as fresh:
        with pytest.raises(Refused) as refusal:
            new.import_state(LIES[name](state))
        assert refusal.value.code is StatusCode.INVALID_ARG
        assert refusal.value.text.startswith("equalizer: ")
        assert new.run(audio).tobytes() == fresh.run(audio).tobytes()
        new.reset()
        new.import_state(state)


def test_a_state_with_any_byte_changed_is_refused_or_heard_and_forgotten() -> None:
    state, audio = in_a_glide(), noise(400)
    draw = random.Random("bytes")
    refused = taken = 0
    for _ in range(1500):
        damaged = bytearray(state)
        damaged[draw.randrange(len(state))] ^= 1 << draw.randrange(8)
        with equalizer(CONFIG, 2) as new, equalizer(CONFIG, 2) as fresh:
            try:
                new.import_state(bytes(damaged))
            except Refused:
                refused += 1
            else:
                taken += 1
                new.run(audio)
                new.reset()
            assert new.run(audio).tobytes() == fresh.run(audio).tobytes()
    assert refused > 50
    assert taken > 50
