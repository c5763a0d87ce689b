"""The convolver against the definition of convolution, cut in any way, continued from any place, fed with anything."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle, repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from tests.e2e.audio import noise, write_wav
from tests.support.loaded_dsp import LoadedDsp, PluginSaidNo, Samples, library_of

Exact = npt.NDArray[np.float64]

LIBRARY = library_of("convolver")
PARTITION = 512
RATE_HZ = 48_000
RAMP_FRAMES = RATE_HZ // 100
HEADER_BYTES = 64
#: From dry, from wet, to dry, to wet; before them, how much of the line is done.
SHARES_AT = 48
TOLERANCE_DB = -120


@dataclass
class Place:
    """Impulses as files, and convolvers that read them."""

    folder: Path
    opened: ExitStack = field(default_factory=ExitStack)

    def impulse(self, taps: Samples, rate: int = RATE_HZ) -> Path:
        """Taps as 16-bit PCM, shape (frames, channels), in steps of 1/32768."""
        path = self.folder / f"{len(list(self.folder.iterdir()))}.wav"
        return write_wav(path, np.round(taps * 32768).astype(np.int16), rate)

    def convolver(self, impulse: Path | None, channels: int = 2, rate: int = RATE_HZ, **config: float) -> LoadedDsp:
        name = "" if impulse is None else str(impulse)
        files = {}
        if impulse is not None:
            fd = os.open(impulse, os.O_RDONLY)
            self.opened.callback(os.close, fd)
            files[name] = fd
        made = LoadedDsp(LIBRARY, "convolver", {"impulse": name, **config}, rate=rate, channels=channels, files=files)
        return self.opened.enter_context(made)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    with made.opened:
        yield made


def signal(frames: int, channels: int = 2, seed: int = 1) -> Samples:
    random = np.random.default_rng(seed)
    return random.uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


def taps_of(frames: int, channels: int = 1, seed: int = 5) -> Samples:
    """Noise that dies away, as a room's, in steps of 1/32768."""
    fading = np.exp(-3 * np.arange(frames) / frames)[:, None]
    return (np.round(signal(frames, channels, seed) * fading * 32768) / 32768).astype(np.float32)


def convolved(samples: Samples, taps: Samples) -> Exact:
    """By definition, in double precision."""
    columns = [
        np.convolve(samples[:, c].astype(np.float64), taps[:, c % taps.shape[1]].astype(np.float64))[: len(samples)]
        for c in range(samples.shape[1])
    ]
    return np.stack(columns, axis=1)


def distance_db(found: Samples, wanted: Samples | Exact) -> float:
    """The greatest error over the greatest sample."""
    return float(20 * np.log10(np.abs(found - wanted).max() / np.abs(wanted).max() + 1e-30))


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 511, 512, 513, 1024, 1025, 5_000, 24_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_convolution(place: Place, frames: int, channels: int) -> None:
    taps, samples = taps_of(frames, channels), signal(30_000)
    found = place.convolver(place.impulse(taps)).process(samples, repeat(PARTITION, 58))
    assert distance_db(found, convolved(samples, taps)) < TOLERANCE_DB


def test_the_longest_impulse_is_as_exact(place: Place) -> None:
    """Ten seconds, at a rate at which that is quickly told; music that ends with it."""
    rate = 4_000
    taps, samples = taps_of(10 * rate), signal(10 * rate + 700)
    found = place.convolver(place.impulse(taps, rate), rate=rate).process(samples)
    assert distance_db(found, convolved(samples, taps)) < TOLERANCE_DB


def test_eight_channels_each_with_its_own_impulse(place: Place) -> None:
    taps, samples = taps_of(1500, 8), signal(4000, 8)
    found = place.convolver(place.impulse(taps), channels=8).process(samples)
    assert distance_db(found, convolved(samples, taps)) < TOLERANCE_DB
    assert len({found[:, c].tobytes() for c in range(8)}) == 8


def one_tap(at: int, height: float = 0.5) -> Samples:
    taps = np.zeros((at + 1, 1), np.float32)
    taps[at] = height
    return taps


def test_one_tap_at_the_begin_changes_not_a_bit(place: Place) -> None:
    samples = signal(3000)
    found = place.convolver(place.impulse(one_tap(0))).process(samples)
    assert np.array_equal(found, samples / 2)


def test_without_impulse_the_music_passes_whatever_else_is_said(place: Place) -> None:
    samples = signal(3000)
    assert np.array_equal(place.convolver(None, gain_db=-6, mix=0.3).process(samples), samples)


@pytest.mark.parametrize("frames", [1, 700, 3000])
def test_gain_and_mix(place: Place, frames: int) -> None:
    taps, samples = taps_of(frames), signal(8000)
    found = place.convolver(place.impulse(taps), gain_db=-6, mix=0.25).process(samples)
    wanted: Exact = 0.75 * samples + 0.25 * 10 ** (-6 / 20) * convolved(samples, taps)
    assert distance_db(found, wanted) < TOLERANCE_DB


CUTS = {
    "of 1": repeat(1, 2000),
    "of 32": repeat(32, 200),
    "of 512": repeat(512, 10),
    "of 700": repeat(700, 10),
    "of 8192": repeat(8192, 1),
    "odd": (frames for frames, _ in zip(cycle([3, 511, 64, 1029]), range(20), strict=False)),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_blocks_leave_no_trace(place: Place, cut: Iterator[int]) -> None:
    impulse, samples = place.impulse(taps_of(3000)), signal(9000)
    whole = place.convolver(impulse).process(samples)
    assert np.array_equal(place.convolver(impulse).process(samples, cut), whole)


@pytest.mark.parametrize("frames", [1, 512, 513, 1500, 20_000])
@pytest.mark.parametrize("at", [0, 1, 511, 512, 3333, 30_000])
def test_an_importer_goes_on_bit_for_bit(place: Place, frames: int, at: int) -> None:
    impulse, samples = place.impulse(taps_of(frames)), signal(40_000)
    first, second = (place.convolver(impulse, gain_db=-3, mix=0.8) for _ in range(2))
    heard = first.process(samples[:at], repeat(512, at // 512))
    state = first.export_state()
    rest = first.process(samples[at:])
    whole = -(-frames // PARTITION) * PARTITION
    assert len(state) == HEADER_BYTES + (whole + at % PARTITION) * 2 * 4
    second.process(signal(1234, seed=9))
    second.import_state(state)
    assert second.export_state() == state
    assert np.array_equal(second.process(samples[at:], repeat(100, 50)), rest)
    assert np.array_equal(heard, place.convolver(impulse, gain_db=-3, mix=0.8).process(samples)[:at])


def test_a_state_in_the_middle_of_a_change_goes_on_with_it(place: Place) -> None:
    impulse, samples = place.impulse(taps_of(900)), signal(4000)
    first = place.convolver(impulse)
    first.process(samples[:1000])
    first.apply({"impulse": str(impulse), "gain_db": -20, "mix": 0.5})
    first.process(samples[1000:1100])
    second = place.convolver(impulse, gain_db=-20, mix=0.5)
    second.import_state(first.export_state())
    assert np.array_equal(second.process(samples[1100:]), first.process(samples[1100:]))


@pytest.mark.parametrize("frames", [1, 512, 513, 5000])
def test_who_hears_enough_again_on_the_same_partitions_goes_on_bit_for_bit(place: Place, frames: int) -> None:
    """The impulse rounded up to partitions; without any state."""
    impulse, samples = place.impulse(taps_of(frames)), signal(40_000)
    wanted = place.convolver(impulse).process(samples)
    at, again = 20 * PARTITION, -(-frames // PARTITION) * PARTITION
    successor = place.convolver(impulse)
    successor.process(samples[at - again : at])
    assert np.array_equal(successor.process(samples[at:]), wanted[at:])
    elsewhere = place.convolver(impulse)
    elsewhere.process(samples[at - again - 100 : at])
    assert distance_db(elsewhere.process(samples[at:]), wanted[at:]) < TOLERANCE_DB


def test_reset_is_a_fresh_begin(place: Place) -> None:
    impulse, samples = place.impulse(taps_of(3000)), signal(5000)
    dsp = place.convolver(impulse)
    first = dsp.process(samples)
    dsp.apply({"impulse": str(impulse), "gain_db": -6})
    dsp.apply({"impulse": str(impulse)})
    dsp.reset()
    assert np.array_equal(dsp.process(samples), first)


def test_a_change_of_gain_and_mix_is_a_straight_line(place: Place) -> None:
    impulse, samples = place.impulse(one_tap(0)), np.ones((3000, 2), np.float32)
    dsp = place.convolver(impulse)
    dsp.process(samples[:1000])
    dsp.apply({"impulse": str(impulse), "gain_db": 20, "mix": 0.5})
    found = dsp.process(samples, repeat(77, 20))
    share = np.minimum(np.arange(1, 3001) / RAMP_FRAMES, 1)[:, None]
    dry, wet = 0.5 * share, 1 + (5 - 1) * share
    assert np.allclose(found, dry + wet * 0.5, rtol=1e-6)
    assert np.abs(np.diff(found, axis=0)).max() < 1.001 * 2.5 / RAMP_FRAMES


def test_plans(place: Place) -> None:
    impulse = place.impulse(taps_of(100))
    dsp = place.convolver(impulse)
    same = dsp.plan({"impulse": str(impulse), "gain_db": 3, "mix": 0})
    other = dsp.plan({"impulse": f"{impulse}x"})
    assert (same.mode, same.cost) == (ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW)
    assert (other.mode, other.cost) == (ConfigUpdateMode.RECREATE, ConfigUpdateCost.HIGH)
    for config, word in (({"gain_db": 21}, "gain_db"), ({"mix": -0.1}, "mix"), ({"impulse": 3}, "impulse")):
        refused = dsp.plan({"impulse": str(impulse), **config})
        assert refused.mode == ConfigUpdateMode.REJECT
        assert word in refused.reason
        with pytest.raises(PluginSaidNo, match=word):
            dsp.apply({"impulse": str(impulse), **config})
    with pytest.raises(PluginSaidNo, match="needs a new instance"):
        dsp.apply({"impulse": ""})


Foreign = Callable[[Place], LoadedDsp]
FOREIGN: dict[str, tuple[Foreign, str]] = {
    "another impulse": (lambda p: p.convolver(p.impulse(taps_of(900, seed=6))), "another impulse"),
    "no impulse": (lambda p: p.convolver(None), "another impulse"),
    "more channels": (lambda p: p.convolver(p.impulse(taps_of(900)), channels=3), "rate or channel"),
    "another rate": (lambda p: p.convolver(p.impulse(taps_of(900), 44_100), rate=44_100), "rate or channel"),
}


@pytest.mark.parametrize(("foreign", "text"), FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_state_is_refused_and_changes_nothing(place: Place, foreign: Foreign, text: str) -> None:
    impulse, samples = place.impulse(taps_of(900)), signal(3000)
    other = foreign(place)
    other.process(signal(700, other.channels))
    dsp = place.convolver(impulse)
    with pytest.raises(PluginSaidNo, match=text):
        dsp.import_state(other.export_state())
    assert np.array_equal(dsp.process(samples), place.convolver(impulse).process(samples))


def test_a_damaged_state_is_refused(place: Place) -> None:
    impulse = place.impulse(taps_of(900))
    dsp = place.convolver(impulse)
    dsp.process(signal(700))
    state = dsp.export_state()
    assert len(state) > HEADER_BYTES + 1024 * 8
    for cut in (0, 10, HEADER_BYTES, len(state) - 1):
        with pytest.raises(PluginSaidNo, match=r"not of this version|damaged"):
            dsp.import_state(state[:cut])
    for at in range(SHARES_AT - 4):  # what follows may have another value
        spoilt = bytearray(state)
        spoilt[at] ^= 0xFF
        with pytest.raises(PluginSaidNo):
            dsp.import_state(bytes(spoilt))
    dsp.import_state(state)


@pytest.mark.parametrize("share", [-1e-6, 10.001, 3e38, np.inf, np.nan])
def test_shares_that_no_configuration_has_are_refused(place: Place, share: float) -> None:
    """Dry, wet, where the line comes from and where it leads."""
    impulse = place.impulse(taps_of(900))
    dsp = place.convolver(impulse, gain_db=20, mix=1)
    state = dsp.export_state()
    for at in range(SHARES_AT, HEADER_BYTES, 4):
        spoilt = state[:at] + struct.pack("<f", share) + state[at + 4 :]
        with pytest.raises(PluginSaidNo, match="damaged"):
            dsp.import_state(spoilt)
    dsp.import_state(state)


def test_two_readers_of_one_descriptor_never_move_its_offset(place: Place) -> None:
    impulse, samples = place.impulse(taps_of(3000)), signal(4000)
    fd = os.open(impulse, os.O_RDONLY)
    place.opened.callback(os.close, fd)
    os.lseek(fd, 1000, os.SEEK_SET)
    config = {"impulse": "the file"}
    first, second = (
        place.opened.enter_context(LoadedDsp(LIBRARY, "convolver", config, files={"the file": fd})) for _ in range(2)
    )
    assert np.array_equal(first.process(samples), second.process(samples))
    assert os.lseek(fd, 0, os.SEEK_CUR) == 1000


def flac_of_nothing(path: Path) -> None:
    path.write_bytes(b"fLaC" + bytes(100))


def not_a_number(path: Path) -> None:
    write_wav(path, noise(100, 1), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[20:22], data[32:36] = b"\x03\x00", b"\x04\x00\x20\x00"
    data[80:84] = np.array([np.nan], "<f4").tobytes()
    path.write_bytes(data)


Writer = Callable[[Path], object]
USELESS: dict[str, tuple[Writer, str]] = {
    "empty": (lambda path: path.write_bytes(b""), "no audio file"),
    "garbage": (lambda path: path.write_bytes(np.random.default_rng(1).bytes(5000)), "no audio file"),
    "a header alone": (lambda path: write_wav(path, noise(0, 1), RATE_HZ), "holds no audio"),
    "a broken flac": (flac_of_nothing, "no audio file|holds no audio|reading stops|0 channels"),
    "no number": (not_a_number, "holds no number"),
    "another rate": (lambda path: write_wav(path, noise(100, 1), 44_100), "at 44100 Hz, the music at 48000 Hz"),
    "three channels": (lambda path: write_wav(path, noise(100, 3), RATE_HZ), "has 3 channels, the music has 2"),
    "too long": (lambda path: write_wav(path, noise(10 * RATE_HZ + 1, 1), RATE_HZ), "longer than 10 s"),
}


@pytest.mark.parametrize(("write", "text"), USELESS.values(), ids=USELESS)
def test_a_file_that_is_no_use_is_refused_with_the_reason(place: Place, write: Writer, text: str) -> None:
    path = place.folder / "impulse"
    write(path)
    with pytest.raises(PluginSaidNo, match=text) as caught:
        place.convolver(path)
    assert str(path) in str(caught.value)


def test_any_cut_and_any_flipped_byte_of_a_file_is_survived(place: Place) -> None:
    """It is taken or refused; what is taken gives sound."""
    good = place.impulse(taps_of(600)).read_bytes()
    path, random, taken = place.folder / "hostile", np.random.default_rng(3), 0
    for _ in range(300):
        data = bytearray(good[: random.integers(1, len(good) + 1)])
        for at in random.integers(0, min(len(data), 60), size=2):
            data[at] = random.integers(0, 256)
        path.write_bytes(data)
        try:
            with place.convolver(path) as dsp:
                assert np.isfinite(dsp.process(signal(700))).all()
                taken += 1
        except PluginSaidNo as refused:
            assert str(refused)
    assert 0 < taken < 300


def test_a_file_that_was_not_handed_out_is_refused() -> None:
    with pytest.raises(PluginSaidNo, match="did not hand it out"):
        LoadedDsp(LIBRARY, "convolver", {"impulse": "elsewhere.wav"})


def test_what_is_no_number_is_silence_and_forgotten(place: Place) -> None:
    impulse, samples = place.impulse(taps_of(1500)), signal(6000)
    spoilt = samples.copy()
    spoilt[100] = np.nan
    spoilt[200] = np.inf
    samples[[100, 200]] = 0
    found = place.convolver(impulse).process(spoilt)
    wanted = place.convolver(impulse).process(samples)
    assert np.array_equal(found[201:], wanted[201:])
