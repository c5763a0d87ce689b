"""Sinks: list, negotiate, open, and pump a ring into the target until the end, which is then played out."""

from __future__ import annotations

import os

from abi.wire import (
    AttachSink,
    DigestReady,
    Discarded,
    Json,
    Negotiated,
    NegotiateSink,
    OpenSink,
    Payload,
    SetVolume,
    StopReason,
    SwitchInput,
)
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.inlet import InletStage
from plugin_worker.capabilities.instance import require
from plugin_worker.capabilities.stage import map_ring
from plugin_worker.errors import ContractBroken, Misuse, PluginSaidNo, WorkerFault
from plugin_worker.ffi_calls import CData, borrow, call, invoke, take_json
from plugin_worker.lane import Lane, LaneHome

__all__ = ["SinkInstance"]

_MAX_CHUNK_FRAMES = 4096
_REQUIRED = (
    "list_targets_json_utf8",
    "negotiate_spec",
    "open",
    "write_interleaved_f32",
    "query_status",
    "reset",
    "close",
)


class SinkInstance(InletStage):
    """One sink."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """Raises: LoadFault when the vtable lacks a required function."""
        require(ref.vtable, "sink", *_REQUIRED)
        super().__init__(home, lane, ref)
        self._native = ffi.new("st_sink *")
        self._native.vtable, self._native.handle = self.vtable, self.handle
        self._stop = ffi.new("st_stop *")
        self._open = False

    def list_targets(self) -> Json:
        """The targets as the plugin lists them."""
        out = ffi.new("StStr *")
        call(self.lane.native, "list_targets", self.vtable.list_targets_json_utf8, self.handle, out)
        return Json(Payload(take_json(self.lane.native, "list_targets", out) or b"[]"))

    def negotiate(self, request: NegotiateSink) -> Negotiated:
        """Raises: PluginSaidNo for a target that is not there; ContractBroken for an impossible spec."""
        target, keep = borrow(request.target)
        out = ffi.new("StOutputSinkNegotiatedSpec *")
        wished = _spec(request.sample_rate_hz, request.channels)
        call(self.lane.native, "negotiate", self.vtable.negotiate_spec, self.handle, target, wished[0], out)
        del keep
        if not 0 < out.spec.channels <= lib.ST_CONVERT_MAX_CHANNELS or out.spec.sample_rate_hz == 0:
            raise ContractBroken("negotiate", f"{out.spec.channels} channels at {out.spec.sample_rate_hz} Hz cannot be")
        return Negotiated(
            sample_rate_hz=out.spec.sample_rate_hz,
            channels=out.spec.channels,
            preferred_chunk_frames=out.preferred_chunk_frames,
            flags=out.flags,
        )

    def open(self, request: OpenSink) -> None:
        """Raises: PluginSaidNo when the target cannot be opened."""
        if self._open:
            raise Misuse("open", "the sink is open already")
        target, keep = borrow(request.target)
        spec = _spec(request.sample_rate_hz, request.channels)
        call(self.lane.native, "open", self.vtable.open, self.handle, target, spec[0], request.start_frame)
        del keep
        self._open = True

    def attach(self, request: AttachSink, ring_fd: int) -> int:
        """Joins the input ring and pumps.

        Raises:
            Misuse: not open, or attached already.
            WorkerFault: no memory, no ring, or no libcrypto for the digest that was asked for.
        """
        if not self._open:
            raise Misuse("attach", "the sink is not open")
        self.expect_free()
        native = self._native
        map_ring(ffi.addressof(native, "input"), ring_fd, lib.ST_RING_READER)
        try:
            fmt = native.input.format
            chunk = max(fmt.block_frames, min(request.wake_frames, _MAX_CHUNK_FRAMES))
            if lib.st_scratch_make(ffi.addressof(native, "scratch"), chunk * fmt.channels) != 0:
                raise WorkerFault("attach", f"no memory for a block: {os.strerror(ffi.errno)}")
            if request.digest:
                native.digest = lib.st_digest_make()
                if native.digest == ffi.NULL:
                    raise WorkerFault("attach", "a report needs libcrypto: apt-get install libssl3")
        except WorkerFault:
            lib.st_ring_unmap(ffi.addressof(native, "input"))
            self.released()
            raise
        native.chunk_frames = chunk
        native.wake_frames = request.wake_frames
        native.silence_after_ns = request.silence_after_ms * 1_000_000
        native.digest_from = native.input.own_pos
        native.cut_at = request.cut_at if request.cut_at >= self.position else lib.ST_NO_POSITION
        native.finish_at = request.finish_at if request.finish_at >= 0 else lib.ST_NO_POSITION
        self.await_switch()
        native.starved = native.started = 0
        native.since_query = native.input.format.sample_rate_hz  # asked with the first write
        lib.st_ramp_set(ffi.addressof(native, "volume"), 0.0 if request.fade_frames > 0 else request.volume)
        if request.fade_frames > 0:
            lib.st_ramp_to(ffi.addressof(native, "volume"), request.volume, request.fade_frames)
        self.begin(request.epoch)
        return self.position

    def set_volume(self, request: SetVolume) -> None:
        """Ramps from where the gain is now."""
        self.expect_attached("set_volume")
        lib.st_ramp_to(ffi.addressof(self._native, "volume"), request.volume, request.ramp_frames)

    def cut_digest(self, position: int) -> None:
        """Raises: Misuse when the position is behind the sink already."""
        self.expect_attached("cut_digest")
        if position < self.position:
            raise Misuse("cut_digest", f"the sink is at {self.position}, beyond {position}")
        self._native.cut_at = position

    def finish(self, position: int) -> None:
        """Stops exactly at ``position``, then plays out. Raises: Misuse when it is behind the sink already."""
        self.expect_attached("finish")
        if position < self.position:
            raise Misuse("finish", f"the sink is at {self.position}, beyond {position}")
        self._native.finish_at = position
        self.lane.stage = self

    def switch_input(self, request: SwitchInput, ring_fd: int) -> None:
        if self.attached and self.position >= self._native.finish_at:
            raise Misuse("switch_input", "the end is reached")
        super().switch_input(request, ring_fd)

    def flush(self) -> None:
        """Plays out, or hands on, all that was given. Raises: Misuse while it pumps. PluginSaidNo: it cannot."""
        self._expect_held("flush")
        if self.vtable.flush != ffi.NULL:
            call(self.lane.native, "flush", self.vtable.flush, self.handle)

    def reset(self, next_frame: int) -> Discarded:
        """Throws away what it holds; a device begins anew. Raises: Misuse while it pumps. PluginSaidNo: it cannot."""
        self._expect_held("reset")
        # SAFETY: lane thread, and its pump does not run.
        held = lib.st_sink_query(self.lane.native, self._native)
        call(self.lane.native, "reset", self.vtable.reset, self.handle, next_frame)
        lib.st_sink_query(self.lane.native, self._native)
        self._native.starved = self._native.started = 0
        self._native.since_query = self._native.input.format.sample_rate_hz
        return Discarded(held)

    def close(self) -> None:
        """Closes the target; the second time nothing happens."""
        if self.attached:
            self.detach()
        if self._open:
            self._open = False
            invoke(self.lane.native, "close", self.vtable.close, self.handle)

    def destroy(self) -> None:
        self.close()
        super().destroy()

    @property
    def rings(self) -> tuple[CData, ...]:
        return (ffi.addressof(self._native, "input"),)

    @property
    def position(self) -> int:
        return int(self._native.input.own_pos)

    def pump(self) -> bool:
        # SAFETY: lane thread; ring, scratch and digest live until released(), which only this thread calls.
        lib.st_sink_pump(self.lane.native, self._native, self._stop)
        if self._stop.reason == lib.ST_STOP_DIGEST:
            self._tell_digest()
            self._native.cut_at = lib.ST_NO_POSITION
            return True
        if self._stop.reason == lib.ST_STOP_FINISHED:
            self._play_out()
            return False
        return self.stopped(self._stop)

    def _expect_held(self, call: str) -> None:
        if not self._open or self.lane.stage is self:
            raise Misuse(call, "the sink is not open, or not held")

    def _tell_digest(self) -> None:
        native = self._native
        if native.digest == ffi.NULL:
            return
        out = ffi.new("uint8_t[32]")
        lib.st_digest_cut(native.digest, out)
        start, end = native.digest_from, self.position
        native.digest_from = end
        self.home.emit(
            DigestReady(instance=self.lane.instance, start=start, end=end, sha256=bytes(ffi.buffer(out)).hex())
        )

    def _play_out(self) -> None:
        self._tell_digest()
        try:
            if self.vtable.flush != ffi.NULL:
                call(self.lane.native, "flush", self.vtable.flush, self.handle)
        except PluginSaidNo as fault:
            self.tell(StopReason.PLUGIN_ERROR, fault.code, fault.text)
        else:
            self.tell(StopReason.FINISHED)

    def released(self) -> None:
        super().released()
        lib.st_scratch_free(ffi.addressof(self._native, "scratch"))
        lib.st_digest_free(self._native.digest)
        self._native.digest = ffi.NULL


def _spec(sample_rate_hz: int, channels: int) -> CData:
    spec = ffi.new("StAudioSpec *")
    spec.sample_rate_hz = sample_rate_hz
    spec.channels = channels
    return spec
