"""The host's end of one worker: requests with deadlines out, replies and events in, and the end of the process.

A request ends exactly once: by its reply, by its deadline (which kills the worker, so that a late reply can never be
taken for another's), or by the end of the worker. Everything here belongs to the event loop's thread.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import TypeVar

from abi.wire import (
    Event,
    Failed,
    MessageTooLarge,
    Packet,
    PacketRefused,
    Reply,
    Request,
    close_fds,
    decode,
    encode,
)
from host.errors import Misuse, ProtocolViolated, RequestTimeout, StellaError, WorkerLost
from host.ids import Generation
from host.worker.call import Call
from host.worker.in_progress import describe
from host.worker.kill import Doom, KillKind
from host.worker.log_tail import LogTail
from host.worker.maps import Mapping, read_maps
from host.worker.outcome import error_of, last_words
from host.worker.output import OutputReader
from host.worker.packets import ChannelClosed, ChannelJammed, PacketSocket
from host.worker.private_copy import PrivateCopy
from host.worker.process import ExitStatus, WorkerProcess
from host.worker.spec import WorkerSpec
from shm_audio import CrashRecord, LaneStatus, StatusPage

__all__ = ["WorkerHandle"]

R = TypeVar("R", bound=Reply)

_EVENTS_AT_ONCE = 64
_PACKETS_AFTER_DEATH = 4096
_END_AFTER_CLOSE_S = 0.5
_END_AFTER_CRASH_S = 0.2
_ORPHAN_LOOKS = 100
_ORPHAN_LOOK_S = 0.01
_KILLED = "the host killed it"


class WorkerHandle:
    """One worker process. Owns its process, both sockets, the output pipe and the status page."""

    def __init__(
        self,
        spec: WorkerSpec,
        process: WorkerProcess,
        control: PacketSocket,
        events: PacketSocket,
        output_fd: int,
        status: StatusPage,
        on_event: Callable[[WorkerHandle, Event], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.spec = spec
        self.generation: Generation = spec.generation
        self.status = status
        #: Set once, when the process is gone and everything it sent was read.
        self.exited: asyncio.Future[ExitStatus] = self._loop.create_future()
        #: The lanes in use when the process ended.
        self.last_lanes: tuple[LaneStatus, ...] = ()
        #: What its handler of fatal signals wrote; set when the process has ended.
        self.crash: CrashRecord | None = None
        #: The code it had mapped when its plugin was loaded, or when it crashed.
        self.maps: tuple[Mapping, ...] = ()
        #: File name of its plugin's library, where it was loaded from a private copy.
        self.library_label = ""
        #: Whether SIGTERM was sent.
        self.asked_to_end = False
        self._process = process
        self._control = control
        self._events = events
        self._on_event = on_event
        self._on_exit: Callable[[ExitStatus], None] | None = None
        self._calls: dict[int, Call] = {}
        self._last_id = 0
        self._doom: Doom | None = None
        self._library: PrivateCopy | None = None
        self._tail = LogTail()
        self._output = OutputReader(output_fd, self._tail, self._loop)
        self._close_timer: asyncio.TimerHandle | None = None
        self._crash_timer: asyncio.TimerHandle | None = None
        control.start_reading(self._read_control)
        events.start_reading(self._read_events)
        self._loop.add_reader(process.pidfd, self._look_at_end)
        self._loop.add_reader(status.bell_fd, self._hear_bell)

    @property
    def pid(self) -> int:
        """The worker's process number."""
        return self._process.pid

    @property
    def inflight(self) -> int:
        """Requests under way."""
        return len(self._calls)

    @property
    def log_tail(self) -> tuple[str, ...]:
        """What the worker wrote to stdout and stderr, newest last, safe to print."""
        return self._tail.lines

    @property
    def doomed(self) -> str:
        """Why the host killed the worker; empty when it did not."""
        return self._doom.reason if self._doom is not None else ""

    @property
    def kill_kind(self) -> KillKind | None:
        """What the host killed the worker for; None when it did not."""
        return self._doom.kind if self._doom is not None else None

    @property
    def kill_instance(self) -> int:
        """The instance whose call the host killed the worker for; 0 when it was for none."""
        return self._doom.instance if self._doom is not None else 0

    @property
    def blocks(self) -> int:
        """Blocks that the lanes in use at its end had moved."""
        return sum(lane.blocks for lane in self.last_lanes)

    @property
    def last_call(self) -> str:
        """The calls of the plugin that were under way when the process ended, in words; empty when none was."""
        return describe(self.last_lanes)

    def on_exit(self, callback: Callable[[ExitStatus], None]) -> None:
        """Calls back once, before the requests under way fail; at once if the process is gone already."""
        if self.exited.done():
            callback(self.exited.result())
        else:
            self._on_exit = callback

    def keep_library(self, copy: PrivateCopy) -> None:
        """Takes over what the worker's plugin is loaded from; it is closed with the worker, unless it is taken."""
        self._library, self.library_label = copy, copy.label
        if self.exited.done():
            copy.close()

    def take_library(self) -> PrivateCopy | None:
        """Hands the copy over to the caller of ``on_exit``, who wants names from it; None the second time."""
        library, self._library = self._library, None
        return library

    async def record_maps(self) -> None:
        """Notes what code the worker has mapped, for its autopsy. To be called when its plugin is loaded.

        Waited for before anything else is asked of it: many a plugin crashes in its first call.
        """
        maps = await asyncio.to_thread(read_maps, self.pid)
        if not self.exited.done():  # the number may have a new owner
            self.maps = maps or self.maps

    async def request(
        self,
        message: Request[R],
        timeout_s: float,
        fds: Sequence[int] = (),
        settled: Callable[[], None] | None = None,
    ) -> R:
        """Sends a request and waits for its reply. The descriptors stay the caller's.

        A caller that is cancelled leaves the call running: it still counts in ``inflight``, its deadline holds and
        its reply is thrown away. ``settled`` is called exactly once, when the worker is no longer in the call.

        Raises:
            PluginRefused: the plugin said no.
            LoadFailed, IncompatibleVersion: the module cannot be loaded.
            Misuse: the worker says the request makes no sense now, or it is too large to send.
            ConcurrentCall: the worker kept it from an instance that is in a call.
            ProtocolViolated: what came back cannot be; the worker is killed.
            RequestTimeout: no reply in time; the worker is killed.
            WorkerLost: the process ended before it replied.
        """
        loop = self._loop
        self._last_id = request_id = self._last_id + 1
        try:
            data, payload_fds = encode(message, request_id, self.generation)
        except (MessageTooLarge, OSError) as error:
            if settled is not None:
                settled()
            raise Misuse(f"{self.spec.plugin_id}: {error}") from error
        future: asyncio.Future[Reply] = loop.create_future()
        timer = loop.call_at(loop.time() + timeout_s, self._expire, request_id)
        call = Call(message, message.REPLY, timeout_s, future, timer, settled)
        self._calls[request_id] = call
        try:
            if self.exited.done():
                self._end_calls(self._lost)
            elif self._doom is None:
                self._control.send(data, (*fds, *payload_fds) if payload_fds else fds)
        except ChannelClosed:
            self._lost_channel("control")
        except ChannelJammed as error:
            self._kill(str(error), KillKind.HANG)
        finally:
            close_fds(payload_fds)
        return await future  # type: ignore[return-value]  # _answer lets only the request's own reply type through

    async def wait_exit(self, timeout_s: float) -> ExitStatus | None:
        """How the process ended, or None when it has not within the timeout."""
        await asyncio.wait((self.exited,), timeout=timeout_s)
        return self.exited.result() if self.exited.done() else None

    def ask_to_end(self) -> None:
        """SIGTERM: the last chance of a worker that did not answer ``Shutdown``."""
        self.asked_to_end = True
        self._process.send_signal(signal.SIGTERM)

    def terminate(self, reason: str = _KILLED, kind: KillKind = KillKind.ASKED, instance: int = 0) -> None:
        """SIGKILL to the worker and all it forked; ``reason`` is what those who wait for it will read.

        ``instance``: whose call is the reason, where it is one's.
        """
        self._kill(reason, kind, instance)

    def condemn(self, text: str) -> ProtocolViolated:
        """The worker or its plugin did what cannot be: kills it, and gives the error to raise."""
        self._kill(text, KillKind.PROTOCOL)
        return ProtocolViolated(f"{self.spec.plugin_id}: {text}", remedy="its worker was killed")

    # ---- what comes in ----

    def _read_control(self) -> None:
        """Reads replies until none is there, or none is waited for (the loop comes again if that was wrong)."""
        while self._read_one(self._control, "control", self._answer) and self._calls:
            pass

    def _read_events(self) -> None:
        """Reads a bounded number of events, so that a flood of them delays nothing else for long."""
        for _ in range(_EVENTS_AT_ONCE):
            if not self._read_one(self._events, "event", self._tell):
                return

    def _read_one(self, channel: PacketSocket, name: str, take: Callable[[Packet], None]) -> bool:
        """Takes one packet; False when none is there or the channel is of no use any more."""
        try:
            received = channel.receive()
            if received is None:
                return False
            data, fds = received
            try:
                packet = decode(data, fds)
            except PacketRefused:
                close_fds(list(fds))
                raise
            if packet.fds:
                close_fds(list(packet.fds))
                raise PacketRefused(f"{type(packet.message).__name__} came with descriptors that it does not have")
            if packet.generation != self.generation:
                raise PacketRefused(f"a packet of generation {packet.generation}")
            take(packet)
        except PacketRefused as error:
            self._violate(f"sent a packet that cannot be: {error}")
            return False
        except ChannelClosed:
            self._lost_channel(name)
            return False
        return True

    def _answer(self, packet: Packet) -> None:
        call = self._calls.get(packet.request_id)
        message = packet.message
        if call is None:
            if self._doom is not None:
                return  # the reply that was too late
            raise PacketRefused(f"{type(message).__name__} for request {packet.request_id}, which is not under way")
        if isinstance(message, call.reply):
            del self._calls[packet.request_id]
            call.end(message)
        elif isinstance(message, Failed):
            del self._calls[packet.request_id]
            error = error_of(message, self.spec.plugin_id)
            if isinstance(error, ProtocolViolated):
                self._kill(error.message, KillKind.PROTOCOL, call.instance)
            call.end(error)
        else:
            raise PacketRefused(f"{type(message).__name__} as reply to {type(call.request).__name__}")

    def _tell(self, packet: Packet) -> None:
        if packet.request_id != 0 or not isinstance(packet.message, Event):
            raise PacketRefused(f"{type(packet.message).__name__} on the event channel")
        self._on_event(self, packet.message)

    # ---- deadlines and ends ----

    def _expire(self, request_id: int) -> None:
        self._read_control()  # a reply that is here already is in time: it was the host that was late
        call = self._calls.pop(request_id, None)
        if call is None:
            return
        name = type(call.request).__name__
        where = describe(self.status.lanes()) or "no call of the plugin was in progress"
        self._kill(f"{name} took longer than {call.timeout_s:g} s", KillKind.HANG, call.instance)
        call.end(
            RequestTimeout(
                f"{self.spec.plugin_id}: {name} took longer than {call.timeout_s:g} s; {where}",
                remedy="its worker was killed",
            )
        )

    def _violate(self, text: str) -> None:
        """Nothing more is read from a worker that broke the wire: who waits for a reply waits in vain."""
        self._control.stop_reading()
        self._events.stop_reading()
        error = self.condemn(text)
        self._end_calls(lambda _: ProtocolViolated(error.message, remedy=error.remedy))

    def _lost_channel(self, name: str) -> None:
        """The end of a channel is not the death of the process (a fork may hold it, or a plugin may have closed it)."""
        (self._control if name == "control" else self._events).stop_reading()
        if self._close_timer is None and not self.exited.done():
            self._close_timer = self._loop.call_later(
                _END_AFTER_CLOSE_S, self._kill, f"it closed its {name} channel and did not end", KillKind.PROTOCOL
            )

    def _hear_bell(self) -> None:
        """The worker says that it crashes: its end is near, or is brought near. It is heard once; a lie is nothing."""
        self._loop.remove_reader(self.status.bell_fd)
        crash = self.status.crash()
        if crash is not None:
            self.maps = read_maps(self.pid) or self.maps  # while it is still there: it may have loaded more since
            how = f"crashed ({ExitStatus(signal=crash.signal)})" if crash.signal else "called exit"
            reason = f"it {how} and did not end"
            self._crash_timer = self._loop.call_later(_END_AFTER_CRASH_S, self._kill, reason, KillKind.CRASH)

    def _kill(self, reason: str, kind: KillKind, instance: int = 0) -> None:
        if self._doom is None and not self.exited.done():
            self._doom = Doom(kind, reason, instance)
        self._process.kill_group()

    def _look_at_end(self) -> None:
        """The process is dead: what it sent before counts, then how it ended, then those who wait are told."""
        self._process.kill_group()  # what it forked goes with it
        for channel, name, take in ((self._control, "control", self._answer), (self._events, "event", self._tell)):
            for _ in range(_PACKETS_AFTER_DEATH):
                if not self._read_one(channel, name, take):
                    break
        status = self._process.reap()
        if status is None:
            return
        self._loop.remove_reader(self._process.pidfd)
        self._loop.remove_reader(self.status.bell_fd)
        self._control.stop_reading()
        self._events.stop_reading()
        for timer in (self._close_timer, self._crash_timer):
            if timer is not None:
                timer.cancel()
        self._bury(status, _ORPHAN_LOOKS)

    def _bury(self, status: ExitStatus, looks: int) -> None:
        """What the worker had forked was killed with it, dies within moments, and has nobody else who would reap it."""
        if not self._process.reap_group() and looks > 0:
            self._loop.call_later(_ORPHAN_LOOK_S, self._bury, status, looks - 1)
            return
        self._output.finish()
        self.last_lanes = self.status.lanes()
        self.crash = self.status.crash()
        for resource in (self._control, self._events, self._process, self.status):
            resource.close()
        self.exited.set_result(status)
        if self._on_exit is not None:
            self._on_exit(status)
        library = self.take_library()
        if library is not None:
            library.close()
        self._end_calls(self._lost)

    def _end_calls(self, error_for: Callable[[Call], StellaError]) -> None:
        calls = list(self._calls.values())
        self._calls.clear()
        for call in calls:
            call.end(error_for(call))

    def _lost(self, call: Call) -> WorkerLost:
        status = self.exited.result()
        how = f"{self.doomed} ({status})" if self._doom is not None else str(status)
        during = self.last_call
        lines = self.log_tail
        return WorkerLost(
            f"{self.spec.plugin_id}: its worker (generation {self.generation}, pid {self.pid}) ended during "
            f"{type(call.request).__name__}: {how}{', ' + during if during else ''}{last_words(lines)}",
            details={"exit": str(status), "call": during, "log": "\n".join(lines)},
            own_doing=self._doom is not None or status.signal != signal.SIGKILL,
        )
