"""Names as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.errors import NotFound, Usage
from host.packages import Discovery, discover, find_capability, find_owner, find_plugin
from tests.unit.host.packages.plugin_folder import make_plugin, named


@pytest.fixture
def found(tmp_path: Path) -> Discovery:
    make_plugin(tmp_path / "1", named("stellatune.dsp.gain", "gain"))
    make_plugin(tmp_path / "2", named("stellatune.dsp.equalizer", "equalizer"))
    make_plugin(tmp_path / "3", named("acme.dsp.limiter", "soft", "hard"))
    make_plugin(tmp_path / "4", named("acme.sink.gain", "gain", kind="sink"))
    make_plugin(tmp_path / "5", named("acme.dsp.hard", "other"))
    discovery = discover([tmp_path])
    assert len(discovery.plugins) == 5
    return discovery


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("dsp.gain", "stellatune.dsp.gain"),
        ("stellatune.dsp.gain", "stellatune.dsp.gain"),
        ("equalizer", "stellatune.dsp.equalizer"),
        ("sink.gain", "acme.sink.gain"),
    ],
)
def test_a_plugin_by_any_clear_ending(found: Discovery, name: str, full: str) -> None:
    assert find_plugin(name, found.plugins).id == full


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("equalizer", "stellatune.dsp.equalizer"),
        ("dsp.equalizer", "stellatune.dsp.equalizer"),
        ("soft", "acme.dsp.limiter"),
        ("dsp.soft", "acme.dsp.limiter"),
        ("acme.dsp.limiter:soft", "acme.dsp.limiter"),
        ("hard", "acme.dsp.hard"),
        ("dsp.other", "acme.dsp.hard"),
    ],
)
def test_a_plugin_by_its_name_or_else_by_that_of_a_type(found: Discovery, name: str, full: str) -> None:
    assert find_owner(name, found.plugins).id == full


def test_a_type_of_two_plugins_is_no_name_of_either(found: Discovery, tmp_path: Path) -> None:
    make_plugin(tmp_path / "6", named("acme.dsp.other", "soft"))
    plugins = discover([tmp_path]).plugins
    with pytest.raises(Usage, match=r"'dsp.soft' is ambiguous \(say which: acme.dsp.limiter, acme.dsp.other\)"):
        find_owner("dsp.soft", plugins)
    with pytest.raises(NotFound, match="no plugin 'nosuch'"):
        find_owner("nosuch", found.plugins)


@pytest.mark.parametrize(
    ("name", "plugin", "type_id"),
    [
        ("gain", "stellatune.dsp.gain", "gain"),
        ("dsp.gain", "stellatune.dsp.gain", "gain"),
        ("stellatune.dsp.gain", "stellatune.dsp.gain", "gain"),
        ("stellatune.dsp.gain:gain", "stellatune.dsp.gain", "gain"),
        ("soft", "acme.dsp.limiter", "soft"),
        ("limiter:soft", "acme.dsp.limiter", "soft"),
        ("other", "acme.dsp.hard", "other"),
        ("acme.dsp.hard", "acme.dsp.hard", "other"),
    ],
)
def test_a_type_by_any_clear_name(found: Discovery, name: str, plugin: str, type_id: str) -> None:
    got_plugin, got_type = find_capability(name, CapabilityKind.DSP, found.plugins)
    assert (got_plugin.id, got_type.type_id) == (plugin, type_id)


def test_a_type_in_full_beats_the_ending_of_a_plugin(found: Discovery) -> None:
    """`hard` is a type of the limiter and the ending of acme.dsp.hard."""
    assert find_capability("hard", CapabilityKind.DSP, found.plugins)[0].id == "acme.dsp.limiter"


def test_ambiguous_names_list_the_candidates(found: Discovery) -> None:
    with pytest.raises(Usage, match=r"plugin 'gain' is ambiguous \(say which: acme.sink.gain, stellatune.dsp.gain\)"):
        find_plugin("gain", found.plugins)


def test_unknown_names_tell_the_nearest(found: Discovery) -> None:
    with pytest.raises(NotFound, match=r"no plugin 'equaliser' \(did you mean stellatune.dsp.equalizer\?\)") as caught:
        find_plugin("equaliser", found.plugins)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("name", ["zzzzzz", "", "ain", "."])
def test_unlike_names_list_what_there_is(found: Discovery, name: str) -> None:
    with pytest.raises(NotFound, match=r"no sink type .*acme\.sink\.gain"):
        find_capability(name, CapabilityKind.OUTPUT_SINK, found.plugins)


def test_nothing_of_that_kind(found: Discovery) -> None:
    with pytest.raises(NotFound, match="there are: none"):
        find_capability("x", CapabilityKind.DECODER, found.plugins)
