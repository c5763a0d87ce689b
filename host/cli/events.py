"""``stellatune events``: what happens in the running host, one JSON object per line."""

from __future__ import annotations

import click

from host.cli.console import Console
from host.cli.rejoining import rejoined
from host.cli.talking import ANSWER_S, running_host
from host.control.client import ControlClient
from host.errors import NotRunning
from host.jsontext import JsonObject

__all__ = ["EVENT_SCHEMA", "events"]

EVENT_SCHEMA = "stellatune.event/1"
SHOWN = ("seq", "time", "event", "data", "dropped")


@click.command()
@click.option("--filter", "pattern", metavar="GLOB", default="*", help="Only these, such as plugin.* or *.ended.")
@click.option("--reconnect", is_flag=True, help="When the host ends, go on with the next one.")
@click.pass_obj
def events(console: Console, pattern: str, reconnect: bool) -> int:
    """What happens from now on, as JSON lines; ends with the host. A number that is missing: an event that was lost."""
    client = running_host(console)
    while True:
        with client:
            try:
                _listen(console, client, pattern)
            except NotRunning:
                if not reconnect:
                    raise
        if not reconnect:
            return 0
        client = rejoined(console, client.pid)
        console.note("what happened in between was not heard; the numbers begin anew")


def _listen(console: Console, client: ControlClient, pattern: str) -> None:
    """Until the host ends."""
    kinds = client.ask("events", {"filter": pattern}, ANSWER_S).get("events")
    console.note(f"listening to {len(kinds) if isinstance(kinds, list) else 0} kinds of events")
    last = 0
    for message in client.events():
        event: JsonObject = {name: message.get(name) for name in SHOWN}
        number = message.get("seq")
        if isinstance(number, int):
            if number > last + 1:
                console.note(f"{number - last - 1} events came faster than they were read, and are missing here")
            last = number
        console.line(EVENT_SCHEMA, event)
