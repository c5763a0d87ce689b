"""A player on a device with a clock, seen from inside: what it says is heard, and that the device never starved."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from host.app import Application
from host.cli.chain_options import DspOption, OutputOption
from host.cli.wiring import stages, wire_output
from host.playback import Chain, Excerpt, Input, Now, Pacing, PlaybackResult
from host.settings import Paths, Settings
from tests.e2e.audio import as_float, noise, write_wav
from tests.e2e.devices import needs_portaudio, paced_device
from tests.support.patient import PATIENT
from tests.support.waiting import until

pytestmark = [needs_portaudio, pytest.mark.paced]

RATE_HZ = 44_100
SECONDS = 2
#: What a pipe holds before its reader has made it small, and the reader's own step.
AHEAD_S = 0.3
LOOK_S = 0.02


def test_the_position_keeps_the_pace_of_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = noise(SECONDS * RATE_HZ)
    source = write_wav(tmp_path / "in.wav", samples, RATE_HZ)
    device = paced_device(tmp_path, RATE_HZ, 2)
    for name, value in device.environment.items():
        monkeypatch.setenv(name, value)
    seen: list[tuple[float, float, Now]] = []  # with the moments before and after the look

    async def body() -> PlaybackResult:
        paths = Paths(*(tmp_path / name for name in ("config.toml", "state", "data", "cache", "runtime")))
        async with Application(Settings(limits=PATIENT), paths) as app:
            plugins = app.discovery.plugins
            output = wire_output(OutputOption("system", device.name), None, plugins)
            effects = stages((DspOption("gain", "gain", {}),), plugins)
            player = app.player(Chain(effects, output, Pacing.paced(app.settings.pipeline)), Excerpt(), None)
            playing = asyncio.create_task(player.play((Input(source),)))
            while not playing.done():
                before, now = time.monotonic(), player.now()
                if now is not None:
                    seen.append((before, time.monotonic(), now))
                await asyncio.wait([playing], timeout=LOOK_S)
            return await playing

    result = asyncio.run(body())
    assert result.frames == len(samples)
    assert until(device.capture.with_suffix(".json").exists, 20.0)
    assert np.array_equal(device.heard(2), as_float(samples))
    assert len(seen) > 10
    assert {now.xruns for _, _, now in seen} == {0}
    positions = [now.position for _, _, now in seen]
    assert positions == sorted(positions)
    assert positions[-1] > 0.9 * len(samples) - AHEAD_S * RATE_HZ
    began, _, first = seen[0]
    for _, at, now in seen[1:]:
        assert (now.position - first.position) / RATE_HZ < at - began + AHEAD_S
    assert {now.clipped_samples for _, _, now in seen} == {0}
