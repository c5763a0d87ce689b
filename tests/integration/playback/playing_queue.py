"""A transport at work: a queue of frame-numbered tracks, a device that keeps all it was given, and runs found in that.

The device is faster than a real one and never waits, so that a busy machine changes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from host.app import Application, PlaybackSetup
from host.cli.chain_options import DspOption, OutputOption
from host.cli.wiring import stages, wire_output
from host.jsontext import Json, JsonObject, dump_json
from host.playback import Entry, Input, TrackResult, Transport
from host.settings import Paths, PipelineSizes, Settings
from host.where import SourceTrack, Where
from tests.support.c_plugins import build_plugin
from tests.support.capture import load_capture
from tests.support.frames import frames_said, make_frames
from tests.support.patient import PATIENT

__all__ = ["RATE_HZ", "Music", "Run", "music", "served"]

RATE_HZ = 44_100
SIZES = PipelineSizes(decode_ahead_ms=500, ring_ahead_ms=100)
DEVICE: JsonObject = {"speed": 8, "ahead_ms": 200}
LOOK_S = 0.005
NEVER_STARVES_MS = 60_000


@dataclass(frozen=True, slots=True)
class Run:
    """Frames ``[start, end)`` of a track, one after the other."""

    start: int
    end: int


@dataclass
class Music:
    """A host with a queue of tracks."""

    app: Application
    heard_path: Path
    entries: tuple[Entry, ...]
    played: list[tuple[int, str]] = field(default_factory=list)

    @property
    def transport(self) -> Transport:
        return self.app.transport

    async def until(self, reached: Callable[[], bool]) -> None:
        """Looks until it is so, as long as it plays."""
        while not reached():
            assert self.transport.failure is None, self.transport.failure
            await asyncio.sleep(LOOK_S)

    async def until_heard(self, entry: Entry, frame: int = 0) -> None:
        """Until the device has taken that frame of the entry, or a later one."""

        def reached() -> bool:
            now, heard = self.transport.now(), self.transport.heard()
            return now is not None and heard is not None and heard.id == entry.id and now.place.source_frame >= frame

        await self.until(reached)

    def runs(self) -> list[Run]:
        """What was heard, in order."""
        capture = load_capture(self.heard_path, zeros_are_programme=True)
        said = frames_said(capture.samples())[:: capture.channels]
        breaks = [0, *(np.flatnonzero(np.diff(said) != 1) + 1).tolist(), len(said)]
        return [Run(int(said[at]), int(said[end - 1]) + 1) for at, end in pairwise(breaks)]


def served(path: Path, **config: Json) -> SourceTrack:
    """That file as ``tests/plugins/served`` serves its bytes, so configured."""
    return SourceTrack(path.name, "served", config=dump_json({"path": str(path), **config}))


@asynccontextmanager
async def music(
    folder: Path, tracks: Sequence[int | Where], *options: DspOption, crossfade_s: float = 0.0, fades: bool = False
) -> AsyncIterator[Music]:
    """Of a track that is a number so many frames are made. Nothing plays yet; all is over when the block is left.

    ``fades``: the output counts as a device.
    """
    paths = Paths(*(folder / name for name in ("config.toml", "state", "data", "cache", "runtime")))
    plugins = folder / "plugins"
    plugins.mkdir(exist_ok=True)
    build_plugin("capture", plugins)
    build_plugin("level", plugins)
    build_plugin("served", plugins)
    before = os.environ.get("STELLATUNE_PLUGIN_PATH")
    os.environ["STELLATUNE_PLUGIN_PATH"] = str(plugins)
    try:
        async with Application(Settings(SIZES, PATIENT), paths) as app:
            found, heard = app.discovery.plugins, folder / "heard"
            output = wire_output(OutputOption("capture", str(heard)), DEVICE, found)
            effects = stages(options, found)
            output = replace(output, silence_after_ms=NEVER_STARVES_MS if fades else 0)
            app.play_through(PlaybackSetup(effects, output, crossfade_s=crossfade_s))
            files = [
                make_frames(folder / f"{index}.frames", track, RATE_HZ) if isinstance(track, int) else track
                for index, track in enumerate(tracks)
            ]
            entries = app.queue.add(map(Input, files))
            made = Music(app, heard, entries)

            def note(entry: Entry, result: TrackResult) -> None:
                made.played.append((entry.id, "" if result.failure is None else result.failure.message))

            app.on_played = note
            yield made
    finally:
        if before is None:
            del os.environ["STELLATUNE_PLUGIN_PATH"]
        else:
            os.environ["STELLATUNE_PLUGIN_PATH"] = before
