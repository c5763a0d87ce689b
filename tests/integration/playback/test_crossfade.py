"""In the midst of a fade: jumps land where they should; deaths, restarts, pauses are not heard."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from abi.kinds import CapabilityKind
from host.app import stage
from host.playback.crossfade import Crossfade
from tests.integration.playback.edited_chain import effect
from tests.integration.playback.playing_queue import RATE_HZ, Music, music
from tests.support.capture import load_capture
from tests.support.frames import Audio, frame_numbers

pytestmark = pytest.mark.paced

FADE_S = 2.0
FADE = int(FADE_S * RATE_HZ)
LENGTH = 5 * RATE_HZ
JOIN = LENGTH - FADE
#: What is heard in a fade says nothing.
LONG_RUN = 1000


def fading(made: Music) -> Crossfade:
    player = made.transport.player
    assert player is not None and player.running is not None
    crossfade = player.running.pipeline.crossfade
    assert crossfade is not None
    return crossfade


def crossed(first: Audio, second: Audio) -> Audio:
    """One channel."""
    angles = [1.57079632679489661923 * at / FADE for at in range(FADE)]
    going, coming = (np.array([gain(angle) for angle in angles]) for gain in (math.cos, math.sin))
    both = (going * first[-FADE:] + coming * second[:FADE]).astype(np.float32)
    return np.concatenate((first[:-FADE], both, second[FADE:]))


def test_jumps_in_mid_fade(tmp_path: Path) -> None:
    """Within the track that comes, back to the one that goes, on to the one after both; and stopped, it is over."""
    goal = 2 * RATE_HZ

    async def body() -> None:
        async with music(tmp_path, [LENGTH, 9 * RATE_HZ, LENGTH], effect("same"), crossfade_s=FADE_S) as made:
            transport, (first, second, third) = made.transport, made.entries
            await transport.play()
            await made.until_heard(second, FADE // 4)
            await transport.seek((goal + 0.5) / RATE_HZ)
            await made.until_heard(second, goal + RATE_HZ // 2)
            await transport.goto(first.id)
            await made.until_heard(second, FADE // 4)
            await transport.next()
            await made.until_heard(third, RATE_HZ // 2)
            await transport.goto(first.id)
            await made.until_heard(second, FADE // 4)
            await transport.stop()
            assert transport.now() is None
        runs = [run for run in made.runs() if run.end - run.start > LONG_RUN]
        assert [max(0, run.start) for run in runs] == [0, goal, 0, 0, 0]  # a frame that names none may come before 0
        assert all(JOIN < run.end < JOIN + LONG_RUN for run in (runs[0], runs[2], runs[4]))

    asyncio.run(body())


def test_nobody_hears_what_happens_in_a_fade(tmp_path: Path) -> None:
    """Workers of mix and decoders killed, both plugins restarted, a pause, one effect for another."""

    async def restart(made: Music) -> None:
        player = made.transport.player
        assert player is not None
        for instance in (fading(made).mix.instance, fading(made).decode.instance):
            await made.app.runtime.renew(instance.plugin_id)
            await player.swap(instance.plugin_id)

    async def another_effect(made: Music) -> None:
        player, plugins = made.transport.player, made.app.discovery.plugins
        assert player is not None
        await player.edits.add(stage("new", CapabilityKind.DSP, "test.level", {"factor": 1.0}, plugins), 0)
        await player.edits.remove("same")

    async def pause(made: Music) -> None:
        await made.transport.pause()
        await made.transport.resume()

    async def body() -> None:
        async with music(tmp_path, [LENGTH, LENGTH + 7], effect("same"), crossfade_s=FADE_S) as made:
            await made.transport.play()
            second = made.entries[1]
            await made.until_heard(second)
            kill(fading(made).mix.instance.pid)
            await made.until_heard(second, FADE // 8)
            kill(fading(made).decode.instance.pid)
            await pause(made)
            await made.until_heard(second, FADE // 4)
            await restart(made)
            await another_effect(made)
            await made.until_heard(second, FADE // 2)
            kill(fading(made).mix.instance.pid)
            await made.transport.ended()
        capture = load_capture(made.heard_path, zeros_are_programme=True)
        expected = crossed(frame_numbers(0, LENGTH), frame_numbers(0, LENGTH + 7))
        assert np.array_equal(capture.samples().reshape(-1, capture.channels)[:, 0], expected)

    asyncio.run(body())


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
