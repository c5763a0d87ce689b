"""``stellatune serve``: a host that plays nothing, and waits for commands."""

from __future__ import annotations

import asyncio
import os

import click

from host.cli.console import Console
from host.cli.control_socket import answering, sole_host
from host.cli.daemon import announced, idle, reloading
from host.cli.detach import into_background
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.session import application

__all__ = ["serve"]


@click.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal, which is what it does in any case.")
@click.option("--detach", is_flag=True, help="Go on in the background; return when it answers.")
@click.option(
    "--idle-exit",
    "idle_min",
    metavar="MIN",
    type=click.FloatRange(min=0, min_open=True),
    help="End when nothing was played and nobody was connected for so many minutes.",
)
@click.pass_obj
def serve(console: Console, foreground: bool, detach: bool, idle_min: float | None) -> int:
    """Run a host that plays nothing and answers commands, until `stellatune stop` or a signal.

    SIGHUP makes it read its settings again.
    """
    if foreground and detach:
        raise click.UsageError("--foreground and --detach exclude each other")
    background = into_background() if detach else None

    async def work(interrupts: Interrupts) -> int:
        with sole_host(console) as lock:
            async with application(console) as app, answering(console, app, lock, interrupts) as server:
                interrupts.end_in_time(app.hurry)
                with reloading(app, interrupts), announced():
                    if console.json:
                        console.document("stellatune.serve/1", {"pid": os.getpid(), "socket": str(lock.path)})
                    console.note(f"serving on {lock.path}")
                    if background is not None:
                        background.ready()
                    if idle_min is None:
                        await asyncio.get_running_loop().create_future()
                    else:
                        await idle(app, server, idle_min * 60)
                        console.note(f"nothing to do for {idle_min:g} min: the host ends")
        return 0

    return run_interruptible(work)
