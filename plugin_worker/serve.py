"""The control loop: receives requests, answers what concerns the process itself, hands the rest to lanes.

It never enters a plugin; so a hung plugin delays no other instance's command.
"""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Sequence
from typing import NoReturn

from abi.kinds import API_VERSION
from abi.wire import (
    EXIT_HOST_LOST,
    MAX_FDS,
    MAX_PACKET,
    WIRE_VERSION,
    Event,
    Hello,
    HelloReply,
    HostEventsTaken,
    LoadModule,
    Message,
    MessageTooLarge,
    ModuleInfo,
    Packet,
    PacketRefused,
    Ping,
    Pong,
    PushHostEvents,
    Reply,
    Shutdown,
    ShutdownDone,
    close_fds,
    decode,
    encode,
)
from plugin_worker._core import ffi, lib
from plugin_worker.dispatch import dispatch
from plugin_worker.errors import ContractBroken, Incompatible, LoadFault, Misuse, WorkerFault
from plugin_worker.ffi_calls import CData, call, invoke
from plugin_worker.instances import MODULE_LANE, Instances
from plugin_worker.lane import Job, Lane
from plugin_worker.layout import struct_sizes
from plugin_worker.module import LoadedModule, check_module, open_library
from plugin_worker.outbox import Outbox
from plugin_worker.rights import grant_rights

__all__ = ["EXIT_PROTOCOL", "Server"]

EXIT_PROTOCOL = 66
_INT_BYTES = array.array("i").itemsize
_FD_SPACE = socket.CMSG_SPACE(MAX_FDS * _INT_BYTES)
_CUT_SHORT = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
_CLOSE_ON_EXEC = int(socket.MSG_CMSG_CLOEXEC)


class Server:
    """Owns both sockets. ``reply``, ``emit``, ``lane_ended``: any thread; the rest: the control thread."""

    def __init__(self, control: socket.socket, events: socket.socket) -> None:
        """Nothing runs yet."""
        self._control = control
        self._events = events
        self._generation = 0
        self._page: CData = ffi.NULL
        self._instances: Instances | None = None
        self._module: LoadedModule | None = None
        self._outbox = Outbox(self._send_event)

    def run(self) -> NoReturn:
        """Serves until the host shuts the worker down or is gone."""
        while True:
            packet = self._receive()
            try:
                self._handle(packet)
            except WorkerFault as fault:
                close_fds(list(packet.fds))
                self.reply(fault.reply(), packet.request_id)

    # ---- any thread ----

    def reply(self, reply: Reply, request_id: int) -> None:
        """Sends one reply, or the failure that it cannot be sent. Any thread; packets are atomic."""
        try:
            self._send(self._control, reply, request_id)
        except (MessageTooLarge, OSError) as error:
            kind = LoadFault if isinstance(reply, ModuleInfo) else ContractBroken
            fault = kind("reply", f"the plugin says more than fits: {error}")
            self._send(self._control, fault.reply(), request_id)

    def emit(self, event: Event) -> None:
        """Queues one fact for the host. Any thread."""
        self._outbox.emit(event)

    def lane_ended(self, lane: Lane, replies: Sequence[tuple[Reply, int]]) -> None:
        """A lane's thread is over: frees its place, then says so; the module lane's end is the end of the process."""
        if self._instances is not None and lane.instance != MODULE_LANE:
            self._instances.ended(lane)
        for reply, request_id in replies:
            self.reply(reply, request_id)
        if lane.instance == MODULE_LANE:
            self._outbox.close()
            os._exit(0)

    def _send_event(self, event: Event) -> None:
        try:
            self._send(self._events, event, 0)
        except (MessageTooLarge, OSError) as error:  # no descriptor for a long event: it is lost, this thread is not
            os.write(2, f"plugin_worker: an event could not be sent: {error}\n".encode())

    def _send(self, channel: socket.socket, message: Message, request_id: int) -> None:
        data, fds = encode(message, request_id, self._generation)
        try:
            channel.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
        except OSError:
            os._exit(EXIT_HOST_LOST)
        finally:
            close_fds(fds)

    # ---- control thread ----

    def _receive(self) -> Packet:
        try:
            data, ancillary, flags, _ = self._control.recvmsg(MAX_PACKET, _FD_SPACE, _CLOSE_ON_EXEC)
        except OSError:
            os._exit(EXIT_HOST_LOST)
        if not data:
            os._exit(EXIT_HOST_LOST)
        fds = array.array("i")
        for _level, kind, payload in ancillary:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(payload[: len(payload) - len(payload) % _INT_BYTES])
        try:
            if flags & _CUT_SHORT:
                raise PacketRefused("a packet was cut short")
            packet = decode(data, tuple(fds))
        except PacketRefused as error:
            os.write(2, f"plugin_worker: {error}\n".encode())
            os._exit(EXIT_PROTOCOL)
        if self._page != ffi.NULL:
            lib.st_status_beat(self._page)
        return packet

    def _handle(self, packet: Packet) -> None:
        if packet.fds and isinstance(packet.message, Ping | PushHostEvents | Shutdown):
            raise Misuse("dispatch", f"{type(packet.message).__name__} carries no descriptors")
        match packet.message:
            case Hello() as hello:
                self._hello(hello, packet)
            case Ping():
                self.reply(Pong(), packet.request_id)
            case PushHostEvents() as push:
                lost = sum([lib.st_inbox_put(text, len(text)) for text in push.texts])
                self.reply(HostEventsTaken(lost), packet.request_id)
            case LoadModule() as load:
                if len(packet.fds) > (0 if load.python else 1):
                    raise Misuse("dispatch", "LoadModule carries at most one descriptor, and none for a Python module")
                job = Job(lambda: self._load(load, packet.fds), packet.request_id, fds=packet.fds)
                self._greeted().module_lane.submit(job)
            case Shutdown():
                self._greeted().module_lane.submit(Job(self._shutdown, packet.request_id, last=True))
            case _:
                dispatch(self, self._greeted(), self._module, packet)

    def _greeted(self) -> Instances:
        if self._instances is None:
            raise Misuse("dispatch", "say Hello first")
        return self._instances

    def _hello(self, hello: Hello, packet: Packet) -> None:
        if self._instances is not None or len(packet.fds) != 2:
            raise Misuse("hello", "Hello comes once, with the status page and its bell")
        if hello.wire_version != WIRE_VERSION or hello.api_version != API_VERSION:
            raise Incompatible(
                "hello",
                f"host speaks wire {hello.wire_version} api {hello.api_version}, worker {WIRE_VERSION} {API_VERSION}",
            )
        self._page = lib.st_status_attach(packet.fds[0])
        if self._page == ffi.NULL:
            raise WorkerFault("hello", f"the status page cannot be mapped: {os.strerror(ffi.errno)}")
        lib.st_crash_install(self._page, packet.fds[1])
        lib.st_crash_enter(-1)
        close_fds(list(packet.fds))
        self._generation = packet.generation
        self._instances = Instances(self, self._page)
        self.reply(HelloReply(WIRE_VERSION, API_VERSION, os.getpid(), struct_sizes()), packet.request_id)

    # ---- module lane ----

    def _load(self, request: LoadModule, fds: Sequence[int]) -> ModuleInfo:
        lane = self._greeted().module_lane
        try:
            if self._module is not None:
                raise Misuse("load", "this worker has its module; a worker loads one in its life")
            grant_rights(request.rights)
            root = request.root.encode()
            host = lib.st_host_table(root, len(root))
            if request.python:
                table = self._python_table(request, host)
            else:
                table = invoke(lane.native, "entry", open_library, request.path, host, fds[0] if fds else None)
        finally:
            close_fds(list(fds))  # what is mapped stays mapped
        self._module = check_module(lane.native, table)
        return self._module.info

    def _python_table(self, request: LoadModule, host: CData) -> CData:
        # Only a worker that was asked for a Python module pays for what that needs.
        from plugin_worker.python_module import PythonModule
        from plugin_worker.python_vtables import make_vtables

        try:
            return PythonModule(request.path, request.root, host, make_vtables()).table
        except (OSError, ValueError, SyntaxError, ImportError, AttributeError, KeyError) as error:
            raise LoadFault("load", f"{type(error).__name__}: {error}") from error

    def _shutdown(self) -> ShutdownDone:
        if self._module is not None and self._module.table.shutdown != ffi.NULL:
            call(self._greeted().module_lane.native, "shutdown", self._module.table.shutdown)
        return ShutdownDone()
