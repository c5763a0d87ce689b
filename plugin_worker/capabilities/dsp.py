"""Dsps: from ring to ring, whole blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence

from abi.wire import AttachDsp, InstanceCreated
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.instance import require
from plugin_worker.capabilities.stage import StageInstance, map_ring
from plugin_worker.errors import WorkerFault
from plugin_worker.ffi_calls import CData, invoke
from plugin_worker.lane import Lane, LaneHome

__all__ = ["DspInstance"]


class DspInstance(StageInstance):
    """One dsp."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require(ref.vtable, "dsp", "process_interleaved_f32_in_place", "supported_layouts")
        super().__init__(home, lane, ref)
        self._native = ffi.new("st_dsp *")
        self._stop = ffi.new("st_stop *")

    def facts(self) -> InstanceCreated:
        """What the host wants to know once."""
        table = self.vtable
        latency = 0
        if table.latency_frames != ffi.NULL:
            latency = invoke(self.lane.native, "create", table.latency_frames, self.handle)
        return InstanceCreated(
            latency_frames=latency,
            layouts=invoke(self.lane.native, "create", table.supported_layouts, self.handle),
            exports_state=table.instance.export_state_blob != ffi.NULL,
        )

    def attach(self, request: AttachDsp, fds: Sequence[int]) -> int:
        """Joins both rings and the checkpoints, takes over and replays what is asked for, and pumps.

        Raises:
            WorkerFault: no memory, no rings, or rings that do not fit each other.
        """
        self.expect_free()
        in_fd, out_fd, _checkpoint_fd = fds
        native = self._native
        map_ring(ffi.addressof(native, "input"), in_fd, lib.ST_RING_READER)
        try:
            map_ring(ffi.addressof(native, "output"), out_fd, lib.ST_RING_WRITER)
            fmt = native.input.format
            if _shape(fmt) != _shape(native.output.format):
                raise WorkerFault("attach", "the two rings differ in channels, rate or block")
            self.expect_aligned("attach")
            if lib.st_scratch_make(ffi.addressof(native, "scratch"), fmt.block_frames * fmt.channels) != 0:
                raise WorkerFault("attach", f"no memory for a block: {os.strerror(ffi.errno)}")
        except WorkerFault:
            for ring in self.own_rings:
                lib.st_ring_unmap(ring)
            raise
        native.vtable = self.vtable
        native.handle = self.handle
        native.wake_frames = request.wake_frames
        native.errors = 0
        self.begin(request.epoch)
        return self.position

    def expect_aligned(self, call: str) -> None:
        if self._native.input.own_pos != self._native.output.own_pos:
            raise WorkerFault(call, "input and output stand at different positions")

    @property
    def rings(self) -> tuple[CData, CData]:
        return ffi.addressof(self._native, "input"), ffi.addressof(self._native, "output")

    @property
    def position(self) -> int:
        return int(self._native.output.own_pos)

    def pump(self) -> bool:
        # SAFETY: lane thread; rings and scratch live until released(), which only this thread calls.
        lib.st_dsp_pump(self.lane.native, self._native, self._stop)
        return self.stopped(self._stop)

    def released(self) -> None:
        lib.st_scratch_free(ffi.addressof(self._native, "scratch"))


def _shape(fmt: CData) -> tuple[int, int, int]:
    return fmt.channels, fmt.sample_rate_hz, fmt.block_frames
