"""Real workers with gain instances, spoken to over the wire itself, and the chains of rings they are attached to."""

from __future__ import annotations

import array
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from abi.kinds import API_VERSION, CapabilityKind
from abi.wire import (
    WIRE_VERSION,
    AttachDsp,
    CreateInstance,
    DetachStage,
    Hello,
    LoadModule,
    Payload,
    Reply,
    Request,
    close_fds,
    decode,
    encode,
)
from shm_audio import Checkpoints, Ring, RingFormat, StatusPage
from tests.bench.clocks import thread_ids
from tests.bench.compiled import ROOT, plugin_library

__all__ = ["BLOCK_FRAMES", "RATE_HZ", "Chain", "GainWorker", "Placement", "gain_workers"]

BLOCK_FRAMES = 512
RATE_HZ = 48000
CHANNELS = 2
GENERATION = 1
INSTANCE = 1
FIFO_PRIORITY = 70
CHECKPOINT_FRAMES = RATE_HZ // 4 // BLOCK_FRAMES * BLOCK_FRAMES
CHECKPOINT_BYTES = 4096
REPLY_TIMEOUT_S = 10.0

R = TypeVar("R", bound=Reply)

#: A core for each worker in turn; empty: wherever the scheduler likes.
Placement = Sequence[int]


class GainWorker:
    """One worker process with one gain instance. Owns process, sockets and status page."""

    def __init__(self, gain_db: float) -> None:
        """Starts it and makes the instance."""
        self._last_id = 0
        with ExitStack() as stack:
            self.control, control_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.callback(control_far.close)
            self._events, events_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.callback(events_far.close)
            far = (control_far.fileno(), events_far.fileno())
            arguments = ["-P", "-m", "plugin_worker", "--control", str(far[0]), "--events", str(far[1])]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self._process = subprocess.Popen([sys.executable, *arguments], pass_fds=far, cwd=ROOT, env=environment)
        self.control.settimeout(REPLY_TIMEOUT_S)
        self._status = StatusPage()
        hello = Hello(WIRE_VERSION, API_VERSION, "stellatune.dsp.gain", "play")
        self.request(hello, (self._status.fd, self._status.bell_fd))
        library = plugin_library("dsp_gain")
        self.request(LoadModule(library, str(Path(library).parent), False, ()))
        before = thread_ids(self.pid)
        config = Payload(f'{{"gain_db": {gain_db}}}'.encode())
        self.request(CreateInstance(INSTANCE, CapabilityKind.DSP, "gain", config, RATE_HZ, CHANNELS, ()))
        (self.lane_tid,) = thread_ids(self.pid) - before

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, message: Request[R], fds: Sequence[int] = ()) -> R:
        """Sends one request and waits for its reply. Raises: RuntimeError when the worker says no."""
        self._last_id += 1
        data, made = encode(message, self._last_id, GENERATION)
        rights = array.array("i", [*fds, *made])
        self.control.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if rights else [])
        close_fds(made)
        reply = decode(self.control.recv(1 << 16)).message
        if not isinstance(reply, message.REPLY):
            raise RuntimeError(f"{type(message).__name__}: {reply}")
        return reply  # type: ignore[return-value]  # checked one line above

    def place(self, core: int | None, *, fifo: bool) -> None:
        """All threads on one core or anywhere; the lane at FIFO priority or as the others."""
        cores = {core} if core is not None else set(range(os.cpu_count() or 1))
        for tid in thread_ids(self.pid):
            os.sched_setaffinity(tid, cores)
        policy, priority = (os.SCHED_FIFO, FIFO_PRIORITY) if fifo else (os.SCHED_OTHER, 0)
        os.sched_setscheduler(self.lane_tid, policy, os.sched_param(priority))

    def close(self) -> None:
        """Ends the process at once; twice is fine."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.control.close()
        self._events.close()
        self._status.close()


def gain_workers(stack: ExitStack, count: int) -> list[GainWorker]:
    """Workers that the stack ends; their gains cancel out in pairs, so that a signal stays a signal."""
    made: list[GainWorker] = []
    for index in range(count):
        worker = GainWorker(3 if index % 2 else -3)
        stack.callback(worker.close)
        made.append(worker)
    return made


class Chain:
    """Workers joined by rings: ``first`` is the caller's to write, ``last`` its to read. Detaches on exit."""

    def __init__(
        self, workers: Sequence[GainWorker], *, ahead_blocks: int, history_frames: int, wake_frames: int
    ) -> None:
        """Attaches all, the last one first."""
        self._workers = workers
        self.wake_frames = wake_frames
        fmt = RingFormat(RATE_HZ, CHANNELS, BLOCK_FRAMES, ahead_blocks * BLOCK_FRAMES, history_frames)
        self._rings = [Ring.create(fmt) for _ in range(len(workers) + 1)]
        self._checkpoints = [Checkpoints(CHECKPOINT_BYTES) for _ in workers]
        for index in reversed(range(len(workers))):
            fds = (self._rings[index].fd, self._rings[index + 1].fd, self._checkpoints[index].fd)
            workers[index].request(AttachDsp(INSTANCE, 1, 1, wake_frames, CHECKPOINT_FRAMES, -1, 0, 0, 0, 0, 0), fds)

    @property
    def fds(self) -> tuple[int, int]:
        """First and last ring."""
        return self._rings[0].fd, self._rings[-1].fd

    @property
    def warm_blocks(self) -> int:
        """So many blocks have touched every page of every ring."""
        return 2 * self._rings[0].capacity_frames // BLOCK_FRAMES

    def place(self, placement: Placement, *, fifo: bool = False) -> None:
        """Puts the workers on cores, one after the other."""
        for index, worker in enumerate(self._workers):
            worker.place(placement[index % len(placement)] if placement else None, fifo=fifo)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.request(DetachStage(INSTANCE))
        for ring in self._rings:
            ring.close()
        for checkpoints in self._checkpoints:
            checkpoints.close()
