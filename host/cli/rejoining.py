"""Staying with a host over its restarts: who asks again and again waits for the next host when one has gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from host.cli.console import Console
from host.cli.talking import ANSWER_S, running_host
from host.control.client import ControlClient
from host.errors import NotRunning, ProtocolViolated, RequestTimeout
from host.jsontext import JsonObject

__all__ = ["answers", "rejoined"]

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


def answers(console: Console, verb: str, interval_s: float) -> Iterator[JsonObject | None]:
    """What the host answers, once an interval; None each time it has gone, before the next one is waited for.

    Raises:
        NotRunning: no host runs at the beginning. RemoteError: the host says no.
    """
    with ExitStack() as held:
        client = held.enter_context(running_host(console))
        while True:
            try:
                found = client.ask(verb, {}, ANSWER_S)
            except (NotRunning, RequestTimeout, ProtocolViolated):
                yield None
                held.close()
                client = held.enter_context(rejoined(console, client.pid))
                continue
            yield found
            time.sleep(interval_s)


def rejoined(console: Console, pid: int) -> ControlClient:
    """A connection to the host that comes after the one that had this pid; asks less and less often."""
    console.note(f"the host (pid {pid}) has gone; waiting for the next one")
    pause_s = _FIRST_PAUSE_S
    while True:
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        try:
            client = running_host(console)
        except NotRunning:
            continue
        console.note(f"the host (pid {client.pid}) answers")
        return client
