"""Sizes of the shared structs, so that two builds that differ are found out in the handshake."""

from __future__ import annotations

from plugin_worker._core import ffi

__all__ = ["struct_sizes"]

_SHARED = (
    *("st_ring_words", "st_ring_format", "st_status_page", "st_checkpoint_format", "st_checkpoint_slot"),
    *("st_stream_words", "st_stream_format"),
)


def struct_sizes() -> tuple[int, ...]:
    """Bytes of each struct that host and worker both map."""
    return tuple(ffi.sizeof(name) for name in _SHARED)
