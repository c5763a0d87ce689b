"""``stellatune quit``: ends the running host, whether it plays or only serves."""

from __future__ import annotations

import os
import select

import click

from host.cli.console import Console
from host.cli.talking import ANSWER_S, running_host
from host.errors import RequestTimeout

__all__ = ["leave"]

#: Fading out, draining and killing included.
END_MS = 15_000


@click.command("quit")
@click.pass_obj
def leave(console: Console) -> int:
    """End the running host, and return when it is gone."""
    with running_host(console) as client:
        gone = os.pidfd_open(client.pid)
        try:
            client.ask("quit", {}, ANSWER_S)
            poll = select.poll()
            poll.register(gone, select.POLLIN)
            if not poll.poll(END_MS):
                raise RequestTimeout(
                    f"the host (pid {client.pid}) was asked to end and did not", remedy=f"kill {client.pid}"
                )
        finally:
            os.close(gone)
    if console.json:
        console.document("stellatune.quit/1", {"pid": client.pid})
    else:
        console.note(f"the host (pid {client.pid}) has ended")
    return 0
