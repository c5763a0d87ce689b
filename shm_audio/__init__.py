"""Shared memory for audio: segments, rings, status pages. Plain numbers in and out; knows nothing of plugins."""

from shm_audio.errors import RingError, SegmentError, ShmError
from shm_audio.layout import struct_sizes
from shm_audio.ring import Ring, RingFormat, RingWords
from shm_audio.segment import Segment, backend
from shm_audio.status_page import CALLS, CrashRecord, LaneStatus, StatusPage

__all__ = [
    "CALLS",
    "LaneStatus",
    "CheckpointSlot",
    "Checkpoints",
    "CrashRecord",
    "Ring",
    "RingError",
    "RingFormat",
    "RingWords",
    "Segment",
    "SegmentError",
    "ShmError",
    "StatusPage",
    "backend",
    "struct_sizes",
]
