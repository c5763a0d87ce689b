"""``stellatune serve`` and ``stop``: a host that waits for commands, and the command that ends a host."""

from __future__ import annotations

import asyncio
import os
import select

import click

from host.cli.console import Console
from host.cli.talking import ANSWER_S, running_host
from host.errors import RequestTimeout

__all__ = ["serve", "stop"]

#: Fading out, draining and killing included.
END_MS = 15_000


@click.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal, which is what it does in any case.")
@click.pass_obj
def serve(console: Console, foreground: bool) -> int:  # noqa: ARG001  # the option is a promise for scripts
    """Run a host that plays nothing and answers commands, until `stellatune stop` or a signal."""
    from host.cli.control_socket import answering, sole_host
    from host.cli.interrupts import Interrupts, run_interruptible
    from host.cli.session import application

    async def work(interrupts: Interrupts) -> int:
        with sole_host(console) as lock:
            async with application(console) as app, answering(app, lock, interrupts):
                if console.json:
                    console.document("stellatune.serve/1", {"pid": os.getpid(), "socket": str(lock.path)})
                console.note(f"serving on {lock.path}")
                await asyncio.get_running_loop().create_future()
        return 0

    return run_interruptible(work)


@click.command()
@click.pass_obj
def stop(console: Console) -> int:
    """End the running host, and return when it is gone."""
    with running_host(console) as client:
        gone = os.pidfd_open(client.pid)
        try:
            client.ask("stop", {}, ANSWER_S)
            poll = select.poll()
            poll.register(gone, select.POLLIN)
            if not poll.poll(END_MS):
                raise RequestTimeout(
                    f"the host (pid {client.pid}) was asked to end and did not", remedy=f"kill {client.pid}"
                )
        finally:
            os.close(gone)
    if console.json:
        console.document("stellatune.stop/1", {"pid": client.pid})
    else:
        console.note(f"the host (pid {client.pid}) has ended")
    return 0
