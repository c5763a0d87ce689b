"""An instance that stands in a pipeline: the commands that all three kinds of stage share."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod

from abi.wire import Applied, ApplyUpdate, StageStopped, State, StopReason
from plugin_worker._core import ffi, lib
from plugin_worker.capabilities.instance import Instance
from plugin_worker.errors import Misuse, WorkerFault
from plugin_worker.ffi_calls import CData

__all__ = ["REASONS", "StageInstance", "map_ring", "map_stream", "text_of"]

REASONS = {
    lib.ST_STOP_END_OF_STREAM: StopReason.END_OF_STREAM,
    lib.ST_STOP_FINISHED: StopReason.FINISHED,
    lib.ST_STOP_PLUGIN_ERROR: StopReason.PLUGIN_ERROR,
    lib.ST_STOP_CONTRACT: StopReason.CONTRACT,
    lib.ST_STOP_RING: StopReason.RING,
    lib.ST_STOP_CUT: StopReason.CUT,
}


def map_ring(ring: CData, fd: int, side: int) -> None:
    """Maps a ring's descriptor into a stage.

    Raises:
        WorkerFault: the segment is no ring, its positions are impossible, or the system refuses.
    """
    result = lib.st_ring_map(ring, fd, side)
    if result == lib.ST_RING_SYSTEM:
        raise WorkerFault("attach", f"a ring cannot be mapped: {os.strerror(ffi.errno)}")
    if result != lib.ST_RING_OK:
        raise WorkerFault("attach", "a ring's format or positions are impossible")


def map_stream(stream: CData, fd: int, side: int) -> None:
    """Maps a byte stream's descriptor for one end. Raises: as ``map_ring``."""
    result = lib.st_stream_map(stream, fd, side)
    if result == lib.ST_STREAM_SYSTEM:
        raise WorkerFault("attach", f"a byte stream cannot be mapped: {os.strerror(ffi.errno)}")
    if result != lib.ST_STREAM_OK:
        raise WorkerFault("attach", "a byte stream's format or positions are impossible")


def text_of(stop: CData) -> str:
    """What a pump said when it came back."""
    # SAFETY: the pump wrote text_len bytes of text, at most the array's size.
    return bytes(ffi.buffer(stop.text, stop.text_len)).decode("utf-8", "replace").replace("\0", " ")


class StageInstance(Instance, ABC):
    """Joins and leaves rings. Lane thread only; ``rings`` is also read by the control thread while the pump runs."""

    epoch = 0
    attached = False

    @property
    @abstractmethod
    def rings(self) -> tuple[CData, ...]:
        """The rings that it joins, inputs first."""

    @property
    @abstractmethod
    def position(self) -> int:
        """Where the stage stands on the pipeline's clock."""

    def call_out(self) -> None:
        for ring in self.rings:
            # SAFETY: under the lane's door, so that the rings stay mapped.
            lib.st_lane_interrupt(self.lane.native, ring)

    @abstractmethod
    def pump(self) -> bool:
        """Runs the C pump once."""

    def begin(self, epoch: int) -> None:
        """Both rings are mapped: greet both peers and let the lane pump."""
        self.epoch = epoch
        self.attached = True
        for ring in self.rings:
            lib.st_ring_greet(ring)
        self.lane.stage = self

    def expect_attached(self, call: str) -> None:
        """Raises: Misuse when the stage holds no rings."""
        if not self.attached:
            raise Misuse(call, f"instance {self.lane.instance} is not attached to rings")

    def expect_free(self) -> None:
        """Raises: Misuse when the stage already holds rings."""
        if self.attached:
            raise Misuse("attach", f"instance {self.lane.instance} is attached already; detach it first")

    def hold(self) -> int:
        """Stops pumping; says where."""
        return self.halt("hold")

    def halt(self, call: str) -> int:
        """Stops pumping, and no more than that; says where."""
        self.expect_attached(call)
        self.lane.stage = None
        for ring in self.rings:
            lib.st_ring_before_sleep(ring)
        return self.position

    def release(self, epoch: int) -> None:
        """Takes the positions as they now stand and pumps on."""
        self.expect_attached("release")
        for ring in self.rings:
            stood = ring.own_pos
            if lib.st_ring_adopt(ring) != lib.ST_RING_OK:
                raise WorkerFault("release", "a ring's positions are impossible")
            if ring.own_pos != stood:
                self.moved()
        self.expect_aligned("release")
        self.begin(epoch)

    def expect_aligned(self, call: str) -> None:
        """Raises: WorkerFault when the rings of a stage that has two stand at different positions."""

    def moved(self) -> None:
        """The positions were changed while the stage was held: forget what was under way."""

    def apply(self, request: ApplyUpdate) -> Applied:
        """As ever; holds from where the stage stands, as this is between two blocks."""
        super().apply(request)
        return Applied(self.position if self.attached else 0)

    def export(self) -> State:
        """As ever. Raises: Misuse while the pump runs: its state would be of no certain position."""
        if self.lane.stage is self:
            raise Misuse("export", "hold the stage first")
        return super().export()

    def detach(self) -> int:
        """Lets go of the rings; says where the stage stood."""
        position = self.halt("detach")
        for ring in self.rings:
            lib.st_ring_unmap(ring)
        self.attached = False
        self.released()
        return position

    def released(self) -> None:
        """The rings are gone: free what belonged to them."""

    def destroy(self) -> None:
        """Detaches where it stands, then ends the instance."""
        if self.attached:
            self.detach()
        super().destroy()

    def between_pumps(self) -> None:
        """Nobody rings the rings now."""

    def stopped(self, stop: CData) -> bool:
        """Turns the pump's reason into an event; true when the pump is only to be entered again."""
        if stop.reason in (lib.ST_STOP_INTERRUPTED, lib.ST_STOP_SWITCH):
            return True
        self.tell(REASONS[stop.reason], stop.code, text_of(stop))
        return False

    def tell(self, reason: StopReason, code: int = 0, text: str = "") -> None:
        """Reports that the pump is done for good."""
        self.home.emit(
            StageStopped(
                instance=self.lane.instance,
                epoch=self.epoch,
                reason=int(reason),
                position=self.position,
                code=code,
                text=text,
            )
        )
