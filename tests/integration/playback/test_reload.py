"""The configuration file read again while a queue plays: what was saved reaches what is heard, through real workers."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

from host.cli.chain_options import DspOption
from host.events import ConfigReloaded
from host.jsontext import JsonObject
from tests.integration.playback.playing_queue import RATE_HZ, Music, music
from tests.support.patient import PATIENT

LIMITS = asdict(PATIENT) | {"update_ms": 50_000}
SAVED = (
    '[plugins."stellatune.dsp.gain".gain]\ngain_db = {}\n[pipeline]\ndecode_ahead_ms = 500\nring_ahead_ms = 100\n'
    "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in LIMITS.items())
)


async def reloaded(made: Music, text: str) -> ConfigReloaded:
    """What is told about that file."""
    made.app.paths.config_file.write_text(text)
    with made.app.bus.subscribe(ConfigReloaded) as facts:
        await made.app.reload()
        fact = facts.poll()
    assert fact is not None
    return fact


def gain_db(made: Music) -> object:
    stages = made.app.configs.show()["stages"]
    assert isinstance(stages, list)
    configs = [each["config"] for each in stages if isinstance(each, dict) and each["name"] == "loud"]
    assert len(configs) == 1 and isinstance(configs[0], dict)
    return configs[0]["gain_db"]


def test_what_plays_takes_what_was_saved(tmp_path: Path) -> None:
    wish: JsonObject = {"gain_db": 0}

    async def body() -> None:
        async with music(tmp_path, [600 * RATE_HZ], DspOption("loud", "gain", wish)) as made:
            await made.transport.play()
            await made.until_heard(made.entries[0], RATE_HZ)
            workers = made.app.runtime.workers()
            told = await reloaded(made, SAVED.format(-6.0))
            changed = ("limits.update_ms: 60000 -> 50000", "loud (stellatune.dsp.gain:gain): applied")
            assert (told.changed, told.later, told.problems) == (changed, (), ())
            assert gain_db(made) == -6.0
            refused = await reloaded(made, SAVED.format(900))
            assert any("gain_db" in problem for problem in refused.problems)
            assert gain_db(made) == 0.0, "what does not fit counts for nothing, so the default is in force"
            unread = await reloaded(made, "[")
            assert (unread.changed, unread.later, len(unread.problems)) == ((), (), 1)
            assert made.app.runtime.limits.update_ms == 50_000
            assert made.app.runtime.workers() == workers, "nobody was replaced"

    asyncio.run(body())
