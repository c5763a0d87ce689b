"""How a command finds the running host, and what it says when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host.cli.console import Console
from host.control.client import ControlClient
from host.control.lock import SOCKET_NAME
from host.errors import NotRunning
from host.settings import Paths

__all__ = ["ANSWER_S", "RENEW_S", "host_if_any", "running_host", "short", "socket_of"]

#: For what a host knows at once, and for what takes new processes.
ANSWER_S = 10.0
RENEW_S = 60.0


def socket_of(console: Console, places: Paths) -> Path:
    """Where the control socket is, or would be."""
    return console.socket or places.runtime_dir / SOCKET_NAME


def running_host(console: Console) -> ControlClient:
    """A connection, to be closed. Raises: NotRunning."""
    return ControlClient.connect(socket_of(console, Paths.of_user()))


@contextmanager
def host_if_any(console: Console) -> Iterator[ControlClient | None]:
    """A connection, or None where no host runs."""
    try:
        client = running_host(console)
    except NotRunning:
        yield None
        return
    with client:
        yield client


def short(plugin_id: object) -> str:
    """A plugin as people call it: those that ship go without their first name."""
    return str(plugin_id).removeprefix("stellatune.")
