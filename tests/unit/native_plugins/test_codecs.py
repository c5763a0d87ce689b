"""MP3, Vorbis and Opus: the length of the material to the frame, and seeks to the very samples of a straight read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abi.kinds import DecoderFlag, StatusCode
from tests.support.direct_decoder import DirectDecoder
from tests.support.direct_instance import Refused
from tests.support.encoded import ENCODINGS, Encoding

SEEKS = 500
#: Each decodes for seconds of material before it.
OPUS_SEEKS = 40
TASTE_FRAMES = 1000
BY_NAME = {each.name: each for each in ENCODINGS}

every_encoding = pytest.mark.parametrize("encoding", ENCODINGS, ids=str)


@every_encoding
def test_length_and_bits_are_the_same_every_time(encoding: Encoding, tmp_path: Path) -> None:
    path, frames = encoding.make(tmp_path)
    with DirectDecoder(encoding.type_id, path) as one, DirectDecoder(encoding.type_id, path) as other:
        told, first = one.info, one.rest()
        again = np.concatenate([other.read(777)[0] for _ in range(len(first) // 777 + 1)])
    assert (told.rate_hz, told.channels) == (encoding.decoded_rate_hz, encoding.channels)
    assert DecoderFlag.HAS_FRAMES in told.flags and DecoderFlag.SEEKABLE in told.flags
    assert told.total_frames == len(first)
    assert told.duration_ms == len(first) * 1000 // told.rate_hz
    assert np.array_equal(first, again)
    assert float(np.abs(first).max()) > 0.2
    if encoding.is_gapless:
        assert len(first) == frames
    else:
        assert frames < len(first) < frames + 3 * 1152


@every_encoding
def test_a_seek_ends_at_the_very_samples(encoding: Encoding, tmp_path: Path) -> None:
    path, _ = encoding.make(tmp_path)
    random = np.random.default_rng(7)
    with DirectDecoder(encoding.type_id, path) as made:
        straight = made.rest()
        targets = random.integers(0, len(straight), OPUS_SEEKS if encoding.type_id == "opus" else SEEKS)
        for frame in (0, len(straight) - 1, *map(int, targets)):
            assert made.seek(frame) == frame
            assert np.array_equal(made.take(TASTE_FRAMES), straight[frame : frame + TASTE_FRAMES]), frame


@every_encoding
def test_the_end_and_what_is_behind_it(encoding: Encoding, tmp_path: Path) -> None:
    path, _ = encoding.make(tmp_path, seconds=2)
    with DirectDecoder(encoding.type_id, path) as made:
        straight = made.rest()
        assert made.seek(len(straight)) == len(straight)
        assert made.rest().size == 0
        with pytest.raises(Refused, match="is behind the end") as refused:
            made.seek(len(straight) + 1)
        assert refused.value.code is StatusCode.INVALID_ARG
        made.seek(len(straight) // 2)
        assert np.array_equal(made.rest(), straight[len(straight) // 2 :])


@pytest.mark.parametrize("name", ["vorbis_six", "opus_six"])
@pytest.mark.parametrize("is_last_resort", [False, True])
def test_channels_come_in_the_order_of_wave(name: str, is_last_resort: bool, tmp_path: Path) -> None:
    """One tone a channel; that of the LFE is low."""
    encoding = BY_NAME[name]
    tones_hz = np.array([400, 600, 900, 60, 1300, 1900])
    time_s = np.arange(2 * encoding.rate_hz)[:, None] / encoding.rate_hz
    source = (12_000 * np.sin(2 * np.pi * tones_hz * time_s)).astype(np.int16)
    decoder = "sndfile" if is_last_resort else encoding.type_id
    with DirectDecoder(decoder, encoding.encode(source, tmp_path)) as made:
        heard = made.rest()
    spectrum = np.abs(np.fft.rfft(heard, axis=0))
    assert [round(float(each) * encoding.rate_hz / len(heard)) for each in spectrum.argmax(axis=0)] == list(tones_hz)
