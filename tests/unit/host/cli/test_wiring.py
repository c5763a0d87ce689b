"""Names and configurations become stages, and what could never start is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.app import MAX_INSTANCES
from host.cli.chain_options import DspOption
from host.cli.wiring import stages
from host.errors import Usage
from host.packages import discover, search_path
from host.settings import Paths, SavedConfig, SavedConfigs
from shm_audio import _core


def test_files_are_named_from_the_root_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = discover(search_path(Paths.of_user())).plugins
    monkeypatch.chdir(tmp_path)
    for written, meant in (("a.wav", f"{tmp_path}/a.wav"), ("/b.wav", "/b.wav"), ("", "")):
        (spec,) = stages([DspOption("room", "convolver", {"impulse": written})], plugins)
        assert spec.config["impulse"] == meant


def test_the_limit_is_that_of_the_status_page() -> None:
    assert _core.lib.ST_STATUS_LANES - 1 == MAX_INSTANCES


def test_as_many_of_one_plugin_as_its_worker_holds() -> None:
    plugins = discover(search_path(Paths.of_user())).plugins
    gain = DspOption("gain", "gain", None)
    assert len(stages([gain] * MAX_INSTANCES, plugins)) == MAX_INSTANCES
    with pytest.raises(Usage, match="at most 63 of one plugin"):
        stages([gain] * (MAX_INSTANCES + 1), plugins)
    both = [gain] * MAX_INSTANCES + [DspOption("equalizer", "equalizer", None)]
    assert len(stages(both, plugins)) == MAX_INSTANCES + 1


@pytest.mark.parametrize("name", ["decoder", "output"])
def test_no_effect_is_called_as_another_stage_is(name: str) -> None:
    plugins = discover(search_path(Paths.of_user())).plugins
    with pytest.raises(Usage, match=f"the name '{name}' is that of another stage"):
        stages([DspOption(name, "gain", None, named=True)], plugins)
    assert [spec.name for spec in stages([DspOption(name, "gain", None)], plugins)] == [f"{name}2"]


def test_the_command_line_goes_over_what_is_saved_and_that_over_the_default() -> None:
    plugins = discover(search_path(Paths.of_user())).plugins
    saved = SavedConfigs((SavedConfig("stellatune.dsp.gain", "gain", {"gain_db": -6}),))
    plain, chosen = DspOption("a", "gain", None), DspOption("b", "gain", {"gain_db": -3})
    assert [spec.config for spec in stages((plain, chosen), plugins, saved)] == [{"gain_db": -6}, {"gain_db": -3}]
    assert [spec.config for spec in stages((plain,), plugins)] == [{"gain_db": 0}]
