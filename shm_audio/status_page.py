"""The host's face of a worker's status page: what each lane is doing, readable even after the worker is gone."""

from __future__ import annotations

import os
from typing import NamedTuple

from shm_audio._core import ffi, lib
from shm_audio.errors import SegmentError
from shm_audio.segment import Segment

__all__ = ["CALLS", "CrashRecord", "LaneStatus", "StatusPage"]

#: Names of the calls a lane can be in, by the number it writes; 0 is none.
CALLS = (
    "",
    "create",
    "open",
    "get_info",
    "get_metadata",
    "read",
    "seek",
    "process",
    "reset",
    "list_targets",
    "negotiate",
    "write",
    "query_status",
    "flush",
    "close",
    "plan",
    "apply",
    "export",
    "import",
    "destroy",
    "entry",
    "describe",
    "shutdown",
    "list_items",
    "open_stream",
    "close_stream",
    "search",
    "fetch",
    "stream_read",
    "stream_seek",
)


class LaneStatus(NamedTuple):
    """One lane, as it said last. ``call`` is empty outside plugin code; ``began_ns`` is CLOCK_MONOTONIC.

    ``timed_ns``: how long ``timed_calls`` of its reads, processes or writes took, a sample of all.
    """

    slot: int
    instance: int
    call: str
    call_seq: int
    began_ns: int
    blocks: int
    queued_frames: int
    xruns: int
    silence_frames: int
    scrubbed_samples: int
    clipped_samples: int
    failed_blocks: int
    timed_calls: int
    timed_ns: int


class CrashRecord(NamedTuple):
    """What the handler of a fatal signal wrote, or that of an exit (``signal`` 0); a hint like all here.

    ``sender``: the process that sent the signal, 0 when the processor or the kernel raised it. ``slot``: the lane that
    crashed, -1 for a thread that is none. ``stack``: its stack pointer. ``frames``: code addresses, innermost first.
    """

    signal: int
    si_code: int
    sender: int
    slot: int
    address: int
    stack: int
    frames: tuple[int, ...]


class StatusPage:
    """Made by the host, written by one worker. Single-threaded: the host's loop.

    ``bell_fd`` is an eventfd that the worker rings when it crashes: a hint, as all that stands in the page.
    """

    def __init__(self) -> None:
        """Raises: SegmentError when the system gives no memory."""
        self.bell_fd = -1
        self._segment = Segment("status", lib.ST_STATUS_BYTES)
        # SAFETY: the mapping is read-only and lives until close(), which sets it to null.
        failed = lib.st_status_format(self._segment.fd) != 0
        self._page = ffi.NULL if failed else lib.st_status_map(self._segment.fd)
        if self._page == ffi.NULL:
            self._segment.close()
            raise SegmentError(f"a status page cannot be mapped: {os.strerror(ffi.errno)}")
        try:
            self.bell_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        except OSError as error:
            self.close()
            raise SegmentError(f"a status page has no bell: {error.strerror}") from error

    @property
    def fd(self) -> int:
        """The segment's descriptor, to be passed to the worker."""
        return self._segment.fd

    @property
    def heartbeat(self) -> int:
        """Rises while the worker's control thread is alive and spoken to."""
        return int(lib.st_status_heartbeat(self._page)) if self._page != ffi.NULL else 0

    def lanes(self) -> tuple[LaneStatus, ...]:
        """All lanes in use; empty after close."""
        if self._page == ffi.NULL:
            return ()
        found: list[LaneStatus] = []
        hint = ffi.new("st_lane_hint *")
        for slot in range(lib.ST_STATUS_LANES):
            if lib.st_status_lane(self._page, slot, hint):
                found.append(
                    LaneStatus(
                        slot=slot,
                        instance=hint.instance,
                        call=CALLS[hint.call] if hint.call < len(CALLS) else f"call {hint.call}",
                        call_seq=hint.call_seq,
                        began_ns=hint.began_ns,
                        blocks=hint.blocks,
                        queued_frames=hint.queued_frames,
                        xruns=hint.xruns,
                        silence_frames=hint.silence_frames,
                        scrubbed_samples=hint.scrubbed_samples,
                        clipped_samples=hint.clipped_samples,
                        failed_blocks=hint.failed_blocks,
                        timed_calls=hint.timed_calls,
                        timed_ns=hint.timed_ns,
                    )
                )
        return tuple(found)

    def crash(self) -> CrashRecord | None:
        """What a fatal signal left, None when there was none so far, and after close."""
        hint = ffi.new("st_crash_hint *")
        if self._page == ffi.NULL or not lib.st_status_crash(self._page, hint):
            return None
        return CrashRecord(
            signal=hint.signal,
            si_code=hint.si_code,
            sender=hint.sender,
            slot=hint.slot,
            address=hint.address,
            stack=hint.stack,
            frames=tuple(hint.frame[0 : hint.frames]),
        )

    def close(self) -> None:
        """Unmaps and closes; twice is fine."""
        lib.st_status_unmap(self._page)
        self._page = ffi.NULL
        self._segment.close()
        if self.bell_fd >= 0:
            os.close(self.bell_fd)
            self.bell_fd = -1
