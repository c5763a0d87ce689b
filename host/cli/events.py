"""``stellatune events``: what happens in the running host, one JSON object per line."""

from __future__ import annotations

import click

from host.cli.console import Console
from host.cli.talking import ANSWER_S, running_host
from host.jsontext import JsonObject

__all__ = ["EVENT_SCHEMA", "events"]

EVENT_SCHEMA = "stellatune.event/1"
SHOWN = ("seq", "time", "event", "data", "dropped")


@click.command()
@click.option("--filter", "pattern", metavar="GLOB", default="*", help="Only these, such as plugin.* or *.ended.")
@click.pass_obj
def events(console: Console, pattern: str) -> int:
    """What happens from now on, as JSON lines; ends with the host."""
    with running_host(console) as client:
        kinds = client.ask("events", {"filter": pattern}, ANSWER_S).get("events")
        console.note(f"listening to {len(kinds) if isinstance(kinds, list) else 0} kinds of events")
        for message in client.events():
            event: JsonObject = {name: message.get(name) for name in SHOWN}
            console.line(EVENT_SCHEMA, event)
    return 0
