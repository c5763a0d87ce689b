"""Shared memory for audio: segments, rings, byte streams, checkpoints, status pages.

Plain numbers; knows nothing of plugins.
"""

from shm_audio.byte_stream import ByteStream, StreamFormat, StreamWords
from shm_audio.checkpoint import Checkpoints, CheckpointSlot
from shm_audio.errors import RingError, SegmentError, ShmError, StreamError
from shm_audio.layout import struct_sizes
from shm_audio.ring import Ring, RingFormat, RingWords
from shm_audio.segment import Segment, backend
from shm_audio.status_page import CALLS, CrashRecord, LaneStatus, StatusPage

__all__ = [
    "CALLS",
    "ByteStream",
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
    "StreamError",
    "StreamFormat",
    "StreamWords",
    "backend",
    "struct_sizes",
]
