"""The control socket of ``play`` and ``serve``: one host per state directory, open while the host lives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from host.app import Application
from host.cli.console import Console
from host.cli.desktop import on_desktop
from host.cli.interrupts import Interrupts
from host.cli.session import application
from host.cli.talking import socket_of
from host.control.lock import ALREADY_RUNNING, HostLock
from host.control.server import ControlServer
from host.errors import StellaError
from host.settings import Paths

__all__ = ["answering", "playing_host", "sole_host"]


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
        raise _no_socket(error, str(error.filename or path)) from error
    with lock:
        yield lock


@asynccontextmanager
async def answering(
    console: Console, app: Application, lock: HostLock, interrupts: Interrupts
) -> AsyncIterator[ControlServer]:
    """Others may ask this host while the block runs, and it writes its log.

    Raises:
        StellaError: the socket cannot be made.
    """
    app.on_stop(interrupts.stop)
    app.keep_log(console.log_file or app.paths.log_file)
    server = ControlServer(app)
    try:
        await server.listen(lock)
    except OSError as error:
        raise _no_socket(error, str(lock.path)) from error
    try:
        async with on_desktop(app, console):
            yield server
    finally:
        await server.close()


@asynccontextmanager
async def playing_host(console: Console, interrupts: Interrupts, *, alone: bool) -> AsyncIterator[Application]:
    """A running host that others may ask, unless it is to be ``alone``. Without a place for a socket it plays anyway.

    Raises:
        Usage: another host runs already.
    """
    async with AsyncExitStack() as stack:
        lock: HostLock | None = None
        try:
            lock = None if alone else stack.enter_context(sole_host(console))
        except StellaError as error:
            if error.code == ALREADY_RUNNING:
                raise
            console.warn(f"nobody can ask this host anything: {error}")
        app = await stack.enter_async_context(application(console))
        if lock is None:
            app.on_stop(interrupts.stop)  # nobody outside may ask for it, a plugin that has the right may
        else:
            await stack.enter_async_context(answering(console, app, lock, interrupts))
        yield app


def _no_socket(error: OSError, path: str) -> StellaError:
    return StellaError(
        f"no control socket: {path}: {error.strerror or error}",
        remedy="name another place with --socket; `play --no-control` goes without",
        code="no_socket",
    )
