"""One playback from what is wished to what came of it: files granted, progress shown, failures told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from abi.kinds import CapabilityKind
from host.app import Application
from host.capabilities import Candidate
from host.cli.console import Console
from host.cli.interrupts import Interrupts
from host.cli.progress import showing
from host.cli.targets import granted
from host.errors import MediaError
from host.events import TrackEnded
from host.playback import (
    TRACK_FORMATS,
    Chain,
    Excerpt,
    FormatPolicy,
    Input,
    Output,
    Pacing,
    PlaybackResult,
    Player,
    StageSpec,
    with_files,
)

__all__ = ["Wish", "run_chain"]


WHOLE = Excerpt()


@dataclass(frozen=True, slots=True)
class Wish:
    """What to play through, names looked up and configurations checked."""

    effects: tuple[StageSpec, ...]
    output: Output
    decoder: Candidate | None = None
    excerpt: Excerpt = WHOLE
    formats: FormatPolicy = TRACK_FORMATS
    volume: float = 1.0
    digest: bool = False


async def run_chain(
    app: Application, console: Console, interrupts: Interrupts, inputs: tuple[Input, ...], wish: Wish
) -> PlaybackResult:
    """Plays everything; files that the output wrote are in place when this returns.

    Raises:
        StellaError: the chain failed, or nothing at all could be played.
    """
    sizes = app.settings.pipeline
    pacing = Pacing.paced(sizes) if wish.output.silence_after_ms else Pacing.unpaced(sizes)
    async with AsyncExitStack() as held:
        effects = tuple([await _opened(app, held, CapabilityKind.DSP, spec) for spec in wish.effects])
        sink = await _opened(app, held, CapabilityKind.OUTPUT_SINK, wish.output.stage)
        wanted = replace(wish.output, stage=sink)
        output = await held.enter_async_context(granted(app, wanted, inputs, interrupts))
        chain = Chain(effects, output, pacing, wish.formats, wish.volume, wish.digest)
        return await _perform(app, app.player(chain, wish.excerpt, wish.decoder), inputs, console)


async def _opened(app: Application, held: AsyncExitStack, kind: CapabilityKind, spec: StageSpec) -> StageSpec:
    """The stage with the files that its configuration names."""
    manifest = app.discovery.plugins[spec.plugin_id]
    opened = await with_files(spec, kind, manifest, app.settings.limits.open_ms / 1000)
    held.callback(opened.files.close)
    return opened


async def _perform(app: Application, player: Player, inputs: tuple[Input, ...], console: Console) -> PlaybackResult:
    """Plays, shows progress, and tells each input that failed when it does.

    Raises:
        StellaError: the chain failed, or nothing at all could be played.
    """
    failures = asyncio.create_task(_tell_failures(app, console, alone=len(inputs) == 1))
    try:
        async with showing(player, console):
            result = await player.play(inputs)
    finally:
        await asyncio.sleep(0)  # what was published last is told, too
        failures.cancel()
        await asyncio.wait([failures])
    for fault in (*(fault for track in result.tracks for fault in track.faults), *result.faults):
        (console.failed if fault.spoils else console.warn)(fault.message)
    if not result.played:
        only = result.failed[0].failure if len(result.failed) == 1 else None
        raise only or MediaError("nothing could be played", remedy="see the reason of each input")
    return result


async def _tell_failures(app: Application, console: Console, *, alone: bool) -> None:
    """The failure of an only input of which nothing was heard becomes the error of the command."""
    with app.bus.subscribe(TrackEnded) as ends:
        async for ended in ends:
            if ended.error and not (alone and ended.frames == 0):
                console.failed(ended.error)
