"""A player whose chain is changed while a device plays: frames that say their number, effects that are exact factors.

The device is faster than a real one and nothing is put in for what comes late, so that a busy machine changes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from abi.kinds import CapabilityKind
from host.app import Application, stage
from host.cli.chain_options import DspOption, OutputOption
from host.cli.wiring import stages, wire_output
from host.jsontext import JsonObject
from host.playback import Chain, ChainEdits, Excerpt, Input, Pacing, Player, StageSpec
from host.settings import Paths, PipelineSizes, Settings
from tests.support.c_plugins import build_plugin
from tests.support.capture import Capture, load_capture
from tests.support.frames import make_frames
from tests.support.patient import PATIENT

__all__ = ["BLOCK", "RAMP_FRAMES", "RATE_HZ", "Playing", "State", "effect", "expect_states", "playing"]

RATE_HZ = 44_100
RAMP_FRAMES = RATE_HZ // 100
#: More than any test lasts; all numbers are exact, also times a power of two.
FRAMES = 370 * RATE_HZ
SIZES = PipelineSizes(decode_ahead_ms=1000, ring_ahead_ms=300)
BLOCK = SIZES.block_frames
DEVICE: JsonObject = {"speed": 6, "ahead_ms": 6_000}
LOOK_S = 0.01
#: Who is asked to stop fades out.
LAST_WORDS_FRAMES = RATE_HZ // 5


@dataclass(frozen=True, slots=True)
class State:
    """What the whole chain does: frame n is ``factor * (n - late_frames)``."""

    factor: float = 1.0
    late_frames: int = 0


def effect(name: str, factor: float = 1.0, late_frames: int = 0) -> DspOption:
    """An exact factor, or an exact delay."""
    if late_frames:
        return DspOption(name, "stellatune.dsp.dry", {"latency_frames": late_frames}, named=True)
    return DspOption(name, "test.level", {"factor": factor}, named=True)


@dataclass
class Playing:
    """A player at work."""

    app: Application
    player: Player
    task: asyncio.Task[object]
    heard_path: Path

    @property
    def edits(self) -> ChainEdits:
        return self.player.edits

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.player.effects()]

    def spec(self, option: DspOption) -> StageSpec:
        plugins = self.app.discovery.plugins
        return stage(option.name, CapabilityKind.DSP, option.type_name, option.config, plugins)

    async def until_heard(self, frames: int) -> None:
        """So many more."""
        now = self.player.now()
        while now is None:
            await self._step()
            now = self.player.now()
        enough = now.position + frames
        while now is None or now.position < enough:
            await self._step()
            now = self.player.now()

    async def _step(self) -> None:
        if self.task.done():
            self.task.result()
            raise AssertionError("it ended too early")
        await asyncio.sleep(LOOK_S)

    def heard(self) -> Capture:
        """What came out, but for the end that fades."""
        return load_capture(self.heard_path)


@asynccontextmanager
async def playing(
    folder: Path,
    *options: DspOption,
    sizes: PipelineSizes = SIZES,
    frames: int = FRAMES,
    more_frames: int = 3 * RATE_HZ,
) -> AsyncIterator[Playing]:
    """Plays until the block is left, and then so much more."""
    paths = Paths(*(folder / name for name in ("config.toml", "state", "data", "cache", "runtime")))
    plugins = folder / "plugins"
    plugins.mkdir()
    build_plugin("capture", plugins)
    build_plugin("level", plugins)
    before = os.environ.get("STELLATUNE_PLUGIN_PATH")
    os.environ["STELLATUNE_PLUGIN_PATH"] = str(plugins)
    try:
        async with Application(Settings(sizes, PATIENT), paths) as app:
            found = app.discovery.plugins
            heard = folder / "heard"
            output = wire_output(OutputOption("capture", str(heard)), DEVICE, found)
            chain = Chain(stages(options, found), replace(output, silence_after_ms=0), Pacing.paced(sizes))
            player = app.player(chain, Excerpt(), None)
            source = make_frames(folder / "in.frames", frames, RATE_HZ)
            task: asyncio.Task[object] = asyncio.create_task(player.play((Input(source),)))
            play = Playing(app, player, task, heard)
            try:
                await play.until_heard(RATE_HZ)
                yield play
                await play.until_heard(more_frames)
            finally:
                task.cancel()
                await asyncio.wait((task,))
    finally:
        if before is None:
            del os.environ["STELLATUNE_PLUGIN_PATH"]
        else:
            os.environ["STELLATUNE_PLUGIN_PATH"] = before


def expect_states(heard: Capture, states: Sequence[State], seam_frames: int = RAMP_FRAMES + BLOCK) -> None:
    """One state after the other, each to the bit, none left out; a seam between two stays between their signals."""
    assert (heard.lost, heard.doubled, heard.restarts) == ((), (), ())
    samples = heard.samples().reshape(-1, heard.channels)[: heard.frames - LAST_WORDS_FRAMES]
    assert (samples[:, 0] == samples[:, 1]).all()
    found = samples[:, 0].astype(np.float64)
    numbers = np.arange(len(found), dtype=np.float64)
    at = 0
    for index, state in enumerate(states):
        wanted = state.factor * np.maximum(0.0, numbers - state.late_frames)
        same = found == wanted
        start = at + int(np.argmax(same[at:]))
        assert same[start], f"state {index} of {states} is never heard; from {at} on: {found[at : at + 5]}"
        assert start - at <= (seam_frames if index else 0), f"the seam before state {index} is {start - at} frames long"
        if start > at:
            before = states[index - 1].factor * (numbers - states[index - 1].late_frames)
            low, high = np.minimum(before, wanted)[at:start], np.maximum(before, wanted)[at:start]
            room = 1e-6 * high + 1e-3
            assert ((found[at:start] >= low - room) & (found[at:start] <= high + room)).all(), f"seam {index}"
        differs = ~same[start:]
        at = start + int(np.argmax(differs)) if differs.any() else len(found)
    assert at == len(found), f"from frame {at} of {len(found)} on it is another state: {found[at : at + 5]}"
