"""Sizes of the structs that live in shared memory, so that two builds that differ are found out in the handshake."""

from __future__ import annotations

from shm_audio._core import ffi

__all__ = ["struct_sizes"]

_SHARED = (
    *("st_ring_words", "st_ring_format", "st_status_page", "st_checkpoint_format", "st_checkpoint_slot"),
    *("st_stream_words", "st_stream_format"),
)


def struct_sizes() -> tuple[int, ...]:
    """Bytes of each, in a fixed order; a worker answers ``Hello`` with its own build's."""
    return tuple(ffi.sizeof(name) for name in _SHARED)
