"""What can go wrong with shared memory.

ShmError
    SegmentError     the system refused: no memory, no descriptor, no /dev/shm
    StreamError      a byte stream's format contradicts itself, or it is closed
    RingError        a format that contradicts itself, or positions that cannot be
"""

from __future__ import annotations

__all__ = ["RingError", "SegmentError", "ShmError", "StreamError"]


class ShmError(Exception):
    """Base of this room's exceptions."""


class SegmentError(ShmError):
    """The system did not give the memory."""


class RingError(ShmError):
    """A ring's format or positions are impossible."""


class StreamError(ShmError):
    """A byte stream's format is impossible, or it is closed."""
