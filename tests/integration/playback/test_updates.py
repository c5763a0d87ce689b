"""Shipped plugins take configurations while they play: an output, a decoder, an effect that then delays otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from host.cli.chain_options import DspOption
from host.jsontext import JsonObject
from tests.e2e.audio import Samples, as_float, noise, read_wav, write_wav
from tests.faults.hosted import Hosted, Programme, hosted
from tests.faults.programmes import music

RATE_HZ = 48_000
#: As fast as it goes this lasts long enough to be changed in its midst on any machine.
SECONDS = 400
LOOK_S = 0.005
MOVED_FRAMES = 50_000


async def moved(host: Hosted, frames: int) -> None:
    """Waits until so many frames more have been written."""
    start: int | None = None
    while True:
        playback = host.app.status()["playback"]
        if isinstance(playback, dict) and playback["position"] is not None:
            position = cast("int", playback["position"])
            start = position if start is None else start
            if position >= start + frames:
                return
        await asyncio.sleep(LOOK_S)


async def ask(host: Hosted, name: str, config: JsonObject) -> dict[str, Any]:
    """The one outcome of an update."""
    answer = await host.app.configs.update(name, config, merge=True)
    (outcome,) = cast("list[dict[str, Any]]", answer["outcomes"])
    return outcome


def played(place: Path, programme: Programme, change: Callable[[Hosted], Awaitable[None]]) -> Samples:
    """What a render gives in which something is changed."""

    async def body() -> None:
        async with hosted(place / "host") as host:
            playing = asyncio.create_task(host.render(programme, place / "out.wav"))
            changing = asyncio.create_task(changed(host))
            done, _ = await asyncio.wait((playing, changing), return_when=asyncio.FIRST_EXCEPTION)
            assert changing in done, "it ended before it was changed"
            await changing
            result = await playing
            assert not result.failed and not result.faults

    async def changed(host: Hosted) -> None:
        await moved(host, MOVED_FRAMES)
        await change(host)
        await moved(host, MOVED_FRAMES)

    asyncio.run(body())
    return read_wav(place / "out.wav").samples


@pytest.fixture
def tune(tmp_path: Path) -> tuple[Path, Samples]:
    samples = noise(SECONDS * RATE_HZ)
    return write_wav(tmp_path / "in.wav", samples, RATE_HZ), as_float(samples)


def test_the_trim_of_a_file_is_taken_in_place(tmp_path: Path, tune: tuple[Path, Samples]) -> None:
    source, plain = tune
    told: list[dict[str, Any]] = []

    async def change(host: Hosted) -> None:
        told.append(await ask(host, "output", {"trim_db": -6}))

    found = played(tmp_path, Programme(source, (), ()), change)
    (outcome,) = told
    assert (outcome["outcome"], outcome["config_gen"]) == ("applied", 2)
    at, quieter = outcome["position"], plain * np.float32(10 ** (-6 / 20))
    assert len(found) == len(plain)
    assert np.array_equal(found[:at], plain[:at])
    behind = at + RATE_HZ // 50
    assert np.allclose(found[behind:], quieter[behind:], rtol=1e-6, atol=0)
    ramp = slice(at, behind)
    assert (np.abs(found[ramp]) <= np.abs(plain[ramp])).all()
    assert (np.abs(found[ramp]) >= np.abs(quieter[ramp]) * (1 - 1e-6)).all()


def test_a_decoder_is_made_anew_and_nobody_can_tell(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []

    async def change(host: Hosted) -> None:
        told.append(await ask(host, "decoder", {"verify_md5": True}))

    async def prepared() -> Programme:
        async with hosted(tmp_path / "before") as host:
            made = await music(host, tmp_path, SECONDS)
            await host.render(Programme(made.source, (), ()), tmp_path / "golden.wav")
            return made

    programme = asyncio.run(prepared())
    found = played(tmp_path, Programme(programme.source, (), ()), change)
    (outcome,) = told
    assert (outcome["outcome"], outcome["config_gen"]) == ("recreated", 2)
    assert np.array_equal(found, read_wav(tmp_path / "golden.wav").samples)


def test_a_limiter_that_looks_further_ahead_is_later_from_then_on(tmp_path: Path, tune: tuple[Path, Samples]) -> None:
    """Below its ceiling it is a delay: so many frames are heard again where it became a longer one."""
    source, plain = tune
    told: list[dict[str, Any]] = []

    async def change(host: Hosted) -> None:
        told.append(await ask(host, "limiter", {"lookahead_ms": 10}))

    quiet: JsonObject = {"ceiling_db": 0, "lookahead_ms": 5}
    found = played(tmp_path, Programme(source, (DspOption("limiter", "limiter", quiet),), ()), change)
    (outcome,) = told
    assert (outcome["outcome"], outcome["config_gen"]) == ("recreated", 2)
    at, short, long = outcome["position"], RATE_HZ * 5 // 1000, RATE_HZ * 10 // 1000
    assert len(found) == len(plain) + long
    assert not found[:short].any()
    assert np.array_equal(found[short:at], plain[: at - short])
    behind = at + RATE_HZ // 100
    assert np.array_equal(found[behind:], plain[behind - long :])
