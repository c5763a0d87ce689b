"""The input ring of a dsp or a sink, and the one that takes its place at a position, while the stage works on."""

from __future__ import annotations

from abi.wire import SwitchInput
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.stage import StageInstance, map_ring
from plugin_worker.errors import Misuse, WorkerFault
from plugin_worker.ffi_calls import CData

__all__ = ["InletStage"]


class InletStage(StageInstance):
    """A stage that reads a ring: ``_native`` has ``input``, ``next`` and ``switch_at``. Lane thread."""

    _native: CData

    def await_switch(self) -> None:
        """At attach: there is no next ring yet."""
        self._native.switch_at = lib.ST_NO_POSITION

    def switch_input(self, request: SwitchInput, ring_fd: int) -> None:
        """Reads the ring that it has up to ``at``, the other one from there on, and pumps.

        Raises:
            Misuse: it has passed that position, or is to switch already.
            WorkerFault: no ring, one of another shape, or one whose reader stands elsewhere. All is as before then.
        """
        self.expect_attached("switch_input")
        native, following = self._native, ffi.addressof(self._native, "next")
        if following.words != ffi.NULL:
            raise Misuse("switch_input", "another ring is to come already")
        if native.input.own_pos > request.at:
            raise Misuse("switch_input", f"the stage is at {native.input.own_pos}, beyond {request.at}")
        map_ring(following, ring_fd, lib.ST_RING_READER)
        try:
            self._expect_following(following, request.at)
        except WorkerFault:
            lib.st_ring_unmap(following)
            raise
        native.switch_at = request.at
        native.wake_frames = request.wake_frames
        self.between_pumps()
        self.lane.stage = self

    def _expect_following(self, following: CData, at: int) -> None:
        if following.own_pos != at:
            raise WorkerFault("switch_input", f"the reader of the next ring stands at {following.own_pos}, not at {at}")
        if shape(following.format) != shape(self._native.input.format):
            raise WorkerFault("switch_input", "the next ring differs in channels, rate or block")

    def between_pumps(self) -> None:
        """Exchanges the rings when the position has come."""
        native, following = self._native, ffi.addressof(self._native, "next")
        if native.switch_at != native.input.own_pos:
            return
        lib.st_ring_before_sleep(ffi.addressof(native, "input"))
        lib.st_ring_unmap(ffi.addressof(native, "input"))
        ffi.memmove(ffi.addressof(native, "input"), following, ffi.sizeof(native.input))
        # SAFETY: the mapping belongs to `input` from here on; `next` only forgets it.
        ffi.buffer(following)[:] = bytes(ffi.sizeof(native.input))
        native.switch_at = lib.ST_NO_POSITION
        lib.st_ring_greet(ffi.addressof(native, "input"))

    def released(self) -> None:
        lib.st_ring_unmap(ffi.addressof(self._native, "next"))


def shape(fmt: CData) -> tuple[int, int, int]:
    """What two rings of one stage must have in common."""
    return fmt.channels, fmt.sample_rate_hz, fmt.block_frames
