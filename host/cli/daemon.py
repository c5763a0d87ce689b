"""What ``serve`` does beside answering: it tells who started it, reads its settings again, and ends when it is idle."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from host.app import Application
from host.cli.interrupts import Interrupts
from host.cli.signals import signals_to_answer

__all__ = ["announced", "idle", "reloading"]

_LOOKS = 4


@contextmanager
def announced() -> Iterator[None]:
    """A service manager is told that the host answers, and afterwards that it ends (sd_notify(3))."""
    _notify(b"READY=1")
    try:
        yield
    finally:
        _notify(b"STOPPING=1")


def _notify(state: bytes) -> None:
    name = os.environ.get("NOTIFY_SOCKET", "")
    if name[:1] not in ("@", "/"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.sendto(state, f"\0{name[1:]}" if name[0] == "@" else name)


@contextmanager
def reloading(app: Application, interrupts: Interrupts) -> Iterator[None]:
    """SIGHUP reads the configuration file again; it ends the host only when the terminal it was started in is gone."""
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()
    ends = signal.SIGHUP in signals_to_answer() and _has_terminal()

    def arrive() -> None:
        if ends and not _has_terminal():
            interrupts.arrive(signal.SIGHUP)
            return
        task = loop.create_task(app.reload())
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    before = signal.getsignal(signal.SIGHUP)
    loop.add_signal_handler(signal.SIGHUP, arrive)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, before)
        for task in under_way:
            task.cancel()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


class Player(Protocol):
    """The host, as far as idleness goes."""

    @property
    def plays(self) -> bool:
        """Whether something is heard."""


class Served(Protocol):
    """Its server, as far as idleness goes."""

    @property
    def clients(self) -> int:
        """How many are connected now."""

    @property
    def served(self) -> int:
        """How many ever were."""


async def idle(app: Player, server: Served, limit_s: float) -> None:
    """Returns when nothing was played and nobody was connected for so long."""
    loop = asyncio.get_running_loop()
    served, since_s = server.served, loop.time()
    while loop.time() - since_s < limit_s:
        await asyncio.sleep(limit_s / _LOOKS)
        if app.plays or server.clients or server.served != served:
            served, since_s = server.served, loop.time()
