"""Dsps: from ring to ring, whole blocks; what they keep in checkpoints, and how one takes over from another."""

from __future__ import annotations

import os
from collections.abc import Sequence

from abi.kinds import StatusCode
from abi.wire import Applied, ApplyUpdate, AttachDsp, FadeDsp, ImportState, Inherited, InstanceCreated, Join, StateForm
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.inlet import InletStage, shape
from plugin_worker.capabilities.instance import require
from plugin_worker.capabilities.stage import map_ring
from plugin_worker.capabilities.state import form_of, import_state
from plugin_worker.errors import Misuse, PluginSaidNo, WorkerFault
from plugin_worker.ffi_calls import CData, call, invoke
from plugin_worker.lane import Lane, LaneHome

__all__ = ["DspInstance"]

#: Memory that is touched only as far as it is used: a state is mostly much shorter than a slot.
_private = ffi.new_allocator(should_clear_after_alloc=False)


class DspInstance(InletStage):
    """One dsp."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require(ref.vtable, "dsp", "process_interleaved_f32_in_place", "supported_layouts")
        super().__init__(home, lane, ref)
        self._native = ffi.new("st_dsp *")
        self._stop = ffi.new("st_stop *")
        self._exported: CData = ffi.NULL
        self._keep_at_once = False
        self._native.vtable = self.vtable
        self._native.handle = self.handle
        self._native.state_form = form_of(self.vtable.instance)
        self._latency_frames = 0
        if self.vtable.latency_frames != ffi.NULL:
            self._latency_frames = invoke(lane.native, "create", self.vtable.latency_frames, self.handle)

    def facts(self) -> InstanceCreated:
        """What the host wants to know once."""
        return InstanceCreated(
            latency_frames=self._latency_frames,
            layouts=invoke(self.lane.native, "create", self.vtable.supported_layouts, self.handle),
            exports_state=self._native.state_form != lib.ST_STATE_NONE,
        )

    def attach(self, request: AttachDsp, fds: Sequence[int]) -> int:
        """Joins both rings and the checkpoints, takes over and replays what is asked for, and pumps.

        Raises:
            WorkerFault: no memory, rings that do not fit each other, frames that are not kept, or no such checkpoint.
            PluginSaidNo: the plugin does not take the state.
        """
        self.expect_free()
        native = self._native
        try:
            map_ring(ffi.addressof(native, "input"), fds[0], lib.ST_RING_READER)
            map_ring(ffi.addressof(native, "output"), fds[1], lib.ST_RING_WRITER)
            self._expect_takeover(request)
            self._make_scratch(request)
            self._join_checkpoints(request, fds[2])
            native.wake_frames = request.wake_frames
            native.epoch, native.config_gen = request.epoch, request.config_gen
            native.errors = native.unkept = 0
            if lib.st_dsp_take_over(self.lane.native, native, request.replay_from):
                raise Misuse("attach", "cancelled while it replayed")
            if self._keep_at_once:
                # SAFETY: lane thread, before its pump; rings and checkpoints are mapped.
                lib.st_dsp_keep(self.lane.native, native)
            self.begin(request.epoch)
        except BaseException:
            for ring in self.rings:
                lib.st_ring_unmap(ring)
            self.released()
            raise
        return self.position

    def _expect_takeover(self, request: AttachDsp) -> None:
        """Raises: WorkerFault for rings that differ, or stand where a death between two publishes cannot leave them."""
        inp, out, replay_from = self._native.input, self._native.output, request.replay_from
        if shape(inp.format) != shape(out.format):
            raise WorkerFault("attach", "the two rings differ in channels, rate or block")
        at, block = out.own_pos, inp.format.block_frames
        if not inp.own_pos <= at <= min(inp.own_pos + block, inp.seen_peer):
            raise WorkerFault("attach", "input and output stand at different positions")
        if not inp.own_retain <= replay_from <= at:
            raise WorkerFault("attach", f"frame {replay_from} is not kept; {inp.own_retain} to {at} are")
        if (at - replay_from) % block:
            raise WorkerFault("attach", f"{replay_from} to {at} are no whole blocks")
        if request.join == Join.FILL and replay_from < out.seen_retain:
            raise WorkerFault("attach", f"there is no place for what comes before {out.seen_retain}")

    def _make_scratch(self, request: AttachDsp) -> None:
        native, fmt = self._native, self._native.input.format
        try:
            native.join = Join(request.join)
        except ValueError:
            raise Misuse("attach", f"there is no join {request.join}") from None
        if request.join_at % fmt.block_frames:
            raise Misuse("attach", f"a ramp begins at whole blocks, not at {request.join_at}")
        native.join_from = request.join_at if native.join in (Join.RAMP, Join.RISE) else 0
        native.join_frames = request.join_frames
        native.join_latency_frames = request.join_latency_frames
        native.fade_from = lib.ST_NO_POSITION
        self.await_switch()
        for name in ("scratch", "dry") if native.join in (Join.RAMP, Join.RISE) else ("scratch",):
            self._make_block(name)

    def _make_block(self, name: str) -> None:
        fmt = self._native.input.format
        if lib.st_scratch_make(ffi.addressof(self._native, name), fmt.block_frames * fmt.channels) != 0:
            raise WorkerFault("attach", f"no memory for a block: {os.strerror(ffi.errno)}")

    def _join_checkpoints(self, request: AttachDsp, fd: int) -> None:
        native, block = self._native, self._native.input.format.block_frames
        if lib.st_checkpoint_map(ffi.addressof(native, "checkpoint"), fd, request.state_slot) != 0:
            raise WorkerFault("attach", f"checkpoints cannot be mapped: {os.strerror(ffi.errno)}")
        if request.checkpoint_frames % block:
            raise WorkerFault("attach", f"checkpoints every {request.checkpoint_frames} frames are no whole blocks")
        native.kept.position = lib.ST_NO_POSITION
        native.checkpoint_frames = request.checkpoint_frames
        if native.state_form != lib.ST_STATE_NONE and request.checkpoint_frames > 0:
            self._exported = native.exported = _private("uint8_t[]", native.checkpoint.slot_bytes)
        if request.state_slot >= 0:
            self._import_state(request)

    def _import_state(self, request: AttachDsp) -> None:
        """The slot is copied once; what the copy says of itself must be what the host saw."""
        face = ffi.addressof(self._native, "checkpoint")
        label = ffi.new("st_checkpoint_label *")
        copy = _private("uint8_t[]", face.slot_bytes)
        # SAFETY: the copy has room for the longest state; a longer one is refused.
        if not lib.st_checkpoint_get(face, request.state_slot, label, copy):
            raise WorkerFault("import", f"checkpoint {request.state_slot} is not whole")
        found = (label.position, label.epoch, label.config_gen)
        expected = (request.replay_from, request.epoch, request.config_gen)
        if found != expected:
            raise WorkerFault("import", f"checkpoint {request.state_slot} is for {found}, not {expected}")
        import_state(
            self.lane.native, self.vtable.instance, self.handle, StateForm(self._native.state_form), copy, label.length
        )

    def inherit(self, request: ImportState) -> Inherited:
        """As ever; what it then has is kept as soon as it joins its rings: no checkpoint of its own is there yet."""
        self._keep_at_once = True
        return super().inherit(request)

    def reset(self) -> None:
        """Forgets its past. Raises: Misuse while it holds rings. PluginSaidNo: it cannot, or fails over it."""
        if self.attached:
            raise Misuse("reset", "detach it first")
        if self.vtable.reset == ffi.NULL:
            raise PluginSaidNo("reset", "it cannot forget its past", StatusCode.UNSUPPORTED)
        call(self.lane.native, "reset", self.vtable.reset, self.handle)
        self._keep_at_once = False

    def fade(self, request: FadeDsp) -> int:
        """Ramps to the dry signal and stays there; says from where on it is dry.

        Raises:
            Misuse: it is not attached, or fades to another signal already.
        """
        self.expect_attached("fade")
        native = self._native
        if native.fade_from == lib.ST_NO_POSITION:
            if native.dry.samples == ffi.NULL:
                self._make_block("dry")
            native.fade_frames, native.fade_latency_frames = request.frames, request.latency_frames
            native.exported = ffi.NULL
            native.fade_from = self._fade_from(request.latency_frames)
        elif native.fade_latency_frames != request.latency_frames:
            raise Misuse("fade", f"it fades to a signal that is {native.fade_latency_frames} frames late already")
        return int(native.fade_from + native.fade_frames)

    def _fade_from(self, latency_frames: int) -> int:
        native = self._native
        kept = native.input.own_retain + latency_frames
        joined = native.join_from + native.join_frames if native.join != Join.NONE else 0
        block = native.input.format.block_frames
        return max(self.position, int(-(-max(kept, joined) // block) * block))

    def begin(self, epoch: int) -> None:
        self._native.epoch = epoch
        lib.st_dsp_expect_checkpoint(self._native)
        super().begin(epoch)

    def hold(self) -> int:
        """Stops pumping, after a last checkpoint; says where."""
        position = super().hold()
        # SAFETY: lane thread, and no pump runs; rings and checkpoints live until released().
        lib.st_dsp_keep(self.lane.native, self._native)
        return position

    def apply(self, request: ApplyUpdate) -> Applied:
        """Also keeps the state that the new configuration begins with: a successor goes on from there, or before it."""
        applied = super().apply(request)
        self._native.config_gen = request.config_gen
        if self.attached:
            # SAFETY: as in hold.
            lib.st_dsp_keep(self.lane.native, self._native)
        return applied

    def expect_aligned(self, call: str) -> None:
        if self._native.input.own_pos != self._native.output.own_pos:
            raise WorkerFault(call, "input and output stand at different positions")

    @property
    def rings(self) -> tuple[CData, ...]:
        return ffi.addressof(self._native, "input"), ffi.addressof(self._native, "output")

    @property
    def position(self) -> int:
        return int(self._native.output.own_pos)

    def pump(self) -> bool:
        # SAFETY: lane thread; rings and scratch live until released(), which only this thread calls.
        lib.st_dsp_pump(self.lane.native, self._native, self._stop)
        return self.stopped(self._stop)

    def moved(self) -> None:
        self._native.join = Join.NONE

    def released(self) -> None:
        super().released()
        native = self._native
        lib.st_scratch_free(ffi.addressof(native, "scratch"))
        lib.st_scratch_free(ffi.addressof(native, "dry"))
        lib.st_checkpoint_unmap(ffi.addressof(native, "checkpoint"))
        self._exported = native.exported = ffi.NULL
