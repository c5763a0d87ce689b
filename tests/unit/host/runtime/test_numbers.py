"""Generation numbers rise, across hosts and in spite of neighbours."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host import whole_file
from host.errors import LoadFailed
from host.ids import PluginId
from host.runtime.numbers import GenerationNumbers

GAIN = PluginId("stellatune.dsp.gain")
FLAC = PluginId("stellatune.decoder.flac")


def test_each_plugin_counts_for_itself_and_a_new_host_goes_on(tmp_path: Path) -> None:
    first = GenerationNumbers(tmp_path / "state")
    assert [first.next(GAIN), first.next(GAIN), first.next(FLAC)] == [1, 2, 1]
    second = GenerationNumbers(tmp_path / "state")
    assert [second.next(GAIN), first.next(GAIN), second.next(FLAC)] == [3, 4, 2]
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["generations", "generations.lock"]


def test_hosts_side_by_side_never_share_a_number(tmp_path: Path) -> None:
    hosts = [GenerationNumbers(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda index: hosts[index % 8].next(GAIN), range(80)))
    assert sorted(taken) == list(range(1, 81))


def test_a_lock_that_is_held_for_ever_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_file, "_LOCK_PATIENCE_S", 0.0)
    fd = os.open(tmp_path / "generations.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(LoadFailed, match="cannot number a new generation"):
        GenerationNumbers(tmp_path).next(GAIN)
    os.close(fd)
    assert GenerationNumbers(tmp_path).next(GAIN) == 1


@pytest.mark.parametrize("text", ["stellatune.dsp.gain\n", "stellatune.dsp.gain x\n", "\xff\xfe 1 2\n"])
def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "generations"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(LoadFailed, match="generations: damaged"):
        GenerationNumbers(tmp_path).next(GAIN)
    assert path.read_text(encoding="latin-1") == text


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoadFailed, match="file/state"):
        GenerationNumbers(tmp_path / "file" / "state").next(GAIN)
