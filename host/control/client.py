"""The other end, for commands: asks a running host and waits for its answer. Blocking, and lean to import."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from host.control.lock import connect_at, peer_credentials
from host.control.protocol import MAX_ANSWER, Broken, Dialect, Inbox, Refused, encode, read_object
from host.errors import NotRunning, ProtocolViolated, RequestTimeout, StellaError
from host.jsontext import Json, JsonObject

__all__ = ["GONE", "SLOW", "ControlClient", "RemoteError", "reach", "read_answer", "result_of"]

_READ_BYTES = 64 << 10
_CONNECT_S = 5.0
#: What to do about a host that went away, and about one that is silent.
GONE = "it may have ended, or serve as many clients as it can; try again"
SLOW = "`stellatune status` shows whether it lives"
_ANSWER_DEPTH = 64
_ANSWER_ITEMS = 1 << 20


class RemoteError(StellaError):
    """What the host answered instead of a result; the command ends as the host's own would."""

    exit_code: ClassVar[int] = 1

    def __init__(self, error: JsonObject, exit_code: int) -> None:
        details = error.get("details")
        super().__init__(
            str(error.get("message", "the host gave no reason")),
            remedy=str(error.get("hint", "")),
            code=str(error.get("code", "")),
            details={
                name: value
                for name, value in (details if isinstance(details, dict) else {}).items()
                if isinstance(value, str | int)
            },
        )
        self.exit_code = exit_code  # type: ignore[misc]  # an instance stands for one class of the host's


def reach(path: Path) -> tuple[socket.socket, int]:
    """A socket that is connected to the host there, and the host's pid. It may block for a moment.

    Raises:
        NotRunning: nobody listens there, or somebody who is not this user.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(_CONNECT_S)
        connect_at(sock, path)
        pid, uid = peer_credentials(sock)
    except OSError as error:
        sock.close()
        known = isinstance(error, FileNotFoundError | ConnectionRefusedError | NotADirectoryError)
        why = "" if known else f", {error.strerror or error}"
        raise NotRunning(
            f"no host is running (nothing answers at {path}{why})",
            remedy="`stellatune play` or `stellatune serve` starts one",
        ) from error
    if uid != os.geteuid():
        sock.close()
        raise NotRunning(f"{path} belongs to another user's host", remedy="name your own with --socket")
    return sock, pid


def read_answer(body: bytes) -> JsonObject:
    """One message of a host. Raises: ProtocolViolated."""
    try:
        return read_object(body, Dialect.PACKED, depth=_ANSWER_DEPTH, items=_ANSWER_ITEMS)
    except Refused as refused:
        raise ProtocolViolated(f"the host's answer makes no sense: {refused}") from refused


def result_of(message: JsonObject, number: int) -> JsonObject | None:
    """The result of the request of that number; None: the message is about something else. Raises: RemoteError."""
    error = message.get("error")
    if isinstance(error, dict) and message.get("id") in (number, None):
        code = message.get("exit")
        raise RemoteError(error, code if isinstance(code, int) and 0 < code < 256 else 1)
    result = message.get("result")
    return result if message.get("id") == number and isinstance(result, dict) else None


class ControlClient:
    """One connection. ``pid``: the host's process, as the kernel knows it."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self.pid = pid
        self._sock = sock
        self._inbox = Inbox(MAX_ANSWER, Dialect.PACKED)
        self._bodies: list[bytes] = []
        self._last_id = 0

    @classmethod
    def connect(cls, path: Path) -> ControlClient:
        """Raises: NotRunning: nobody listens there, or somebody who is not this user."""
        return cls(*reach(path))

    def ask(self, verb: str, arguments: JsonObject, timeout_s: float) -> JsonObject:
        """The result of one request.

        Raises:
            RemoteError: the host said no. RequestTimeout: it said nothing in time. NotRunning: it ended meanwhile.
        """
        number = self._send(verb, arguments, timeout_s)
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._receive(deadline)
            if message is None:
                raise NotRunning(f"the host went away before it answered {verb}", remedy=GONE)
            result = result_of(message, number)
            if result is not None:
                return result

    def events(self) -> Iterator[JsonObject]:
        """What follows the answer to ``events``, until the host ends."""
        while (message := self._receive(None)) is not None:
            if "event" in message:
                yield message

    def close(self) -> None:
        """Twice is fine."""
        self._sock.close()

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _send(self, verb: str, arguments: JsonObject, timeout_s: float) -> int:
        self._last_id += 1
        members: dict[str, Json] = {"id": self._last_id, "verb": verb, "arguments": arguments}
        self._sock.settimeout(timeout_s)
        try:
            self._sock.sendall(encode(members, Dialect.PACKED))
        except OSError as error:
            raise NotRunning(f"the host went away: {error.strerror or error}", remedy=GONE) from error
        return self._last_id

    def _receive(self, deadline: float | None) -> JsonObject | None:
        """The next message; None at the end of the connection."""
        while not self._bodies:
            try:
                self._sock.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
                data = self._sock.recv(_READ_BYTES)
            except TimeoutError:
                raise RequestTimeout(
                    "the host did not answer in time", remedy=SLOW
                ) from None
            except ConnectionError:
                return None
            if not data:
                return None
            try:
                self._bodies += self._inbox.feed(data)
            except Broken as error:
                raise ProtocolViolated(f"the host's answer makes no sense: {error}") from error
        return read_answer(self._bodies.pop(0))
