"""One playback from what is wished to what came of it: files granted, progress shown, failures told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from host.app import Application, PlaybackSetup
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts
from host.cli.progress import showing
from host.errors import MediaError
from host.events import OutputBack, OutputLost, Subscription, Topic, TrackEnded
from host.playback import Input, PlaybackResult, TrackResult
from host.where import local_files

__all__ = ["play_queue", "play_session", "run_chain"]


async def run_chain(
    app: Application, console: Console, interrupts: Interrupts, inputs: tuple[Input, ...], setup: PlaybackSetup
) -> PlaybackResult:
    """Plays everything; files that the output wrote are in place when this returns.

    Raises:
        StellaError: the chain failed, or nothing at all could be played.
    """
    sources = local_files(each.where for each in inputs if each.refused is None)
    async with app.staged(setup, sources=sources, on_abandon=interrupts.on_abandon) as parts:
        async with telling_failures(app, console, alone=len(inputs) == 1), showing(parts.player.now, console):
            result = await parts.player.play(inputs)
        return judged(console, result)


def judged(console: Console, result: PlaybackResult) -> PlaybackResult:
    """Tells what went wrong beside the tracks. Raises: StellaError: nothing at all could be played."""
    for fault in (*(fault for track in result.tracks for fault in track.faults), *result.faults):
        (console.failed if fault.spoils else console.warn)(fault.message)
    if not result.played:
        only = result.failed[0].failure if len(result.failed) == 1 else None
        raise only or MediaError("nothing could be played", remedy="see the reason of each input")
    return result


async def play_queue(app: Application, console: Console, inputs: tuple[Input, ...]) -> PlaybackResult | None:
    """Queues the inputs, and plays until the queue has ended; None: it was stopped.

    Raises:
        StellaError: the chain failed, or nothing at all could be played.
    """
    alone = len(inputs) == 1
    good = [each for each in inputs if each.refused is None]
    entries = app.queue.add(good)
    played: dict[int, TrackResult] = {}
    app.on_played = lambda entry, result: played.__setitem__(entry.id, result)
    async with telling_failures(app, console, alone=alone), showing(app.transport.now, console):
        for each in inputs:
            if each.refused is not None and not alone:
                console.failed(str(each.refused))
        result: PlaybackResult | None = PlaybackResult(())
        if entries:
            await app.transport.play()
            result = await app.transport.ended()
    if result is None:
        return None
    ids = iter(entry.id for entry in entries)
    told = [
        played.pop(next(ids), None) if each.refused is None else TrackResult(0, each.where, each.refused)
        for each in inputs
    ]
    tracks = (*(each for each in told if each is not None), *played.values())
    return judged(console, replace(result, tracks=tracks))


async def play_session(app: Application, console: Console) -> PlaybackResult | None:
    """Goes on with what the last host left; None: it was stopped.

    Raises:
        NotFound: there is no queue to go on with. StellaError: the chain failed.
    """
    played: dict[int, TrackResult] = {}
    app.on_played = lambda entry, result: played.__setitem__(entry.id, result)
    async with telling_failures(app, console, alone=False), showing(app.transport.now, console):
        await app.keep_session(console.warn)
        await app.transport.play()
        result = await app.transport.ended()
    return None if result is None else judged(console, replace(result, tracks=tuple(played.values())))


@asynccontextmanager
async def telling_failures(app: Application, console: Console, *, alone: bool) -> AsyncIterator[None]:
    """Tells each track that failed when it does; that of an only one of which nothing was heard is the command's."""
    ends = app.bus.subscribe(TrackEnded, OutputLost, OutputBack)
    telling = asyncio.create_task(_tell_failures(ends, console, alone=alone))
    try:
        yield
    finally:
        await asyncio.sleep(0)  # what was published last is told, too
        telling.cancel()
        await asyncio.wait([telling])


async def _tell_failures(facts: Subscription[Topic], console: Console, *, alone: bool) -> None:
    with facts:
        async for fact in facts:
            match fact:
                case TrackEnded():
                    if fact.error and not (alone and fact.frames == 0):
                        console.failed(fact.error)
                case OutputLost():
                    meanwhile = "the music waits for it" if fact.then == "wait" else "the music goes on unheard"
                    console.note(f"the output is lost: {plain(fact.reason)}; {meanwhile}")
                case OutputBack():
                    console.note(f"the output is back after {fact.away_s:.1f} s")
