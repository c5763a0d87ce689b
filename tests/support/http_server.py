"""An HTTP server on loopback whose routes write every byte of their answers themselves, well or badly.

    with HttpServer() as server:
        server.routes["/song.flac"] = HttpFile(data)
        server.url("/song.flac")

A route is called with an ``Exchange``, on the thread of its connection; it answers once, or leaves the connection to be
closed. Every request is kept in ``server.requests``.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

__all__ = ["Exchange", "HttpServer", "Request", "Route", "answer", "redirect", "silent"]

_HEAD_BYTES = 1 << 16
#: A peer that neither reads nor closes for so long is given up.
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """``target`` holds the query, ``path`` does not. Names of headers are in lower case."""

    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Exchange:
    """One request, and the way back. On the thread of its connection."""

    def __init__(self, server: HttpServer, connection: socket.socket, request: Request) -> None:
        self.server = server
        self.request = request
        #: Whether the connection takes another request.
        self.goes_on = False
        self._connection = connection

    def send(self, data: bytes) -> None:
        """Raises: OSError: the peer is gone, or the server ends."""
        self._connection.sendall(data)

    def head(self, status: str, headers: Mapping[str, object] | None = None, protocol: str = "HTTP/1.1") -> None:
        """The status line and the headers."""
        lines = [f"{protocol} {status}", *(f"{name}: {value}" for name, value in (headers or {}).items()), "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def pause(self, seconds: float) -> None:
        """Raises: OSError: the server ends."""
        if self.server.ending.wait(seconds):
            raise ConnectionAbortedError

    def hang(self) -> None:
        """Says nothing more until the peer is gone."""
        self._connection.settimeout(None)
        while self._connection.recv(_HEAD_BYTES):
            pass

    def reset(self) -> None:
        """Breaks the connection off instead of closing it."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._connection.close()


Route = Callable[[Exchange], None]


def answer(
    body: bytes, content_type: str = "", status: str = "200 OK", headers: Mapping[str, object] | None = None
) -> Route:
    """The same for everybody."""

    def route(exchange: Exchange) -> None:
        kind = {"Content-Type": content_type} if content_type else {}
        exchange.head(status, {"Content-Length": len(body), **kind, **(headers or {})})
        exchange.send(body)
        exchange.goes_on = True

    return route


def redirect(to: str, status: str = "302 Found") -> Route:
    """Elsewhere."""
    return answer(b"", status=status, headers={"Location": to})


def silent(exchange: Exchange) -> None:
    """Takes the request and never answers."""
    exchange.hang()


class HttpServer:
    """Serves until closed; then all its threads and connections are gone.

    Raises, in ``close``: what a route raised that was not about its connection.
    """

    def __init__(self, port: int = 0) -> None:
        """``port``: 0 for any that is free."""
        self.routes: dict[str, Route] = {}
        #: For what no route is for.
        self.otherwise: Route = answer(b"<html>no such page</html>", "text/html", "404 Not Found")
        self.requests: list[Request] = []
        #: Connections from now on speak TLS.
        self.secure: ssl.SSLContext | None = None
        self.connections = 0
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="test http server")
        self._acceptor.start()

    def url(self, target: str) -> str:
        """The address of a target, which begins with a slash."""
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}{target}"

    def asked(self, path: str) -> list[Request]:
        """The requests so far for one path."""
        return [request for request in self.requests if request.path == path]

    def drop_all(self) -> None:
        """Breaks all connections that there are now."""
        with self._lock:
            for each in self._open:
                _shut(each)

    def close(self) -> None:
        if self.ending.is_set():
            return
        self.ending.set()
        _shut(self._listener)
        self._listener.close()
        self._acceptor.join()
        self.drop_all()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._lock:
                    self._open.add(connection)
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection,), name="test http connection")
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                connection.settimeout(_PATIENCE_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._secured(connection) as spoken:
                    while not self.ending.is_set() and self._one(spoken):
                        pass
        except BaseException as error:  # noqa: BLE001  told in close
            self._errors.append(error)
        finally:
            with self._lock:
                self._open.discard(connection)

    def _secured(self, connection: socket.socket) -> socket.socket:
        """Raises: OSError: the peer does not want it."""
        if self.secure is None:
            return connection
        # Whoever ends the server shuts this one's socket, not the one that is wrapped here.
        return self.secure.wrap_socket(connection.dup(), server_side=True)

    def _one(self, connection: socket.socket) -> bool:
        """Whether the connection takes another request."""
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(_HEAD_BYTES)
            if not part or len(head) > _HEAD_BYTES:
                return False
            head += part
        first, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        request = Request(first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})
        self.requests.append(request)
        exchange = Exchange(self, connection, request)
        self.routes.get(request.path, self.otherwise)(exchange)
        return exchange.goes_on

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
