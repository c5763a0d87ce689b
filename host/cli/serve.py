"""``stellatune serve``: a host that plays what others ask it to."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack

import click

from host.cli.chain_options import DspOption, FormatOption, OutputOption
from host.cli.console import Console
from host.cli.control_socket import answering, sole_host
from host.cli.daemon import announced, idle, reloading
from host.cli.detach import into_background
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import decoder_option, dsp_option, format_options, output_option
from host.cli.session import application
from host.cli.watch_child import watching_library
from host.cli.wiring import playback_setup

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
@dsp_option
@output_option
@decoder_option
@format_options
@click.pass_obj
def serve(
    console: Console,
    foreground: bool,
    detach: bool,
    idle_min: float | None,
    dsps: tuple[DspOption, ...],
    output: OutputOption,
    decoder: str | None,
    formats: FormatOption,
) -> int:
    """Run a host that plays its queue and answers commands, until `stellatune quit` or a signal.

    It goes on with the queue, the place and the volume of the last one. SIGHUP makes it read its settings again.
    """
    if foreground and detach:
        raise click.UsageError("--foreground and --detach exclude each other")
    background = into_background() if detach else None

    async def work(interrupts: Interrupts) -> int:
        with sole_host(console) as lock:
            async with (
                AsyncExitStack() as held,
                application(console) as app,
                answering(console, app, lock, interrupts) as server,
            ):
                interrupts.end_in_time(app.hurry)
                app.play_through(playback_setup(app, dsps, output, decoder, formats), interrupts.on_abandon)
                await app.keep_session(console.warn)
                with reloading(app, interrupts), announced():
                    await held.enter_async_context(watching_library(console, app.settings.library))
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
