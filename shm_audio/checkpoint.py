"""The host's face of a stage's checkpoints: it makes the segment, and after a death sees which slots are whole."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType

from shm_audio._core import ffi, lib
from shm_audio.errors import SegmentError
from shm_audio.segment import Segment

__all__ = ["CheckpointSlot", "Checkpoints"]


@dataclass(frozen=True, slots=True)
class CheckpointSlot:
    """A whole state of ``length`` bytes: with it an instance goes on at frame ``position``."""

    index: int
    position: int
    epoch: int
    config_gen: int
    length: int


class Checkpoints:
    """Two slots for states of at most ``slot_bytes``. Single-threaded: the host's loop."""

    def __init__(self, slot_bytes: int) -> None:
        """Both slots are empty.

        Raises:
            SegmentError: the system gives no memory.
            ValueError: 1 byte to 16 MiB can be kept.
        """
        size = lib.st_checkpoint_segment_bytes(slot_bytes) if 0 < slot_bytes <= lib.ST_CHECKPOINT_MAX_BYTES else 0
        if size == 0:
            raise ValueError(f"slots of {slot_bytes} bytes; 1 to {lib.ST_CHECKPOINT_MAX_BYTES} are possible")
        self.slot_bytes = slot_bytes
        self._segment = Segment("checkpoints", size)
        if lib.st_checkpoint_format_segment(self._segment.fd, slot_bytes) != 0:
            self._segment.close()
            raise SegmentError(f"checkpoints cannot be written: {os.strerror(ffi.errno)}")

    @property
    def fd(self) -> int:
        """The segment's descriptor, to be passed to the stage's worker."""
        return self._segment.fd

    def slots(self) -> tuple[CheckpointSlot, ...]:
        """The slots that are valid and whole, the newest first. Each is copied once, and only the copy is looked at."""
        label = ffi.new("st_checkpoint_label *")
        copy = ffi.new("uint8_t[]", self.slot_bytes)
        found: list[CheckpointSlot] = []
        for index in range(lib.ST_CHECKPOINT_SLOTS):
            # SAFETY: the copy has room for the longest state, and the reader refuses longer ones.
            if lib.st_checkpoint_read(self.fd, self.slot_bytes, index, label, copy):
                found.append(CheckpointSlot(index, label.position, label.epoch, label.config_gen, label.length))
        return tuple(sorted(found, key=lambda slot: slot.position, reverse=True))

    def clear(self) -> None:
        """Makes both slots empty: the stage begins anew. Only while no lane writes.

        Raises:
            SegmentError: the segment is gone or cannot be written.
        """
        if lib.st_checkpoint_clear(self.fd, self.slot_bytes) != 0:
            raise SegmentError(f"checkpoints cannot be cleared: {os.strerror(ffi.errno)}")

    def close(self) -> None:
        """Gives up this side's descriptor; twice is fine. A worker keeps what it has mapped."""
        self._segment.close()

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
