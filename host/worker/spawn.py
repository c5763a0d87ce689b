"""Starts a worker and shakes hands with it; what fails here is told in one line, with what the worker said."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Protocol

from abi.kinds import API_VERSION
from abi.wire import EXIT_HOST_LOST, WIRE_VERSION, Event, Hello
from host.errors import IncompatibleVersion, LoadFailed, Misuse, PluginRefused, Supervised
from host.settings import Limits
from host.worker.handle import WorkerHandle
from host.worker.outcome import last_words
from host.worker.packets import PacketSocket
from host.worker.process import WorkerProcess
from host.worker.spec import WorkerSpec
from shm_audio import ShmError, StatusPage, struct_sizes

__all__ = ["Starter", "spawn"]

_REAP_S = 0.5


class Starter(Protocol):
    """Makes worker processes, as ``Zygote.start`` does."""

    def __call__(self, channels: Sequence[int], output_fd: int, /) -> Awaitable[WorkerProcess]:
        """A process on the two sockets, control and events, that writes to ``output_fd``. Raises: OSError."""


async def spawn(
    spec: WorkerSpec,
    on_event: Callable[[WorkerHandle, Event], None],
    limits: Limits,
    start: Starter,
) -> WorkerHandle:
    """A worker that has answered ``Hello``. Cancelled, it leaves no process behind.

    Raises:
        LoadFailed: it cannot be started, or ended or fell silent before it answered.
        IncompatibleVersion: it speaks another wire or api version.
    """
    try:
        return await _attempt(spec, on_event, limits, start)
    except _HostLostError:  # it was mistaken, or it could not tell us the news: this host is here
        return await _attempt(spec, on_event, limits, start)


class _HostLostError(LoadFailed):
    """The worker ended because it believed its host gone."""


async def _attempt(
    spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], limits: Limits, start: Starter
) -> WorkerHandle:
    handle = await _start(spec, on_event, start)
    try:
        await _shake_hands(handle, spec, limits)
    except BaseException:
        handle.terminate("it was not wanted any more")
        await handle.wait_exit(_REAP_S)
        raise
    return handle


async def _start(spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None], start: Starter) -> WorkerHandle:
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
            process = await start((control_far.fileno(), events_far.fileno()), output_far)
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
        reply = await handle.request(hello, limits.handshake_ms / 1000, (handle.status.fd, handle.status.bell_fd))
    except (Supervised, PluginRefused, Misuse) as error:
        reason = handle.doomed
        handle.terminate()
        status = await handle.wait_exit(_REAP_S)
        how = str(status or "it cannot be killed")
        kind = _HostLostError if status is not None and status.code == EXIT_HOST_LOST else LoadFailed
        raise kind(
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
    if reply.struct_sizes != struct_sizes():
        raise IncompatibleVersion(
            f"the worker for {spec.plugin_id} was built with other shared structs than the host",
            remedy="build again (tools/build), or install StellaTune again",
        )
