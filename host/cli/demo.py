"""``stellatune demo``: a tune is computed, encoded to FLAC by a real render, and played through workers."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from host.app import Application, PlaybackSetup
from host.cli.chain_options import DspOption, OutputOption
from host.cli.console import Console
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.melody import write_wav
from host.cli.outputs import without_device
from host.cli.running import run_chain
from host.cli.session import application, inputs_of
from host.cli.wiring import stages, wire_output
from host.errors import StellaError
from host.patience import off_loop
from host.playback import PlaybackResult, StageSpec

__all__ = ["demo"]

DEMO_SCHEMA = "stellatune.demo/1"
RESULT_NAME = "stellatune-demo.wav"
COMPOSE_TIMEOUT_S = 60.0

EFFECTS = (
    DspOption("equalizer", "equalizer", {"bands": [{"type": "low_shelf", "freq_hz": 200, "gain_db": 3, "q": 0.7}]}),
    DspOption("gain", "gain", {"gain_db": -3}),
)


@click.command()
@click.pass_obj
def demo(console: Console) -> int:
    """Make a short tune, encode it to FLAC and play it through workers; without a sound device, into a WAV file."""

    async def work(interrupts: Interrupts) -> int:
        with tempfile.TemporaryDirectory(prefix="stellatune-demo-") as folder:
            async with application(console) as app:
                tune, encoded = Path(folder, "tune.wav"), Path(folder, "tune.flac")
                frames = await off_loop(lambda: write_wav(tune), COMPOSE_TIMEOUT_S)
                console.note(f"composed a tune of {frames} frames")
                output = wire_output(OutputOption("file", str(encoded)), {"format": "s16"}, app.discovery.plugins)
                made = await run_chain(
                    app, console, interrupts, await inputs_of(app, [str(tune)]), PlaybackSetup((), output)
                )
                console.note(f"encoded it to FLAC through {_workers(made)} workers: {encoded.stat().st_size} bytes")
                effects = stages(EFFECTS, app.discovery.plugins)
                missing = await without_device(app)
                heard, where = await _perform(app, console, interrupts, encoded, effects, missing)
        if console.json:
            document = {"workers": _workers(heard), "frames": heard.frames, "file": str(where) if where else None}
            console.document(DEMO_SCHEMA, document)
        elif where is None:
            console.result(f"played through {_workers(heard)} workers")
        else:
            console.result(f"rendered through {_workers(heard)} workers to {where}")
        return 0

    return run_interruptible(work)


async def _perform(
    app: Application,
    console: Console,
    interrupts: Interrupts,
    tune: Path,
    effects: tuple[StageSpec, ...],
    missing: str,
) -> tuple[PlaybackResult, Path | None]:
    """Plays to the default device, or renders where there is none; gives the file in that case."""
    inputs = await inputs_of(app, [str(tune)])
    plugins = app.discovery.plugins
    if not missing:
        try:
            output = wire_output(OutputOption("system", None), None, plugins, app.settings.plugins)
            return await run_chain(app, console, interrupts, inputs, PlaybackSetup(effects, output)), None
        except StellaError as error:
            missing = error.message
    folder = Path.cwd() if os.access(Path.cwd(), os.W_OK) else Path(tempfile.gettempdir())
    where = folder / RESULT_NAME
    console.warn(f"no sound device ({missing}): rendering to {where} instead")
    output = wire_output(OutputOption("file", str(where)), {"format": "s16"}, plugins)
    return await run_chain(app, console, interrupts, inputs, PlaybackSetup(effects, output)), where


def _workers(result: PlaybackResult) -> int:
    decoders = {track.decoder.pid for track in result.tracks if track.decoder is not None}
    return len(decoders | {use.pid for use in result.stages})
