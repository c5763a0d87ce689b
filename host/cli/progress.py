"""The line that shows what is playing: redrawn in place on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from host.app import elapsed
from host.cli.clock import clock
from host.cli.console import Console, plain
from host.errors import StellaError
from host.playback import Now
from host.where import short_name

__all__ = ["line", "showing"]

DRAW_S = 0.1
#: While nothing changes, looks become as rare as this.
STILL_S = 1.0
PLAIN_S = 5.0
BAR_CELLS = 20
CLEAR = "\r\x1b[2K"


def line(now: Now) -> str:
    """``> 01:12.4/04:03.0 [====    ] flac#1 44.1k/16 -> gain#2 -> null#1  xr 0  clip 0``"""
    track = now.track
    done, total = elapsed(now)
    bar = ""
    if total:
        cells = int(done / total * BAR_CELLS)
        bar = f" [{'=' * cells}{' ' * (BAR_CELLS - cells)}]"
    bits = f"/{track.info.bits_per_sample}" if track.info.bits_per_sample else ""
    chain = " -> ".join(f"{_short(use.name, use.type_id)}#{use.generation}" for use in now.stages)
    source = f"{track.use.type_id}#{track.use.generation} {track.info.sample_rate_hz / 1000:g}k{bits}"
    trouble = "  output lost" if now.absence is not None else "  buffering" if now.buffering else ""
    counts = f"xr {now.xruns}  clip {now.clipped_samples}{trouble}"
    return f"> {clock(done)}/{clock(total)}{bar} {source} -> {chain}  {counts}"


def _short(name: str, type_id: str) -> str:
    return type_id if name == "output" else name


@asynccontextmanager
async def showing(now: Callable[[], Now | None], console: Console) -> AsyncIterator[None]:
    """Shows progress while the block runs; the line is gone or complete afterwards."""
    if console.verbosity < 0 or console.json:
        yield
        return
    draws = console.draws()
    task = asyncio.create_task(_draw(now) if draws else _tell(now, console))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if draws:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()


async def _draw(playing: Callable[[], Now | None]) -> None:
    drawn, pause_s = "", DRAW_S
    while True:
        text = _text(playing)
        pause_s = DRAW_S if text != drawn else min(2 * pause_s, STILL_S)
        if text and text != drawn:
            sys.stderr.write(f"{CLEAR}{text}")
            sys.stderr.flush()
        drawn = text
        await asyncio.sleep(pause_s)


async def _tell(playing: Callable[[], Now | None], console: Console) -> None:
    track = position = -1
    buffering, title = False, ""
    told, pause_s = time.monotonic(), DRAW_S
    while True:
        await asyncio.sleep(pause_s)
        with contextlib.suppress(StellaError):
            now = playing()
            moves = now is not None and now.position != position
            pause_s = DRAW_S if moves else min(2 * pause_s, STILL_S)
            if now is not None and now.buffering and not buffering:
                console.note(line(now))
            buffering = now is not None and now.buffering
            if now is None or not moves:
                continue
            if now.live and now.title != title:
                title = now.title
                console.note(f"now: {plain(title)}")
            position = now.position
            if now.track.index != track or time.monotonic() - told >= PLAIN_S:
                if now.track.index != track:
                    console.note(plain(str(now.track.where)))
                track, told = now.track.index, time.monotonic()
                console.note(line(now))


def _text(playing: Callable[[], Now | None]) -> str:
    with contextlib.suppress(StellaError):
        now = playing()
        if now is not None:
            named = now.title if now.live else ""
            return f"{line(now)}  {plain(named or short_name(now.track.where))}"
    return ""
