"""Real changes of a level, with deaths in between: no sample steps further than the ramp of the plugin allows."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np

from host.cli.chain_options import DspOption
from host.errors import NotFound, NotRunning
from host.ids import PluginId
from host.jsontext import JsonObject
from tests.e2e.audio import Samples, read_wav
from tests.faults.assassin import Assassin
from tests.faults.hosted import Hosted, Programme, hosted
from tests.faults.programmes import DECODER, RATE_HZ, music
from tests.support.c_plugins import build_plugin

__all__ = ["TUNED", "Steps", "update_steps"]

TUNED = PluginId("test.tuned")

RAMP_FRAMES = RATE_HZ // 100
#: Of float32, after a multiplication and a line.
_ROUNDING = 1e-5
_KILL_PAUSE_S = 0.2
_MOST_ROUNDS = 100


@dataclass(slots=True)
class Steps:
    """What came of it. ``largest``: step in a share of what the ramp allows; ``changed``: levels that were taken."""

    rounds: int = 0
    frames: int = 0
    changed: int = 0
    deaths: int = 0
    largest: float = 0.0
    wrong: list[str] = field(default_factory=list)


async def update_steps(folder: Path, times: int, kills: int, random: Random, *, seconds: float) -> Steps:
    """At least ``times`` levels are taken, in place and by new instances, and ``kills`` workers die meanwhile."""
    done, marks, out = Steps(), folder / "marks", folder / "out.wav"
    tags = count(1)
    async with hosted(folder, plugins=[build_plugin("tuned", folder).folder]) as host:
        source = (await music(host, folder, seconds)).source

        def config(level: float) -> JsonObject:
            how = random.choice(["apply", "recreate"])
            return {"marks": str(marks), "tag": f"level{next(tags)}", "how": how, "level": level}

        programme = Programme(source, (DspOption("fx", "tuned", config(1.0)),), (DECODER, TUNED))
        await host.render(programme, out)
        whole = read_wav(out).samples
        assassin = Assassin(host.app.runtime, random, signal.SIGKILL, _KILL_PAUSE_S)

        def enough() -> bool:
            return done.changed >= times and len(host.witness.deaths) >= kills

        async def change() -> None:
            while not enough():
                await asyncio.sleep(0)
                try:
                    answer = await host.app.configs.update("fx", config(random.random()), merge=False)
                except (NotRunning, NotFound):
                    continue  # between two rounds
                (outcome,) = cast("list[dict[str, Any]]", answer["outcomes"])
                done.changed += bool(outcome["changed"])

        while not enough() and done.rounds < _MOST_ROUNDS and not done.wrong:
            done.rounds += 1
            await _round(host, programme, out, change(), assassin.strike(lambda: [] if enough() else [DECODER, TUNED]))
            _compare(whole, read_wav(out).samples, done)
        done.deaths = len(host.witness.deaths)
    if not enough():
        done.wrong.append(f"{done.changed} changes and {done.deaths} deaths in {done.rounds} rounds")
    return done


async def _round(
    host: Hosted,
    programme: Programme,
    out: Path,
    change: Coroutine[None, None, None],
    kill: Coroutine[None, None, None],
) -> None:
    beside = [asyncio.create_task(change), asyncio.create_task(kill)]
    try:
        await host.render(programme, out)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)


def _compare(whole: Samples, found: Samples, done: Steps) -> None:
    """``whole`` is the signal at level 1; every level is from 0 to 1, and goes to another in a straight line."""
    done.frames += len(found)
    if len(found) != len(whole):
        done.wrong.append(f"{len(found)} frames, not {len(whole)}")
        return
    louder = np.abs(found) > np.abs(whole) * (1 + _ROUNDING) + _ROUNDING
    if louder.any():
        done.wrong.append(f"louder than at level 1 in frame {int(np.argmax(louder.any(axis=1)))}")
    steps = np.abs(np.diff(found.astype(np.float64), axis=0))
    allowed = np.abs(np.diff(whole.astype(np.float64), axis=0)) + np.abs(whole[:-1]) / RAMP_FRAMES + _ROUNDING
    share = steps / allowed
    done.largest = max(done.largest, float(share.max()))
    if done.largest > 1:
        frame = int(np.argmax(share.max(axis=1)))
        done.wrong.append(f"a step of {share.max():.3f} of what is allowed in frame {frame}")
