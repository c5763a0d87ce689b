"""``stellatune play``: files, directories and playlists, heard in the foreground."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction

import click

from host.cli.chain_options import DspOption, FormatOption, OutputOption, parse_time, parse_volume
from host.cli.completing import files
from host.cli.console import Console, plain
from host.cli.control_socket import playing_host
from host.cli.exits import Exit
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.library_names import Wanted, from_library, library_options
from host.cli.params import (
    crossfade_option,
    decoder_option,
    dsp_option,
    file_name,
    format_options,
    output_option,
    parsed,
    replay_gain_option,
)
from host.cli.running import play_queue, play_session
from host.cli.session import exit_of, inputs_of
from host.cli.wiring import playback_setup
from host.jsontext import Json, JsonObject
from host.playback import Excerpt, Modes, PlaybackResult, Repeat
from host.settings import ReplayGainMode
from host.where import label_of

__all__ = ["play"]

PLAY_SCHEMA = "stellatune.play/1"


@click.command()
@click.argument(
    "names",
    metavar="FILE|DIR|PLAYLIST|URL...",
    type=parsed("FILE", file_name),
    nargs=-1,
    shell_complete=files,
)
@library_options
@dsp_option
@output_option
@decoder_option
@crossfade_option
@format_options
@click.option("--start", type=parsed("TIME", parse_time), default="0", help="Begin there in every input.")
@click.option("--length", type=parsed("TIME", parse_time), help="Play so much of every input.")
@click.option("--shuffle", is_flag=True, help="In random order, each once before any twice.")
@click.option("--repeat", type=click.Choice([each.value for each in Repeat]), default="off", show_default=True)
@click.option("--volume", type=parsed("PERCENT", parse_volume), default="100", show_default=True)
@replay_gain_option
@click.option("--no-control", is_flag=True, help="Without a control socket: beside another host, alone.")
@click.pass_obj
def play(
    console: Console,
    names: tuple[str, ...],
    wanted: Wanted,
    dsps: tuple[DspOption, ...],
    output: OutputOption,
    decoder: str | None,
    crossfade_s: float | None,
    formats: FormatOption,
    start: Fraction,
    length: Fraction | None,
    shuffle: bool,
    repeat: str,
    volume: float,
    replay_gain: ReplayGainMode | None,
    no_control: bool,
) -> int:
    """Play files, directories, playlists and URLs, one after the other without a gap; without any, the last queue."""
    names += from_library(console, wanted)

    async def perform(interrupts: Interrupts) -> PlaybackResult | None:
        async with playing_host(console, interrupts, alone=no_control) as app:
            through = playback_setup(app, dsps, output, decoder, formats, crossfade_s)
            app.play_through(
                replace(through, excerpt=Excerpt(start, length), replay_gain=replay_gain), interrupts.on_abandon
            )
            app.queue.set_modes(Modes(Repeat(repeat), shuffle))
            await app.transport.set_volume(volume)
            if not names:
                return await play_session(app, console)
            return await play_queue(app, console, await inputs_of(app, names))

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
            "source": label_of(track.where),
            "frames": track.frames_out,
            "error": plain(str(track.failure)) if track.failure else None,
        }
        for track in result.tracks
    ]
    faults: list[Json] = [plain(fault.message) for fault in result.faults]
    return {"stopped": False, "inputs": told, "frames": result.frames, "faults": faults}
