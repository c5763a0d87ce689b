"""Saved configurations over defaults: what fits is in force, what does not is named and harms nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.jsontext import JsonObject
from host.packages import (
    CapabilityManifest,
    PluginManifest,
    config_in_force,
    find_capability,
    find_type,
    read_manifest,
    saved_problems,
)
from host.settings import NOTHING_SAVED, SavedConfig, SavedConfigs
from tests.unit.host.packages.plugin_folder import GOOD, make_plugin

GAIN = "example.dsp.gain"


@pytest.fixture
def plugin(tmp_path: Path) -> PluginManifest:
    return read_manifest(make_plugin(tmp_path))


def saved(*sections: tuple[str, str, JsonObject]) -> SavedConfigs:
    return SavedConfigs(tuple(SavedConfig(*each) for each in sections), "config.toml")


def gain(plugin: PluginManifest) -> CapabilityManifest:
    return find_capability("gain", CapabilityKind.DSP, {plugin.id: plugin})[1]


def test_the_saved_goes_over_the_default(plugin: PluginManifest) -> None:
    assert config_in_force(plugin, gain(plugin), NOTHING_SAVED) == {"gain_db": 0}
    mine = saved((GAIN, "tone", {"x": 1}), (GAIN, "gain", {"gain_db": -3}), ("example.other", "gain", {"gain_db": 9}))
    assert config_in_force(plugin, gain(plugin), mine) == {"gain_db": -3}
    assert [each.section.plugin_id for each in saved_problems(mine, {plugin.id: plugin})] == ["example.other"]


@pytest.mark.parametrize(
    ("plugin_id", "type_id", "config", "words", "installed"),
    [
        (GAIN, "gain", {"gain_db": 99}, "gain_db must be from -60 to 12, not 99", True),
        (GAIN, "gain", {"gain": 1}, "did you mean 'gain_db'?", True),
        (GAIN, "gian", {}, "the plugin has no such type; it has file, gain, tone", True),
        ("org.gone", "gain", {"gain_db": 1}, "no such plugin is installed", False),
    ],
)
def test_what_does_not_fit_is_named(
    plugin: PluginManifest, plugin_id: str, type_id: str, config: JsonObject, words: str, installed: bool
) -> None:
    unfit = saved((plugin_id, type_id, config), (GAIN, "tone", {"x": 1}))
    (problem,) = saved_problems(unfit, {plugin.id: plugin})
    assert problem.text.startswith(f'config.toml: [plugins."{plugin_id}".{type_id}] is ignored: ')
    assert words in problem.text
    assert problem.installed is installed
    assert config_in_force(plugin, gain(plugin), unfit) == {"gain_db": 0}
    _, (tone,) = find_type("tone", {plugin.id: plugin})
    assert config_in_force(plugin, tone, unfit) == {"x": 1}


def test_one_name_for_several_kinds_holds_for_those_it_fits(tmp_path: Path) -> None:
    make_plugin(tmp_path, GOOD.replace('"tone"', '"gain"'))
    both = read_manifest(tmp_path)
    _, (dsp, decoder) = find_type(f"{GAIN}:gain", {both.id: both})
    assert (dsp.kind, decoder.kind) == (CapabilityKind.DSP, CapabilityKind.DECODER)
    mine = saved((GAIN, "gain", {"other": 1}))
    assert not [*saved_problems(mine, {both.id: both})]
    assert config_in_force(both, dsp, mine) == {"gain_db": 0}
    assert config_in_force(both, decoder, mine) == {"other": 1}
