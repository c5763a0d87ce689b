"""``stellatune render``: the same workers and rings as playback, into a file, as fast as it goes."""

from __future__ import annotations

from pathlib import Path

import click

from abi.kinds import CapabilityKind
from host.app import PlaybackSetup, Plugins
from host.cli.chain_options import DspOption, FormatOption, OutputOption
from host.cli.clock import clock
from host.cli.completing import files
from host.cli.console import Console
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import (
    crossfade_option,
    decoder_option,
    dsp_option,
    file_name,
    file_path,
    format_options,
    parsed,
    replay_gain_option,
)
from host.cli.report import report_of, write_report
from host.cli.running import run_chain
from host.cli.session import application, exit_of, inputs_of
from host.cli.targets import report_file
from host.cli.wiring import crossfade_of, decoder_named, stages, wire_output
from host.errors import Usage
from host.packages import config_in_force, find_capability
from host.playback import FormatPolicy
from host.settings import ReplayGainMode, SavedConfigs
from host.where import local_files

__all__ = ["render"]

OUTPUT = "file"
#: What a file holds unless it is given or saved: WAV all that was computed, FLAC the most it can.
DEFAULT_FORMATS = {".wav": "f32", ".flac": "s24"}


@click.command()
@click.argument(
    "names", metavar="FILE|URL...", type=parsed("FILE", file_name), nargs=-1, required=True, shell_complete=files
)
@click.option("-o", "--out", "out", type=parsed("PATH", file_path), required=True, help="A .wav or .flac file.")
@dsp_option
@decoder_option
@crossfade_option
@format_options
@click.option(
    "--format",
    "sample_format",
    type=click.Choice(["s16", "s24", "f32"]),
    help="Of the samples; f32 for .wav and s24 for .flac unless given or saved.",
)
@replay_gain_option
@click.option("--report", type=parsed("PATH", file_path), help="Write what was done, as JSON.")
@click.pass_obj
def render(
    console: Console,
    names: tuple[str, ...],
    out: Path,
    dsps: tuple[DspOption, ...],
    decoder: str | None,
    crossfade_s: float | None,
    formats: FormatOption,
    sample_format: str | None,
    replay_gain: ReplayGainMode | None,
    report: Path | None,
) -> int:
    """Write what would be heard into a file, as fast as it goes. Several inputs follow each other without a gap."""
    suffix = _suffix(out, sample_format)

    async def work(interrupts: Interrupts) -> int:
        wanted = report is not None or console.json
        async with application(console) as app:
            plugins = app.discovery.plugins
            saved = app.settings.plugins
            effects = stages(dsps, plugins, saved)
            chosen = decoder_named(decoder, plugins)
            held = sample_format or _saved_format(suffix, plugins, saved) or DEFAULT_FORMATS[suffix]
            wired = wire_output(OutputOption(OUTPUT, str(out)), {"format": held}, plugins, saved)
            inputs = await inputs_of(app, names)
            policy = FormatPolicy.of(formats.over(app.settings.output))
            setup = PlaybackSetup(
                effects,
                wired,
                decoder=chosen,
                formats=policy,
                digest=wanted,
                replay_gain=replay_gain,
                crossfade_s=crossfade_of(app, crossfade_s),
            )
            sources = [*map(Path, names), *local_files(each.where for each in inputs)]
            async with report_file(report, out, sources, interrupts) as target:
                result = await run_chain(app, console, interrupts, inputs, setup)
                document = report_of(result, out)
                if target is not None:
                    write_report(target, document)
        if console.json:
            console.document(str(document.pop("schema")), document)
        else:
            length = clock(result.frames / result.format.sample_rate_hz) if result.format else clock(0)
            console.note(f"{out}: {length} in {result.wall_s:.2f} s")
        return exit_of(result)

    return run_interruptible(work)


def _suffix(out: Path, sample_format: str | None) -> str:
    """What the output ends in. Raises: Usage when nothing of that kind can be written, or not in that format."""
    suffix = out.suffix.lower()
    if suffix not in DEFAULT_FORMATS:
        raise Usage(f"{out}: an output ends in .wav or .flac", remedy="choose one of them")
    if suffix == ".flac" and sample_format == "f32":
        raise Usage(f"{out}: FLAC holds no float samples", remedy="use --format s24, or write a .wav")
    return suffix


def _saved_format(suffix: str, plugins: Plugins, saved: SavedConfigs) -> str | None:
    """The format that is saved for the file output, where there is one and such a file can hold it."""
    plugin, capability = find_capability(OUTPUT, CapabilityKind.OUTPUT_SINK, plugins)
    if "format" not in saved.of(plugin.id, capability.type_id):
        return None
    chosen = str(config_in_force(plugin, capability, saved)["format"])
    return None if (suffix, chosen) == (".flac", "f32") else chosen
