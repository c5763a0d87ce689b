"""``stellatune serve``: a host that plays what others ask it to."""

from __future__ import annotations

import asyncio
import os

import click

from host.cli.chain_options import DspOption, OutputOption
from host.cli.console import Console
from host.cli.control_socket import answering, sole_host
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import decoder_option, dsp_option, output_option
from host.cli.session import application
from host.cli.wiring import playback_setup

__all__ = ["serve"]


@click.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal, which is what it does in any case.")
@dsp_option
@output_option
@decoder_option
@click.pass_obj
def serve(
    console: Console,
    foreground: bool,  # noqa: ARG001  # the option is a promise for scripts
    dsps: tuple[DspOption, ...],
    output: OutputOption,
    decoder: str | None,
) -> int:
    """Run a host that plays its queue and answers commands, until `stellatune quit` or a signal."""

    async def work(interrupts: Interrupts) -> int:
        with sole_host(console) as lock:
            async with application(console) as app:
                app.play_through(playback_setup(app, dsps, output, decoder), interrupts.on_abandon)
                async with answering(app, lock, interrupts):
                    if console.json:
                        console.document("stellatune.serve/1", {"pid": os.getpid(), "socket": str(lock.path)})
                    console.note(f"serving on {lock.path}")
                    await asyncio.get_running_loop().create_future()
        return 0

    return run_interruptible(work)
