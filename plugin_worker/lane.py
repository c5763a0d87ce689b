"""The one thread that ever calls an instance: it alternates between commands and its pump, at block boundaries.

Control thread: ``submit``. Lane thread: everything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from abi.wire import Event, Reply, close_fds
from plugin_worker._core import ffi, lib
from plugin_worker.errors import Misuse, WorkerFault
from plugin_worker.ffi_calls import CData

__all__ = ["Job", "Lane", "LaneHome", "Pumping"]


class LaneHome(Protocol):
    """What a lane needs of its process: where answers and events go. Safe from any thread."""

    def reply(self, reply: Reply, request_id: int) -> None: ...

    def emit(self, event: Event) -> None: ...

    def lane_ended(self, lane: Lane, replies: Sequence[tuple[Reply, int]]) -> None:
        """The lane takes no more work; ``replies`` are its last, with their request ids."""


class Pumping(Protocol):
    """A stage whose pump the lane runs between commands. Lane thread, but for ``call_out``."""

    def pump(self) -> bool:
        """Runs until a reason to stop; says whether the pump is to be entered again."""

    def between_pumps(self) -> None:
        """The pump is to be entered again, and until then nobody rings the rings: they may be exchanged."""

    def call_out(self) -> None:
        """Interrupts the pump, and rings all that it may sleep on. Control thread, while the pump runs."""


class Job(NamedTuple):
    """A command for the lane. ``run`` is called on the lane thread; its reply goes out under ``request_id``.

    The lane's thread ends after a job that is ``last``, or after one that is ``vital`` and failed. ``cancels``: what is
    under way or queued before it should give up. ``fds`` are closed when the job never runs.
    """

    run: Callable[[], Reply]
    request_id: int
    last: bool = False
    vital: bool = False
    cancels: bool = False
    fds: Sequence[int] = ()


class Lane:
    """One owner thread. ``native`` is its ``st_lane``, for the C side."""

    def __init__(self, home: LaneHome, instance: int, slot: int, page: CData) -> None:
        """Starts the thread."""
        self.instance = instance
        self.slot = slot
        self.native: CData = ffi.new("st_lane *")
        self.stage: Pumping | None = None
        self._home = home
        self._page = page
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._door = threading.Lock()  # held while somebody rings a running pump, so that its rings stay mapped
        self._over = False  # under the door, as the next: no job is taken any more
        self._cancelling = 0  # jobs in the queue that cancel what is before them
        self._last_replies: list[tuple[Reply, int]] = []
        self._pumping: Pumping | None = None
        self._thread = threading.Thread(target=self._main, name=f"lane-{instance}", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queues a command and calls the lane out of its pump. Control thread.

        Raises:
            Misuse: the lane has ended; the job's descriptors are still the caller's.
        """
        with self._door:
            if self._over:
                raise Misuse("dispatch", f"instance {self.instance} is gone")
            self._jobs.put(job)
            if self._pumping is not None:
                # SAFETY: the pump cannot return and unmap what is rung while the door is held.
                self._pumping.call_out()
            if job.cancels:  # after the interrupt: a call that gives up is then known to have been called out
                self._cancelling += 1
                lib.st_lane_set_cancelled(self.native, 1)

    def _main(self) -> None:
        # SAFETY: this thread owns `native` from here on; Python keeps the memory alive as long as the Lane.
        lib.st_lane_enter(self.native, self._page, self.slot, self.instance)
        lib.st_crash_enter(self.slot)
        try:
            while self._turn():
                pass
        finally:
            self._refuse_the_rest()
            lib.st_crash_leave()
            lib.st_lane_leave(self.native)
            self._home.lane_ended(self, self._last_replies)

    def _refuse_the_rest(self) -> None:
        with self._door:
            self._over = True
        while not self._jobs.empty():
            job = self._jobs.get()
            close_fds(list(job.fds))
            self._last_replies.append((Misuse("dispatch", f"instance {self.instance} is gone").reply(), job.request_id))

    def _turn(self) -> bool:
        stage = self.stage
        if stage is None:
            return self._do(self._jobs.get())
        with self._door:
            self._pumping = stage
            lib.st_lane_clear_interrupt(self.native)
        again = True
        try:
            if self._jobs.empty():
                again = stage.pump()
        finally:
            with self._door:
                self._pumping = None
        if again:
            stage.between_pumps()
        elif self.stage is stage:
            self.stage = None
        return True if self._jobs.empty() else self._do(self._jobs.get())

    def _do(self, job: Job) -> bool:
        with self._door:
            lib.st_lane_clear_interrupt(self.native)  # no pump runs: what waits in a command is not called out
            self._cancelling -= job.cancels
            lib.st_lane_set_cancelled(self.native, 1 if self._cancelling else 0)
        reply: Reply
        ends = job.last or job.vital
        try:
            reply = job.run()
            ends = job.last
        except WorkerFault as fault:
            reply = fault.reply()
        except Exception as error:  # noqa: BLE001  the lane's edge: whatever failed inside us is told, not swallowed
            reply = WorkerFault("lane", f"{type(error).__name__}: {error}").reply()
        finally:
            lib.st_files_end()
        if ends:  # told when the lane's place is free again
            self._last_replies.append((reply, job.request_id))
        else:
            self._home.reply(reply, job.request_id)
        return not ends
