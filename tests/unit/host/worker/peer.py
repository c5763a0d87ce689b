"""The far end of a worker's channels, in this process: speaks the wire as told, well or badly."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from signal import SIGKILL

from abi.wire import Event, Message, Packet, Request, close_fds, decode, encode
from host.ids import Generation, PluginId, Role
from host.worker import ExitStatus, WorkerHandle, WorkerSpec
from host.worker.packets import PacketSocket
from shm_audio import StatusPage

SPEC = WorkerSpec(PluginId("test.dsp.peer"), Role.PLAY, Generation(7))

Answer = Callable[["Peer", Packet], None]


def silent(_peer: Peer, _packet: Packet) -> None:
    """Answers nothing."""


def replying(message: Message) -> Answer:
    """Answers this, whatever is asked."""
    return lambda peer, packet: peer.reply(packet, message)


def ending(status: ExitStatus) -> Answer:
    """Ends, whatever is asked."""
    return lambda peer, _packet: peer.process.end(status)


class FakeProcess:
    """A process that is a pipe: readable once it has ended."""

    def __init__(self, mortal: bool = True) -> None:
        self.pid = 4242
        self.signals: list[int] = []
        self.kills = 0
        self.reaped = 0
        self.on_end: Callable[[], None] = lambda: None
        self._mortal = mortal
        self._status: ExitStatus | None = None
        self.pidfd, self._far = os.pipe()

    def send_signal(self, number: int) -> None:
        self.signals.append(number)

    def kill_group(self) -> None:
        self.kills += 1
        if self._mortal:
            self.end(ExitStatus(signal=SIGKILL))

    def end(self, status: ExitStatus) -> None:
        if self._status is None:
            self._status = status
            self.on_end()
            os.close(self._far)

    def reap(self) -> ExitStatus | None:
        self.reaped += self._status is not None
        return self._status

    def reap_group(self) -> bool:
        return True

    def close(self) -> None:
        os.close(self.pidfd)
        if self._status is None:
            os.close(self._far)


class Peer:
    """Owns the far sockets until it dies with its process."""

    def __init__(self, spec: WorkerSpec, answer: Answer, mortal: bool = True) -> None:
        self.generation = spec.generation
        self.answer = answer
        self.received: list[Message] = []
        self.fds_seen = 0
        self.process = FakeProcess(mortal)
        self.process.on_end = self._die
        self.near_control, self.control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.near_events, self.events = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.near_output, self.output = os.pipe()
        for far in (self.control, self.events):
            far.setblocking(False)
        self._waiting: list[Packet] = []
        self._arrival: asyncio.Future[None] | None = None
        asyncio.get_running_loop().add_reader(self.control, self._read)

    def handle(self, spec: WorkerSpec, on_event: Callable[[WorkerHandle, Event], None]) -> WorkerHandle:
        loop = asyncio.get_running_loop()
        return WorkerHandle(
            spec,
            self.process,
            PacketSocket(self.near_control, loop),
            PacketSocket(self.near_events, loop),
            self.near_output,
            StatusPage(),
            on_event,
        )

    async def next(self) -> Packet:
        """The next request that ``answer`` left alone."""
        while not self._waiting:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._waiting.pop(0)

    def reply(self, packet: Packet, message: Message) -> None:
        self.send(message, packet.request_id)

    def send(self, message: Message, request_id: int, generation: int | None = None) -> None:
        data, fds = encode(message, request_id, self.generation if generation is None else generation)
        self.send_raw(self.control, data, fds)
        close_fds(fds)

    def tell(self, event: Message, request_id: int = 0) -> None:
        data, fds = encode(event, request_id, self.generation)
        self.send_raw(self.events, data, fds)
        close_fds(fds)

    @staticmethod
    def send_raw(sock: socket.socket, data: bytes, fds: Sequence[int] = ()) -> None:
        socket.send_fds(sock, [data], list(fds))

    def _read(self) -> None:
        data, fds, _, _ = socket.recv_fds(self.control, 65536, 16)
        if not data:
            asyncio.get_running_loop().remove_reader(self.control)
            return
        self.fds_seen += len(fds)
        packet = decode(data, tuple(fds))
        close_fds(list(packet.fds))
        self.received.append(packet.message)
        self._waiting.append(packet)
        self.answer(self, packet)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _die(self) -> None:
        asyncio.get_running_loop().remove_reader(self.control)
        self.control.close()
        self.events.close()
        os.close(self.output)


def requests_of(peer: Peer, kind: type[Request]) -> int:  # type: ignore[type-arg]  # whatever its reply
    """How many of a kind arrived."""
    return sum(isinstance(message, kind) for message in peer.received)
