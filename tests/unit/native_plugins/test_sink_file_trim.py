"""The file output's own gain: exact by frame number, without a trace at 0 dB, the same for every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from tests.support.direct_dsp import Frames
from tests.support.direct_instance import Refused
from tests.support.direct_sink import DirectFileSink

RATE_HZ = 48_000
LINE = RATE_HZ // 100 + 1


def noise(frames: int, channels: int = 2) -> Frames:
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def linear(db: float) -> np.float32:
    return np.float32(10 ** (db / 20))


def line(start: np.float32, target: np.float32, frames: int) -> Frames:
    """The gain of each frame."""
    done = np.minimum(np.arange(1, frames + 1), LINE)
    gains = (np.float64(start) + (np.float64(target) - np.float64(start)) * (done / LINE)).astype(np.float32)
    gains[LINE - 1 :] = target
    return gains[:, None]


def held(path: Path, frames: int, channels: int = 2) -> Frames:
    """The last so many frames of a WAV file of float32."""
    data = path.read_bytes()
    return np.frombuffer(data[len(data) - frames * channels * 4 :], np.float32).reshape(frames, channels)


@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("block_frames", [1, 100, 10_000])
def test_a_change_follows_the_line_exactly(tmp_path: Path, channels: int, block_frames: int) -> None:
    audio, path = noise(9000, channels), tmp_path / "out.wav"
    with DirectFileSink(trim_db=-20) as sink:
        sink.open(path, RATE_HZ, channels)
        sink.write(audio[:1000], block_frames)
        sink.apply(trim_db=0)
        sink.write(audio[1000:1200], block_frames)
        sink.apply(trim_db=0.0, format="f32")
        sink.write(audio[1200:2000], block_frames)
        sink.apply(trim_db=6)
        sink.write(audio[2000:], block_frames)
    gains = [np.full((1000, 1), linear(-20)), line(linear(-20), linear(0), 1000), line(linear(0), linear(6), 7000)]
    assert np.array_equal(held(path, 9000, channels), audio * np.concatenate(gains))


def test_no_trim_passes_every_bit(tmp_path: Path) -> None:
    audio = noise(1000)
    audio[:4, 0] = [-0.0, np.nan, np.inf, 1e-45]
    paths = [tmp_path / name for name in ("plain.wav", "none.wav", "back.wav")]
    configs: tuple[dict[str, float], ...] = ({}, {"trim_db": -0.0}, {"trim_db": -10})
    for path, config in zip(paths, configs, strict=True):
        with DirectFileSink(**config) as sink:
            if path.stem == "back":
                sink.apply(trim_db=0)  # nothing is open: the next file begins there
            sink.open(path, RATE_HZ, 2)
            sink.write(audio)
            sink.flush()
    assert paths[0].read_bytes() == paths[1].read_bytes() == paths[2].read_bytes()
    assert held(paths[0], 1000).tobytes() == audio.tobytes()


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("sample_format", ["s16", "s24"])
def test_integers_are_rounded_after_the_trim(tmp_path: Path, suffix: str, sample_format: str) -> None:
    audio, paths = noise(6000), [tmp_path / f"{name}.{suffix}" for name in ("trimmed", "expected")]
    with DirectFileSink(format=sample_format) as trimmed, DirectFileSink(format=sample_format) as plain:
        for sink, path in zip((trimmed, plain), paths, strict=True):
            sink.open(path, RATE_HZ, 2)
        trimmed.apply(format=sample_format, trim_db=-12)
        trimmed.write(audio, 5000)
        plain.write(audio * line(linear(0), linear(-12), 6000))
        trimmed.flush()
        plain.flush()
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_successor_and_a_seek_begin_at_the_full_gain(tmp_path: Path) -> None:
    audio, path = noise(1000), tmp_path / "out.wav"
    with DirectFileSink() as dying:
        dying.open(path, RATE_HZ, 2)
        dying.write(audio[:500])
        dying.apply(trim_db=-20)
        dying.write(audio[500:600])
    with DirectFileSink(trim_db=-20) as successor:
        successor.open(path, RATE_HZ, 2, 550)
        successor.write(audio[550:800])
        successor.apply(trim_db=0)
        successor.reset(5000)
        successor.write(audio[800:])
    gains = [np.ones((500, 1), np.float32), line(linear(0), linear(-20), 50), np.full((250, 1), linear(-20))]
    expected = np.concatenate([audio[:800] * np.concatenate(gains), audio[800:]])
    assert np.array_equal(held(path, 1000), expected)


def test_how_it_would_take_a_configuration(tmp_path: Path) -> None:
    with DirectFileSink() as sink:
        assert sink.plan(trim_db=24)[:2] == (ConfigUpdateMode.HOT_APPLY, ConfigUpdateCost.LOW)
        assert sink.plan(format="s16")[:2] == (ConfigUpdateMode.RECREATE, ConfigUpdateCost.MEDIUM)
        with pytest.raises(Refused, match="another format needs a new instance"):
            sink.apply(format="s16")
        for db, shown in ((24.5, "24.5"), (-61, "-61")):
            mode, _, reason = sink.plan(trim_db=db)
            assert (mode, reason) == (
                ConfigUpdateMode.REJECT,
                f"file sink: trim_db is {shown}, choose -60 to 24",
            )
            with pytest.raises(Refused, match="choose -60 to 24"):
                sink.apply(trim_db=db)
            with pytest.raises(Refused, match="choose -60 to 24"):
                DirectFileSink(trim_db=db)
        sink.open(tmp_path / "out.wav", RATE_HZ, 2)
        assert sink.plan(trim_db=-3)[0] is ConfigUpdateMode.HOT_APPLY
        mode, _, reason = sink.plan(format="s16", trim_db=-3)
        assert mode is ConfigUpdateMode.REJECT
        assert "cannot change while it is written" in reason
        with pytest.raises(Refused, match="cannot change while it is written"):
            sink.apply(format="s16")
