"""Starts a worker and shakes hands with it; what fails here is told in one line, with what the worker said."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from abi.kinds import API_VERSION
from abi.wire import WIRE_VERSION, Event, Hello
from host.errors import IncompatibleVersion, LoadFailed, Misuse, PluginRefused, Supervised
from host.settings import Limits
from host.worker.handle import WorkerHandle
from host.worker.outcome import last_words
from host.worker.packets import PacketSocket
from host.worker.process import ChildProcess
from host.worker.spec import WorkerSpec
from shm_audio import ShmError, StatusPage

__all__ = ["WORKER_PROGRAM", "spawn"]

#: -P: a stray folder in the current directory must not shadow ours.
WORKER_PROGRAM = (sys.executable, "-P", "-m", "plugin_worker")
_REAP_S = 0.5


async def spawn(
    spec: WorkerSpec,
    on_event: Callable[[WorkerHandle, Event], None],
    limits: Limits,
    program: Sequence[str] = WORKER_PROGRAM,
) -> WorkerHandle:
    """A worker that has answered ``Hello``. Cancelled, it leaves no process behind.

    Raises:
        LoadFailed: it cannot be started, or ended or fell silent before it answered.
        IncompatibleVersion: it speaks another wire or api version.
    """
    handle = _start(spec, on_event, program)
    try:
        await _shake_hands(handle, spec, limits)
    except BaseException:
        handle.terminate("it was not wanted any more")
        await handle.wait_exit(_REAP_S)
        raise
    return handle


def _start(spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], program: Sequence[str]) -> WorkerHandle:
    loop = asyncio.get_running_loop()
    with ExitStack() as ours, ExitStack() as theirs:
        try:
            control, control_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.callback(control.close)
            theirs.callback(control_far.close)
            events, events_far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.callback(events.close)
            theirs.callback(events_far.close)
            output, output_far = os.pipe2(os.O_CLOEXEC)
            ours.callback(os.close, output)
            theirs.callback(os.close, output_far)
            status = StatusPage()
            ours.callback(status.close)
            arguments = [*program, "--control", str(control_far.fileno()), "--events", str(events_far.fileno())]
            process = ChildProcess(arguments, (control_far.fileno(), events_far.fileno()), output_far)
        except (OSError, ShmError) as error:
            raise LoadFailed(
                f"cannot start a worker for {spec.plugin_id}: {error}",
                remedy="see whether memory, processes or descriptors have run out (ulimit -a)",
            ) from error
        handle = WorkerHandle(
            spec, process, PacketSocket(control, loop), PacketSocket(events, loop), output, status, on_event
        )
        ours.pop_all()  # they are the handle's now
        return handle


async def _shake_hands(handle: WorkerHandle, spec: WorkerSpec, limits: Limits) -> None:
    hello = Hello(WIRE_VERSION, API_VERSION, spec.plugin_id, spec.role)
    try:
        reply = await handle.request(hello, limits.handshake_ms / 1000, (handle.status.fd,))
    except (Supervised, PluginRefused, Misuse) as error:
        reason = handle.doomed
        handle.terminate()
        how = str(await handle.wait_exit(_REAP_S) or "it cannot be killed")
        raise LoadFailed(
            f"the worker for {spec.plugin_id} did not start: {f'{reason} ({how})' if reason else how}"
            f"{last_words(handle.log_tail)}",
            remedy="run `stellatune doctor`, or install StellaTune again",
        ) from error
    if (reply.wire_version, reply.api_version) != (WIRE_VERSION, API_VERSION):
        raise IncompatibleVersion(
            f"the worker for {spec.plugin_id} speaks wire {reply.wire_version} and api {reply.api_version}, "
            f"the host wire {WIRE_VERSION} and api {API_VERSION}",
            remedy="install StellaTune again: its parts are of different versions",
        )
