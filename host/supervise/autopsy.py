"""What a worker died of: read from its exit status, its crash record, and what the host did to it.

It judges nothing: what follows a death is the policy's.
"""

from __future__ import annotations

import signal
from dataclasses import field
from enum import StrEnum, unique
from pathlib import PurePath
from typing import NamedTuple

from abi.wire import EXIT_HOST_LOST
from host.ids import Generation, InstanceId, PluginId, Role
from host.printable import printable
from host.records import record
from host.worker import MAPPED_NAME, ExitStatus, KillKind, WorkerHandle, instance_of
from shm_audio import CrashRecord, LaneStatus

__all__ = ["Autopsy", "Cause", "Frame", "examine"]

_LAST_LINES = 20
#: A fault at most so far from the stack pointer, in either direction, is taken for an overflow of the stack.
_STACK_BYTES = 64 << 10
#: Signals that no handler records and that hardly anybody raises by accident.
_FROM_OUTSIDE = frozenset(
    {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGKILL}
)


@unique
class Cause(StrEnum):
    """In one word."""

    CRASH = "crash"  # a signal that it raised itself
    KILLED = "killed"  # a signal from outside that was not the host's
    EXIT = "exit"  # it exited
    HANG = "hang"  # the host killed it for a limit or a missing sign of life
    PROTOCOL = "protocol"  # the host killed it for what it said
    ASKED = "asked"  # the host ended it because somebody wanted so
    ABANDONED = "abandoned"  # it believed its host gone


class Frame(NamedTuple):
    """One place in code. ``path`` is empty for the plugin's private copy; ``module`` when nothing was mapped there."""

    address: int
    module: str
    offset: int
    path: str

    def __str__(self) -> str:
        return f"{self.module}+{self.offset:#x}" if self.module else f"{self.address:#x}"


@record
class Autopsy:
    """One death.

    ``signal``: its name, empty when it exited; ``exit_status``: None when it did not. ``call`` and ``instance``: of the
    lane it died in, empty and 0 where that is not known. ``address``: that a signal of the processor complained of.
    ``external``: something outside the worker, not the host, ended it. ``progress``: it moved at least one block.
    ``backtrace``: ``frames`` in words, innermost first.
    """

    plugin_id: PluginId
    role: Role
    generation: Generation
    pid: int
    cause: Cause
    signal: str
    exit_status: int | None
    reason: str
    call: str
    instance: InstanceId
    last_lines: tuple[str, ...]
    backtrace: tuple[str, ...]
    address: int
    external: bool
    progress: bool
    frames: tuple[Frame, ...] = field(default=(), repr=False)

    @property
    def how(self) -> str:
        """``SIGSEGV`` or ``exit status 3``."""
        return self.signal or f"exit status {self.exit_status}"


def examine(handle: WorkerHandle, status: ExitStatus) -> Autopsy:
    """What the worker died of. To be called once it has ended; quick, and touches nothing but the handle."""
    cause, reason, external = _verdict(handle, status)
    lane = _scene(handle, cause)
    frames = _frames(handle)
    return Autopsy(
        plugin_id=handle.spec.plugin_id,
        role=handle.spec.role,
        generation=handle.generation,
        pid=handle.pid,
        cause=cause,
        signal=str(status) if status.signal is not None else "",
        exit_status=status.code,
        reason=reason,
        call=lane.call if lane is not None else "",
        instance=InstanceId(instance_of(lane) if lane is not None else 0),
        last_lines=handle.log_tail[-_LAST_LINES:],
        backtrace=tuple(map(str, frames)),
        address=handle.crash.address if handle.crash is not None else 0,
        external=external,
        progress=handle.blocks > 0,
        frames=frames,
    )


def _verdict(handle: WorkerHandle, status: ExitStatus) -> tuple[Cause, str, bool]:
    """The cause, in words, and whether it came from outside."""
    crash = handle.crash
    if crash is not None and crash.signal and status.signal in (crash.signal, signal.SIGKILL):
        if handle.kill_kind not in (None, KillKind.CRASH) and status.signal == signal.SIGKILL:
            return _by_the_host(handle)  # it was killed for something else in the middle of its crash
        if crash.sender not in (0, handle.pid):
            return Cause.KILLED, f"{ExitStatus(signal=crash.signal)} was sent by process {crash.sender}", True
        return Cause.CRASH, _crash_words(crash, handle.doomed), False
    if handle.kill_kind is not None and status.signal in (None, signal.SIGKILL):
        return _by_the_host(handle)
    if status.signal is None:
        if status.code == EXIT_HOST_LOST and crash is None:
            return Cause.ABANDONED, "it believed its host gone", False
        return Cause.EXIT, f"{'it called exit and' if crash is not None else 'it'} ended with {status}", False
    if handle.asked_to_end and status.signal == signal.SIGTERM:
        return Cause.ASKED, "it was asked to end", False
    if status.signal in _FROM_OUTSIDE:
        return Cause.KILLED, f"{status} came from outside", True
    return Cause.CRASH, f"{status}, and nothing was recorded of it", False


def _by_the_host(handle: WorkerHandle) -> tuple[Cause, str, bool]:
    assert handle.kill_kind is not None
    return Cause(handle.kill_kind.value), handle.doomed, False


def _crash_words(crash: CrashRecord, doomed: str) -> str:
    """For example ``SIGSEGV at address 0x10``."""
    name = f"{doomed}: {ExitStatus(signal=crash.signal)}" if doomed else str(ExitStatus(signal=crash.signal))
    where = "" if crash.slot >= 0 else ", in a thread of the plugin's own"
    if crash.sender:
        return f"{name}, raised by itself{where}"
    if crash.signal == signal.SIGSEGV and abs(crash.address - crash.stack) <= _STACK_BYTES:
        return f"{name}: its stack overflowed{where}"
    return f"{name} at address {crash.address:#x}{where}"


def _scene(handle: WorkerHandle, cause: Cause) -> LaneStatus | None:
    """The lane it died in: that crashed, or that the host killed it for; else the only one that was in a call."""
    if cause in (Cause.CRASH, Cause.EXIT) and handle.crash is not None:
        return next((lane for lane in handle.last_lanes if lane.slot == handle.crash.slot), None)
    if handle.kill_instance and cause in (Cause.HANG, Cause.PROTOCOL):
        return next((lane for lane in handle.last_lanes if lane.instance == handle.kill_instance), None)
    busy = [lane for lane in handle.last_lanes if lane.call]
    return busy[0] if len(busy) == 1 else None


def _frames(handle: WorkerHandle) -> tuple[Frame, ...]:
    """Where the crash was and who had called, by what was mapped then; as far as the plugin goes, where it is in it."""
    found: list[Frame] = []
    for address in handle.crash.frames if handle.crash is not None else ():
        if address == 0 and found:
            break  # the end of the stack
        mapped = next((one for one in handle.maps if one.start <= address < one.end), None)
        if mapped is None:
            found.append(Frame(address, "", 0, ""))
        elif mapped.path == MAPPED_NAME:
            found.append(Frame(address, printable(handle.library_label), address - mapped.base, ""))
        else:
            found.append(Frame(address, printable(PurePath(mapped.path).name), address - mapped.base, mapped.path))
    plugins = [index for index, frame in enumerate(found) if frame.module and not frame.path]
    return tuple(found[: plugins[-1] + 1] if plugins else found)
