"""``stellatune play``: files, directories and playlists, heard in the foreground."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from fractions import Fraction

import click

from host.app import Application
from host.cli.chain_options import DspOption, OutputOption, parse_output, parse_time, parse_volume
from host.cli.console import Console, plain
from host.cli.control_socket import answering, sole_host
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import decoder_option, dsp_option, file_name, parsed
from host.cli.running import Wish, run_chain
from host.cli.session import application, exit_of, inputs_of
from host.cli.wiring import decoder_named, stages, wire_output
from host.playback import Excerpt, label_of

__all__ = ["play"]

PLAY_SCHEMA = "stellatune.play/1"


@click.command()
@click.argument("names", metavar="FILE|DIR|PLAYLIST...", type=parsed("FILE", file_name), nargs=-1, required=True)
@dsp_option
@click.option(
    "--output",
    type=parsed("TYPE[:TARGET]", parse_output),
    default="system",
    show_default=True,
    help="Where to: system[:DEVICE], null, file:PATH.",
)
@decoder_option
@click.option("--start", type=parsed("TIME", parse_time), default="0", help="Begin there in every input.")
@click.option("--length", type=parsed("TIME", parse_time), help="Play so much of every input.")
@click.option("--volume", type=parsed("PERCENT", parse_volume), default="100", show_default=True)
@click.option("--no-control", is_flag=True, help="Without a control socket: beside another host, alone.")
@click.pass_obj
def play(
    console: Console,
    names: tuple[str, ...],
    dsps: tuple[DspOption, ...],
    output: OutputOption,
    decoder: str | None,
    start: Fraction,
    length: Fraction | None,
    volume: float,
    no_control: bool,
) -> int:
    """Play files, directories and playlists, one after the other without a gap."""

    async def work(interrupts: Interrupts) -> int:
        async with _host(console, interrupts, no_control) as app:
            plugins = app.discovery.plugins
            effects = stages(dsps, plugins)
            chosen = decoder_named(decoder, plugins)
            wired = wire_output(output, None, plugins)
            inputs = await inputs_of(app, names)
            result = await run_chain(
                app,
                console,
                interrupts,
                inputs,
                Wish(effects, wired, decoder=chosen, excerpt=Excerpt(start, length), volume=volume),
            )
        if console.json:
            told = [
                {
                    "source": label_of(track.path),
                    "frames": track.frames_out,
                    "error": plain(str(track.failure)) if track.failure else None,
                }
                for track in result.tracks
            ]
            faults = [plain(fault.message) for fault in result.faults]
            console.document(PLAY_SCHEMA, {"inputs": told, "frames": result.frames, "faults": faults})
        return exit_of(result)

    return run_interruptible(work)


@asynccontextmanager
async def _host(console: Console, interrupts: Interrupts, alone: bool) -> AsyncIterator[Application]:
    """The host that plays; unless it is to stay alone, others may ask it meanwhile."""
    with nullcontext() if alone else sole_host(console) as lock:
        async with application(console) as app:
            if lock is None:
                yield app
                return
            async with answering(app, lock, interrupts):
                yield app
