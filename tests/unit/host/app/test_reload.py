"""The configuration read again: every difference is told with what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from host.app.config_commands import ConfigCommands
from host.app.reload import reloaded
from host.events import ConfigReloaded
from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import discover, search_path
from host.playback import StageSpec
from host.runtime import Outcome, OutcomeKind
from host.settings import (
    Limits,
    LogLevelWord,
    LogSettings,
    OutputSettings,
    Paths,
    PipelineSizes,
    SavedConfig,
    SavedConfigs,
    Settings,
)

GAIN, LIMITER = PluginId("stellatune.dsp.gain"), PluginId("stellatune.dsp.limiter")
PLUGINS = discover(search_path(Paths.of_user())).plugins


class Chain:
    """One gain, which may refuse."""

    def __init__(self, kind: OutcomeKind = OutcomeKind.APPLIED) -> None:
        self._kind = kind
        self.asked: list[tuple[str, JsonObject, bool]] = []

    def specs(self) -> tuple[StageSpec, ...]:
        return (StageSpec("loud", GAIN, TypeId("gain"), {}, 1),)

    def schema(self, name: str, /) -> JsonObject:
        raise AssertionError(name)

    def seconds_until(self, position: int, /) -> float | None:
        raise AssertionError(position)

    async def update(self, name: str, config: JsonObject, /, *, merge: bool) -> Outcome:
        self.asked.append((name, config, merge))
        return Outcome(self._kind, 2, Generation(1), config=config, reason="it will not")


def told(before: Settings, now: Settings, tuner: Callable[[], Chain | None]) -> ConfigReloaded:
    async def nothing() -> None:
        return

    return asyncio.run(reloaded(before, now, PLUGINS, ConfigCommands(tuner, lambda: (), nothing)))


def saved(*configs: SavedConfig) -> Settings:
    return Settings(plugins=SavedConfigs(configs, "config.toml"))


def test_what_did_not_change_is_not_told() -> None:
    same = saved(SavedConfig(GAIN, "gain", {"gain_db": -3}))
    assert told(same, same, lambda: None) == ConfigReloaded((), (), ())


def test_values_of_the_host() -> None:
    now = Settings(
        PipelineSizes(block_frames=256),
        Limits(read_ms=900),
        output=OutputSettings(rate="best"),
        log=LogSettings(level=LogLevelWord.DEBUG),
        problems=("x: odd",),
    )
    assert told(Settings(), now, lambda: None) == ConfigReloaded(
        ("limits.read_ms: 1000 -> 900", "log.level: info -> debug"),
        ("pipeline.block_frames: 512 -> 256, for the next playback", "output.rate: track -> best, for the next host"),
        ("x: odd",),
    )


def test_what_plays_takes_the_members_that_changed() -> None:
    chain = Chain()
    before, now = saved(), saved(SavedConfig(GAIN, "gain", {"gain_db": -3.5}), SavedConfig(LIMITER, "limiter", {}))
    assert told(before, now, lambda: chain).changed == ("loud (stellatune.dsp.gain:gain): applied",)
    assert chain.asked == [("loud", {"gain_db": -3.5}, True)]
    assert told(now, before, lambda: chain).changed == ("loud (stellatune.dsp.gain:gain): applied",)
    assert chain.asked[1:] == [("loud", {"gain_db": 0.0}, True)], "the default is in force again"
    refused = told(before, now, lambda: Chain(OutcomeKind.REJECTED))
    assert refused.problems == ("loud (stellatune.dsp.gain:gain): rejected: it will not",)


def test_where_nothing_plays_it_is_for_later_and_what_does_not_fit_is_named() -> None:
    now = saved(SavedConfig(GAIN, "gain", {"gain_db": -3.5}))
    assert told(saved(), now, lambda: None).changed == ("stellatune.dsp.gain:gain: for what is opened from now on",)
    unfit = replace(now, plugins=SavedConfigs((SavedConfig(GAIN, "gain", {"gain_db": "loud"}),), "config.toml"))
    (problem,) = told(saved(), unfit, lambda: None).problems
    assert "gain_db" in problem and problem.startswith("config.toml: ")
