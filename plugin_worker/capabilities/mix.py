"""Mixes: two rings into one, where one track fades into the next. No plugin is called; a dsp only lends its lane."""

from __future__ import annotations

import os
from collections.abc import Sequence

from abi.wire import AttachMix, JoinMix
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.dsp import DspInstance
from plugin_worker.capabilities.inlet import shape
from plugin_worker.capabilities.stage import StageInstance, map_ring
from plugin_worker.errors import Misuse, WorkerFault
from plugin_worker.ffi_calls import CData

__all__ = ["MixStage"]


class MixStage(StageInstance):
    """One mix. It has no state but its rings' words, so that a successor needs nothing else."""

    def __init__(self, lender: DspInstance) -> None:
        """In the place of a dsp, for good; that must hold no rings.

        Raises:
            Misuse: it does.
        """
        lender.expect_free()
        super().__init__(lender.home, lender.lane, lender)
        self._native = ffi.new("st_mix *")
        self._stop = ffi.new("st_stop *")
        self._at_limit = False

    def attach(self, request: AttachMix, fds: Sequence[int]) -> int:
        """Joins its rings, goes on at the output's write position, and pumps.

        Raises:
            Misuse: it is attached, or the rings are not those that the request speaks of.
            WorkerFault: no memory, or rings that do not fit each other.
        """
        self.expect_free()
        if len(fds) != (2 if request.join_at < 0 else 3):
            raise Misuse("attach", f"{len(fds)} rings came")
        native = self._native
        try:
            map_ring(ffi.addressof(native, "input"), fds[0], lib.ST_RING_READER)
            map_ring(ffi.addressof(native, "output"), fds[1], lib.ST_RING_WRITER)
            self._expect_alike("input")
            native.wake_frames = request.wake_frames
            native.limit = _position(request.limit)
            native.first_end = _position(request.first_end)
            native.join_at = _position(request.join_at)
            native.fade_frames = request.fade_frames
            if request.join_at >= 0:
                map_ring(ffi.addressof(native, "second"), fds[2], lib.ST_RING_READER)
                self._expect_alike("second")
            self._expect_takeover()
            for name in ("scratch", "other"):
                self._make_block(name)
            # SAFETY: lane thread, before its pump; the rings are mapped and their positions were checked.
            lib.st_mix_take_over(native)
            self.begin(request.epoch)
        except BaseException:
            for ring in self._all_rings:
                lib.st_ring_unmap(ring)
            self.released()
            raise
        return self.position

    def join(self, request: JoinMix, ring_fd: int) -> None:
        """Another ring is heard from ``join_at`` on, and nothing else once the fade is over; goes on to another limit.

        Raises:
            Misuse: it is not attached, is beyond that position, or has a second ring already.
            WorkerFault: no ring, one of another shape, or one whose reader stands elsewhere. All is as before then.
        """
        self.expect_attached("join")
        native, second = self._native, ffi.addressof(self._native, "second")
        if second.words != ffi.NULL:
            raise Misuse("join", "another ring has joined already")
        if self.position > request.join_at:
            raise Misuse("join", f"the mix is at {self.position}, beyond {request.join_at}")
        map_ring(second, ring_fd, lib.ST_RING_READER)
        try:
            self._expect_alike("second")
            if second.own_pos != request.join_at:
                raise WorkerFault("join", f"the ring's reader stands at {second.own_pos}, not at {request.join_at}")
        except WorkerFault:
            lib.st_ring_unmap(second)
            raise
        native.join_at, native.fade_frames = request.join_at, request.fade_frames
        native.first_end = lib.ST_NO_POSITION
        lib.st_ring_greet(second)
        self._limit(request.limit)

    def limit(self, position: int) -> None:
        """Goes on up to there (negative: without end). Raises: Misuse when it is not attached."""
        self.expect_attached("limit")
        self._limit(position)

    def finish(self, position: int) -> None:
        """The input ends there, and is silent for the rest of the fade.

        Raises:
            Misuse: it is not attached, has read more already, or nothing follows.
        """
        self.expect_attached("finish")
        native = self._native
        if native.second.words == ffi.NULL:
            raise Misuse("finish", "no second ring follows the one that ends")
        if position < native.input.own_pos:
            raise Misuse("finish", f"the input has been read up to {native.input.own_pos}, beyond {position}")
        native.first_end = position

    def begin(self, epoch: int) -> None:
        self._at_limit = False
        super().begin(epoch)

    def halt(self, call: str) -> int:
        """As ever; what waits at its limit is held like any other."""
        self._at_limit = False
        return super().halt(call)

    def between_pumps(self) -> None:
        """The second ring takes the input's place when the fade is over."""
        native, second = self._native, ffi.addressof(self._native, "second")
        if second.words == ffi.NULL or self.position < native.join_at + native.fade_frames:
            return
        lib.st_ring_before_sleep(ffi.addressof(native, "input"))
        lib.st_ring_unmap(ffi.addressof(native, "input"))
        ffi.memmove(ffi.addressof(native, "input"), second, ffi.sizeof(native.input))
        # SAFETY: the mapping belongs to `input` from here on; `second` only forgets it.
        ffi.buffer(second)[:] = bytes(ffi.sizeof(native.input))
        native.join_at = native.first_end = lib.ST_NO_POSITION

    @property
    def rings(self) -> tuple[CData, ...]:
        return self._all_rings if self._native.second.words != ffi.NULL else self._all_rings[1:]

    @property
    def position(self) -> int:
        return int(self._native.output.own_pos)

    def pump(self) -> bool:
        # SAFETY: lane thread; rings and scratch live until released(), which only this thread calls.
        lib.st_mix_pump(self.lane.native, self._native, self._stop)
        if self._stop.reason == lib.ST_STOP_LIMIT:
            self._at_limit = True
            return False
        return self.stopped(self._stop)

    def expect_aligned(self, call: str) -> None:
        """Raises: WorkerFault when a ring's reader stands elsewhere than the output's write position says."""
        native, at = self._native, self.position
        if native.input.own_pos != min(at, lib.st_mix_input_end(native)):
            raise WorkerFault(call, "input and output stand at different positions")
        if native.second.words != ffi.NULL and native.second.own_pos != max(at, native.join_at):
            raise WorkerFault(call, "second input and output stand at different positions")

    def released(self) -> None:
        native = self._native
        native.join_at = lib.ST_NO_POSITION
        for name in ("scratch", "other"):
            lib.st_scratch_free(ffi.addressof(native, name))

    # ---- inside ----

    @property
    def _all_rings(self) -> tuple[CData, ...]:
        return tuple(ffi.addressof(self._native, name) for name in ("second", "input", "output"))

    def _limit(self, position: int) -> None:
        self._native.limit = _position(position)
        if self._at_limit:
            self._at_limit = False
            self.lane.stage = self

    def _make_block(self, name: str) -> None:
        fmt = self._native.output.format
        if lib.st_scratch_make(ffi.addressof(self._native, name), fmt.block_frames * fmt.channels) != 0:
            raise WorkerFault("attach", f"no memory for a block: {os.strerror(ffi.errno)}")

    def _expect_alike(self, name: str) -> None:
        if shape(getattr(self._native, name).format) != shape(self._native.output.format):
            raise WorkerFault("mix", f"the rings differ in channels, rate or block: {name}")

    def _expect_takeover(self) -> None:
        """Raises: WorkerFault for rings that stand where a death between two publishes cannot leave them."""
        native, at = self._native, self.position
        block = native.output.format.block_frames
        _expect_reader(native.input, min(at, lib.st_mix_input_end(native)), block)
        if native.second.words != ffi.NULL:
            if native.second.own_pos < native.join_at:
                raise WorkerFault("attach", f"the second ring begins before {native.join_at}")
            _expect_reader(native.second, max(at, native.join_at), block)


def _expect_reader(ring: CData, due: int, block: int) -> None:
    if not ring.own_pos <= due <= min(ring.own_pos + block, ring.seen_peer):
        raise WorkerFault("attach", f"a reader at {ring.own_pos} of {ring.seen_peer} is not where it is due, at {due}")


def _position(told: int) -> int:
    return int(lib.ST_NO_POSITION) if told < 0 else told
