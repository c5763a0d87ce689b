"""Where which number of a loudness state stands."""

from __future__ import annotations

import struct

__all__ = ["HEADER_BYTES", "HOP_BYTES", "MEMORY_BYTES", "MOST_HOPS", "OFFSETS", "double", "lufs_of", "word"]

MOST_HOPS = 1200
HOP_BYTES = 16
HEADER_BYTES = 96
MEMORY_BYTES = 32
OFFSETS = {
    "version": 8,
    "size": 12,
    "rate": 16,
    "channels": 20,
    "level_db": 24,
    "gain_from": 32,
    "gain_to": 40,
    "now_energy": 48,
    "now_frames": 64,
    "hops": 68,
    "newest": 72,
    "measured": 76,
    "lufs": 80,
    "peak": 88,
}


def lufs_of(state: bytes) -> float | None:
    """What it has measured; None: nothing yet."""
    (measured,) = struct.unpack_from("<I", state, OFFSETS["measured"])
    (lufs,) = struct.unpack_from("<d", state, OFFSETS["lufs"])
    return float(lufs) if measured else None


def word(state: bytes, offset: int, value: int) -> bytes:
    """The state with another number there."""
    return state[:offset] + struct.pack("<I", value) + state[offset + 4 :]


def double(state: bytes, offset: int, value: float) -> bytes:
    """The state with another fraction there."""
    return state[:offset] + struct.pack("<d", value) + state[offset + 8 :]
