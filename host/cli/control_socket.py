"""The control socket of ``play`` and ``serve``: one host per state directory, open while the host lives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from host.app import Application
from host.cli.console import Console
from host.cli.interrupts import Interrupts
from host.cli.talking import socket_of
from host.control.lock import HostLock
from host.control.server import ControlServer
from host.errors import StellaError
from host.settings import Paths

__all__ = ["answering", "sole_host"]


@contextmanager
def sole_host(console: Console) -> Iterator[HostLock]:
    """Held around the whole life of a host, from before its first worker to after its last.

    Raises:
        Usage: another host runs already. StellaError: there is no place for a socket.
    """
    places = Paths.of_user()
    path = socket_of(console, places)
    try:
        lock = HostLock(places.state_dir, path)
    except OSError as error:
        raise _no_socket(error, str(path)) from error
    with lock:
        yield lock


@asynccontextmanager
async def answering(app: Application, lock: HostLock, interrupts: Interrupts) -> AsyncIterator[None]:
    """Others may ask this host while the block runs.

    Raises:
        StellaError: the socket cannot be made.
    """
    app.on_stop(interrupts.stop)
    server = ControlServer(app)
    try:
        await server.listen(lock)
    except OSError as error:
        raise _no_socket(error, str(lock.path)) from error
    try:
        yield
    finally:
        await server.close()


def _no_socket(error: OSError, path: str) -> StellaError:
    return StellaError(
        f"no control socket: {path}: {error.strerror or error}",
        remedy="name another place with --socket; `play --no-control` goes without",
        code="no_socket",
    )
