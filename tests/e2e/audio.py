"""Audio that the tests make and read themselves: WAV in and out, and the facts a FLAC file carries about itself."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Wav:
    """A WAV file as it was read; ``samples``: shape (frames, channels), float32."""

    rate_hz: int
    bits: int
    samples: Samples


def noise(frames: int, channels: int = 2, seed: int = 1) -> NDArray[np.int16]:
    """16-bit noise: no two neighbours alike, so that a lost or doubled frame shows. Shape (frames, channels)."""
    return np.random.default_rng(seed).integers(-32768, 32768, size=(frames, channels)).astype(np.int16)


def write_wav(path: Path, samples: NDArray[np.int16], rate_hz: int = 44100) -> Path:
    """Writes 16-bit PCM."""
    data = samples.astype("<i2").tobytes()
    channels = samples.shape[1]
    head = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def write_endless_wav(path: Path, gigabytes: int = 2) -> Path:
    """A WAV of silence that takes hours to play and no room on disk."""
    size = gigabytes * 1_000_000_000
    head = struct.pack("<HHIIHH", 1, 2, 44100, 44100 * 4, 4, 16)
    start = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<I", 16) + head
    path.write_bytes(start + b"data" + struct.pack("<I", size))
    with path.open("r+b") as stream:
        stream.truncate(size + 44)
    return path


def as_float(samples: NDArray[np.int16]) -> Samples:
    """What a decoder makes of 16-bit samples."""
    return (samples.astype(np.float32) / np.float32(32768)).astype(np.float32)


def read_wav(path: Path) -> Wav:
    """Reads 16-bit, 24-bit and float WAV."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    at, rate, channels, bits, tag, body = 12, 0, 0, 0, 0, b""
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        chunk = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
            if tag == 0xFFFE:
                tag = struct.unpack_from("<H", chunk, 24)[0]
        elif name == b"data":
            body = chunk
        at += 8 + size + (size & 1)
    if tag == 3 and bits == 32:
        samples = np.frombuffer(body, dtype="<f4").astype(np.float32)
    elif tag == 1 and bits == 16:
        samples = np.frombuffer(body, dtype="<i2").astype(np.float32) / np.float32(32768)
    elif tag == 1 and bits == 24:
        raw = np.frombuffer(body, dtype=np.uint8).reshape(-1, 3).astype(np.int32)
        whole = (raw[:, 0] | (raw[:, 1] << 8) | (raw[:, 2] << 16)) << 8 >> 8
        samples = whole.astype(np.float32) / np.float32(8388608)
    else:
        raise AssertionError(f"{path}: format {tag} with {bits} bits")
    return Wav(rate, bits, samples.reshape(-1, channels))


@dataclass(frozen=True)
class StreamInfo:
    """What a FLAC file says of itself."""

    rate_hz: int
    channels: int
    bits: int
    frames: int
    md5: str


def stream_info(path: Path) -> StreamInfo:
    """Reads STREAMINFO (RFC 9639, section 8.2)."""
    data = path.read_bytes()[: 4 + 4 + 34]
    assert data[:4] == b"fLaC" and data[4] & 0x7F == 0
    packed = int.from_bytes(data[18:26], "big")
    return StreamInfo(
        rate_hz=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        frames=packed & (1 << 36) - 1,
        md5=data[26:42].hex(),
    )


def pcm_bytes(samples: Samples, bits: int) -> bytes:
    """Samples scaled back to integers of ``bits`` bits, as FLAC hashes them: little-endian, whole bytes each."""
    whole = samples.astype(np.float64) * 2.0 ** (bits - 1)
    integers = np.rint(whole).astype("<i4")
    assert np.array_equal(integers, whole), "a sample is no integer of that many bits"
    width = (bits + 7) // 8
    return integers.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
