"""Plugins that were switched off: not loaded, remembered, and a broken memory is no reason to fail."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host.errors import NotFound, PackageError, PluginDisabled
from host.ids import PluginId, Role
from host.runtime import DisabledPlugins, Disablement, Phase
from tests.unit.host.runtime.rig import Rig, run
from tests.unit.host.runtime.workers import GAIN


def test_what_is_disabled_drains_and_is_not_loaded_again(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        await rig.runtime.load(GAIN, Role.SCAN)
        await rig.runtime.disable(GAIN)
        await rig.runtime.disable(GAIN)
        assert {one.state for one in rig.runtime.list()} == {Phase.DRAINING}
        assert instance.alive
        for attempt in (rig.create, lambda: rig.runtime.load(GAIN, Role.SCAN), lambda: rig.runtime.renew(GAIN)):
            with pytest.raises(PluginDisabled, match="is disabled") as caught:
                await attempt()
            assert caught.value.exit_code == 7
            assert f"stellatune plugins enable {GAIN}" in caught.value.remedy
        await rig.runtime.enable(GAIN)
        assert (await rig.create()).generation == 3
        await instance.destroy()
        with pytest.raises(NotFound):
            await rig.runtime.disable(PluginId("x.y"))

    run(tmp_path, body)


def test_the_next_host_knows(tmp_path: Path) -> None:
    async def switch_off(rig: Rig) -> None:
        await rig.runtime.disable(GAIN)

    async def find_it_off(rig: Rig) -> None:
        assert await rig.runtime.disabled() == Disablement(frozenset({GAIN}))
        with pytest.raises(PluginDisabled):
            await rig.create()

    run(tmp_path, switch_off)
    run(tmp_path, find_it_off)
    assert json.loads((tmp_path / "plugins.json").read_text()) == {"disabled": [GAIN]}


BROKEN = {
    "no JSON": b"{",
    "no object": b"[]",
    "no list": b'{"disabled": "all"}',
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_and_ignored(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "plugins.json"
    file.write_bytes(data)
    found = DisabledPlugins(tmp_path).read()
    assert not found.plugins
    assert str(file) in found.problem

    async def body(rig: Rig) -> None:
        assert (await rig.create()).generation == 1
        assert (await rig.runtime.disabled()).problem == found.problem

    run(tmp_path, body)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PackageError, match=r"plugins\.json: cannot be changed"):
        DisabledPlugins(tmp_path / "file").set(GAIN, True)


def test_hosts_side_by_side_lose_nothing(tmp_path: Path) -> None:
    names = [PluginId(f"test.dsp.n{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: DisabledPlugins(tmp_path).set(name, True), names))
    assert DisabledPlugins(tmp_path).read() == Disablement(frozenset(names))
