"""Shared memory for audio: segments, rings, checkpoints, status pages. Plain numbers; knows nothing of plugins."""

from shm_audio.checkpoint import Checkpoints, CheckpointSlot
from shm_audio.errors import RingError, SegmentError, ShmError
from shm_audio.layout import struct_sizes
from shm_audio.ring import Ring, RingFormat, RingWords
from shm_audio.segment import Segment, backend
from shm_audio.status_page import CALLS, CrashRecord, LaneStatus, StatusPage

__all__ = [
    "CALLS",
    "CheckpointSlot",
    "Checkpoints",
    "CrashRecord",
    "LaneStatus",
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
