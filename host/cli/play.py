"""``stellatune play``: files, directories and playlists, heard in the foreground."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import click

from host.cli.chain_options import DspOption, FormatOption, OutputOption, parse_output, parse_time, parse_volume
from host.cli.console import Console, plain
from host.cli.control_socket import playing_host
from host.cli.exits import Exit
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import decoder_option, dsp_option, file_name, format_options, parsed
from host.cli.running import Wish, run_chain
from host.cli.session import exit_of, inputs_of
from host.cli.wiring import decoder_named, stages, wire_output
from host.jsontext import Json, JsonObject
from host.playback import Excerpt, FormatPolicy, PlaybackResult, label_of

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
@format_options
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
    formats: FormatOption,
    start: Fraction,
    length: Fraction | None,
    volume: float,
    no_control: bool,
) -> int:
    """Play files, directories and playlists, one after the other without a gap."""

    async def perform(interrupts: Interrupts) -> PlaybackResult:
        async with playing_host(console, interrupts, alone=no_control) as app:
            plugins = app.discovery.plugins
            saved = app.settings.plugins
            effects = stages(dsps, plugins, saved)
            chosen = decoder_named(decoder, plugins)
            wired = wire_output(output, None, plugins, saved)
            inputs = await inputs_of(app, names)
            policy = FormatPolicy.of(formats.over(app.settings.output))
            excerpt = Excerpt(start, length)
            wish = Wish(effects, wired, decoder=chosen, excerpt=excerpt, formats=policy, volume=volume)
            return await run_chain(app, console, interrupts, inputs, wish)

    async def work(interrupts: Interrupts) -> int:
        try:
            result = await perform(interrupts)
        except asyncio.CancelledError:
            if not interrupts.stopped:
                raise
            result = None  # what was heard until then, nobody counted
        if console.json:
            console.document(PLAY_SCHEMA, _document(result))
        return Exit.DONE if result is None else exit_of(result)

    return run_interruptible(work)


def _document(result: PlaybackResult | None) -> JsonObject:
    if result is None:
        return {"stopped": True, "inputs": [], "frames": None, "faults": []}
    told: list[Json] = [
        {
            "source": label_of(track.path),
            "frames": track.frames_out,
            "error": plain(str(track.failure)) if track.failure else None,
        }
        for track in result.tracks
    ]
    faults: list[Json] = [plain(fault.message) for fault in result.faults]
    return {"stopped": False, "inputs": told, "frames": result.frames, "faults": faults}
