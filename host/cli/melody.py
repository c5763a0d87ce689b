"""A short tune, computed: four bars for two voices with soft attacks and decays. The same samples every time."""

from __future__ import annotations

import math
import struct
from array import array
from pathlib import Path

__all__ = ["CHANNELS", "RATE_HZ", "compose", "write_wav"]

RATE_HZ = 44100
CHANNELS = 2
BEAT_S = 0.25

#: (midi note, beats); 0 is a rest.
TUNE = ((76, 1), (79, 1), (84, 2), (83, 1), (79, 1), (81, 2), (77, 1), (81, 1), (79, 2), (74, 1), (76, 1), (72, 2))
BASS = ((48, 4), (43, 4), (41, 4), (48, 4))
PARTIALS = ((1, 1.0), (2, 0.4), (3, 0.15), (4, 0.06))


def _voice(notes: tuple[tuple[int, int], ...], gain: float) -> list[float]:
    """One voice: each note a sum of partials under an envelope of 8 ms attack and exponential decay."""
    samples: list[float] = []
    for note, beats in notes:
        frames = round(beats * BEAT_S * RATE_HZ)
        release = RATE_HZ // 50
        step = 2 * math.pi * 440.0 * 2 ** ((note - 69) / 12) / RATE_HZ
        for frame in range(frames):
            attack = min(1.0, frame / (0.008 * RATE_HZ))
            decay = math.exp(-3.0 * frame / RATE_HZ) * min(1.0, (frames - frame) / release)
            tone = sum(level * math.sin(partial * step * frame) for partial, level in PARTIALS)
            samples.append(gain * attack * decay * tone)
    return samples


def compose() -> array[int]:
    """The tune as interleaved 16-bit stereo: the melody a little left, the bass a little right."""
    melody, bass = _voice(TUNE, 0.28), _voice(BASS, 0.22)
    samples = array("h")
    for high, low in zip(melody, bass, strict=True):
        samples.append(round(32767 * (0.8 * high + 0.5 * low)))
        samples.append(round(32767 * (0.5 * high + 0.8 * low)))
    return samples


def write_wav(path: Path) -> int:
    """Writes the tune as a WAV file of 16 bits; gives its frames."""
    samples = compose()
    data = struct.pack(f"<{len(samples)}h", *samples)
    head = struct.pack("<HHIIHH", 1, CHANNELS, RATE_HZ, RATE_HZ * CHANNELS * 2, CHANNELS * 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return len(samples) // CHANNELS
