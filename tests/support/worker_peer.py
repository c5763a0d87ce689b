"""A real worker process and the host's end of its two channels, without any of the host's code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar, cast

from abi.kinds import API_VERSION, CapabilityKind
from abi.wire import (
    MAX_FDS,
    MAX_PACKET,
    WIRE_VERSION,
    CreateInstance,
    Event,
    Failed,
    FaultKind,
    Hello,
    LoadModule,
    Message,
    ModuleInfo,
    Packet,
    Payload,
    Reply,
    Request,
    close_fds,
    decode,
    encode,
)
from shm_audio import StatusPage

__all__ = ["GENERATION", "WorkerPeer"]

ROOT = Path(__file__).resolve().parents[2]
GENERATION = 3
DEADLINE_S = 20.0
E = TypeVar("E", bound=Event)
R = TypeVar("R", bound=Reply)


class WorkerPeer:
    """Starts the worker. Single-threaded; every wait has a deadline. ``close`` kills what still runs."""

    def __init__(self, greet: bool = True, python_path: str = str(ROOT)) -> None:
        self._control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._events, events = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._out = os.memfd_create("stdout")
        numbers = (control.fileno(), events.fileno())
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "plugin_worker", "--control", str(numbers[0]), "--events", str(numbers[1])],
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "PYTHONPATH": python_path},
        )
        control.close()
        events.close()
        self.page = StatusPage()
        self._next_id = 0
        self._early: dict[int, Reply] = {}
        self._told: list[Event] = []
        if greet:
            hello = Hello(WIRE_VERSION, API_VERSION, "test.worker", "play")
            self.hello = self.ask(hello, [self.page.fd, self.page.bell_fd])

    # ---- requests ----

    def send(self, message: Message, fds: Sequence[int] = ()) -> int:
        """Sends, and says under which number the reply will come."""
        self._next_id += 1
        data, made = encode(message, self._next_id, GENERATION)
        self.send_raw(data, [*fds, *made])
        close_fds(made)
        return self._next_id

    def send_raw(self, data: bytes, fds: Sequence[int] = ()) -> None:
        socket.send_fds(self._control, [data], list(fds))

    def answer(self, request_id: int, within_s: float = DEADLINE_S) -> Reply:
        """The reply to one request; replies to others are kept. Raises: TimeoutError; EOFError for a worker gone."""
        while request_id not in self._early:
            packet = self._receive(self._control, within_s)
            assert isinstance(packet.message, Reply), packet
            self._early[packet.request_id] = packet.message
        return self._early.pop(request_id)

    def ask_any(self, message: Message, fds: Sequence[int] = (), within_s: float = DEADLINE_S) -> Reply:
        return self.answer(self.send(message, fds), within_s)

    def ask(self, message: Request[R], fds: Sequence[int] = (), within_s: float = DEADLINE_S) -> R:
        """The reply that the request names."""
        reply = self.ask_any(message, fds, within_s)
        assert isinstance(reply, message.REPLY), reply
        return cast(R, reply)

    def refused(self, message: Message, kind: FaultKind, fds: Sequence[int] = ()) -> Failed:
        """The failure that is expected."""
        reply = self.ask_any(message, fds)
        assert isinstance(reply, Failed), reply
        assert FaultKind(reply.kind) is kind, reply
        return reply

    # ---- the usual first steps ----

    def load(self, path: Path, python: bool = False, rights: Sequence[str] = ()) -> ModuleInfo:
        return self.ask(LoadModule(str(path), str(path.parent), python, tuple(rights)))

    def creation(
        self, kind: CapabilityKind, type_id: str, config: object = None, instance: int = 1, channels: int = 2
    ) -> CreateInstance:
        text = Payload(json.dumps({} if config is None else config).encode())
        rate, channels = (48000, channels) if kind is CapabilityKind.DSP else (0, 0)
        return CreateInstance(instance, kind, type_id, text, rate, channels, ())

    # ---- events and the end ----

    def event(self, kind: type[E], within_s: float = DEADLINE_S) -> E:
        """The next event of a kind; others are kept."""
        while True:
            for index, told in enumerate(self._told):
                if isinstance(told, kind):
                    del self._told[index]
                    return told
            self.hear(within_s)

    def hear(self, within_s: float = DEADLINE_S) -> None:
        """Waits for one event of any kind and keeps it. Raises: TimeoutError, EOFError."""
        packet = self._receive(self._events, within_s)
        assert isinstance(packet.message, Event), packet
        assert packet.request_id == 0
        self._told.append(packet.message)

    def ended(self, within_s: float = DEADLINE_S) -> int:
        """The exit status, negative for a signal. Raises: TimeoutExpired."""
        return self.process.wait(within_s)

    @property
    def output(self) -> str:
        """What stdout and stderr took so far."""
        return os.pread(self._out, 1 << 20, 0).decode("utf-8", "replace")

    @property
    def open_files(self) -> set[str]:
        """What the worker's descriptors point to."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        return {os.readlink(folder / number) for number in os.listdir(folder)}  # noqa: PTH115  may be no path

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self.process.wait()
        self._control.close()
        self._events.close()
        os.close(self._out)
        self.page.close()

    def _receive(self, channel: socket.socket, within_s: float) -> Packet:
        deadline = time.monotonic() + within_s
        channel.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data, fds, flags, _ = socket.recv_fds(channel, MAX_PACKET, MAX_FDS)
        except ConnectionResetError:
            data, fds, flags = b"", [], 0
        if not data:
            raise EOFError("the worker is gone")
        assert flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) == 0
        packet = decode(data, tuple(fds))
        assert packet.generation in (0, GENERATION)
        return packet

    def __enter__(self) -> WorkerPeer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
