"""What libsndfile decodes in its worker equals what it decodes when called directly."""

from __future__ import annotations

import ctypes
import ctypes.util
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Stellatune

SFM_READ = 0x10


class SfInfo(ctypes.Structure):
    """SF_INFO of sndfile.h."""

    _fields_ = (
        ("frames", ctypes.c_int64),
        ("samplerate", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("format", ctypes.c_int),
        ("sections", ctypes.c_int),
        ("seekable", ctypes.c_int),
    )


@pytest.fixture(scope="session")
def libsndfile() -> ctypes.CDLL:
    name = ctypes.util.find_library("sndfile")
    if name is None:
        pytest.skip("libsndfile is not installed")
    library = ctypes.CDLL(name)
    library.sf_open.restype = ctypes.c_void_p
    library.sf_readf_float.restype = ctypes.c_int64
    library.sf_readf_float.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    library.sf_close.argtypes = (ctypes.c_void_p,)
    return library


def decode_directly(library: ctypes.CDLL, path: Path) -> tuple[int, Samples]:
    """Rate and samples, shape (frames, channels), through sf_readf_float."""
    info = SfInfo()
    handle = library.sf_open(str(path).encode(), SFM_READ, ctypes.byref(info))
    assert handle, f"libsndfile cannot open {path}"
    blocks = []
    buffer = np.empty((4096, info.channels), dtype=np.float32)
    while (frames := library.sf_readf_float(handle, buffer.ctypes.data, len(buffer))) > 0:
        blocks.append(buffer[:frames].copy())
    library.sf_close(handle)
    return info.samplerate, np.concatenate(blocks)


@pytest.mark.parametrize("name", ["outfoxing.mp3", "viper.mp3", "viper.ogg"])
def test_music_equals_libsndfile(
    stellatune: Stellatune, corpora: Path, libsndfile: ctypes.CDLL, tmp_path: Path, name: str
) -> None:
    source = corpora / "music" / name
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--decoder", "sndfile")
    result = read_wav(tmp_path / "out.wav")
    rate, expected = decode_directly(libsndfile, source)
    assert result.rate_hz == rate
    assert len(expected) > 100_000
    assert np.array_equal(result.samples, expected)


def test_sndfile_and_our_own_wav_decoder_agree(stellatune: Stellatune, tmp_path: Path) -> None:
    samples = noise(20_001)
    source = write_wav(tmp_path / "in.wav", samples)
    stellatune.ok("render", source, "-o", tmp_path / "out.wav", "--decoder", "stellatune.decoder.sndfile")
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(samples))
