"""Outputs that die over a pause, and effects in quarantine: the transport stays what it was told to be."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from host.ids import PluginId, Role
from host.playback import PlayState
from host.playback.dry_seat import DRY_PLUGIN
from host.supervise.policy import State
from tests.integration.playback.edited_chain import effect
from tests.integration.playback.playing_queue import RATE_HZ, music

LONG = 60 * RATE_HZ
LOOK_S = 0.005
LOOKS = 20
#: What makes an output a device; longer than anybody starves here.
SILENCE_AFTER_MS = 60_000


def test_an_output_that_dies_while_paused_stays_paused(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG]) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 5000)
            await made.transport.pause()
            before = made.transport.now()
            assert before is not None
            (output,) = before.stages
            os.kill(output.pid, signal.SIGKILL)

            def replaced() -> bool:
                now = made.transport.now()
                return now is not None and now.stages[-1].pid != output.pid

            await made.until(replaced)
            after = made.transport.now()
            assert after is not None and made.transport.state is PlayState.PAUSED
            running = made.transport.player.running if made.transport.player else None
            assert running is not None and running.pipeline.position == after.position
            await made.transport.resume()
            await made.until_heard(entry, after.place.source_frame + 10_000)
        assert [run.start for run in made.runs() if run.end - run.start > 1] == [0]

    asyncio.run(body())


def test_an_output_that_dies_over_a_pause_is_paused(tmp_path: Path) -> None:
    """It is a device, which hangs when it is to fade out; its successor knows of the wish."""

    async def body() -> None:
        async with music(tmp_path, [LONG]) as made:
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, 5000)
            before = made.transport.now()
            running = made.transport.player.running if made.transport.player else None
            assert before is not None and running is not None
            (output,) = before.stages
            running.pipeline.sink.output = replace(running.pipeline.sink.output, silence_after_ms=SILENCE_AFTER_MS)
            os.kill(output.pid, signal.SIGSTOP)
            pausing = asyncio.create_task(made.transport.pause())
            await asyncio.sleep(LOOK_S)
            assert not pausing.done()
            os.kill(output.pid, signal.SIGKILL)
            await pausing
            await made.until(lambda: not running.pipeline.sink.lost)
            stood_at = running.pipeline.position
            for _ in range(LOOKS):
                await asyncio.sleep(LOOK_S)
                assert running.pipeline.position == stood_at
            assert made.transport.state is PlayState.PAUSED
            await made.transport.resume()
            await made.until_heard(entry, before.place.source_frame + 2 * RATE_HZ)

    asyncio.run(body())


@dataclass(frozen=True, slots=True)
class Gone:
    """The death of an effect that was of no use."""

    plugin_id: PluginId
    role: Role = Role.PLAY
    progress: bool = False


def test_an_effect_in_quarantine_is_missed_and_comes_when_it_may(tmp_path: Path) -> None:
    async def body() -> None:
        async with music(tmp_path, [LONG], effect("twice", 2.0), effect("half", 0.5), fades=True) as made:
            supervisor, plugin = made.app.runtime.supervisor, PluginId("test.level")
            while supervisor.standing(plugin).state is not State.QUARANTINED:
                supervisor.lost(Gone(plugin), lived_s=0.0)
            await made.transport.play()
            (entry,) = made.entries
            await made.until_heard(entry, RATE_HZ)
            now = made.transport.now()
            assert now is not None
            assert [stage.plugin_id for stage in now.stages[:-1]] == [DRY_PLUGIN, DRY_PLUGIN]
            supervisor.reset(plugin)

            def both_work() -> bool:
                now = made.transport.now()
                return now is not None and [stage.plugin_id for stage in now.stages[:-1]] == [plugin, plugin]

            await made.until(both_work)
        (first, *_) = made.runs()
        assert first.start == 0 and first.end > RATE_HZ // 2

    asyncio.run(body())
