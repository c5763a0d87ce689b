"""``stellatune serve``: a host that plays nothing, and waits for commands."""

from __future__ import annotations

import asyncio
import os

import click

from host.cli.console import Console
from host.cli.control_socket import answering, sole_host
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.session import application

__all__ = ["serve"]


@click.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal, which is what it does in any case.")
@click.pass_obj
def serve(console: Console, foreground: bool) -> int:  # noqa: ARG001  # the option is a promise for scripts
    """Run a host that plays nothing and answers commands, until `stellatune stop` or a signal."""

    async def work(interrupts: Interrupts) -> int:
        with sole_host(console) as lock:
            async with application(console) as app, answering(app, lock, interrupts):
                if console.json:
                    console.document("stellatune.serve/1", {"pid": os.getpid(), "socket": str(lock.path)})
                console.note(f"serving on {lock.path}")
                await asyncio.get_running_loop().create_future()
        return 0

    return run_interruptible(work)
