"""Three hundred times load, create, render a second, destroy and unload: the host is as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.audio import noise, write_wav
from tests.support.child import run_child

LIVES = 300
RATE_HZ = 44100
WITHIN_S = 900
#: One heap for all threads and all sizes, and no stack kept for the next: these would come and go with the load of the
#: machine, and so would Python's own arenas.
STEADY_MEMORY = "glibc.malloc.arena_max=1:glibc.malloc.mmap_max=0:glibc.pthread.stack_cache_size=0"


@pytest.mark.timeout(WITHIN_S + 60)
@pytest.mark.parametrize(("backend", "lives"), [("memfd", LIVES), ("posix", 20)])
def test_lives_of_plugins_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str, lives: int
) -> None:
    monkeypatch.setenv("STELLATUNE_SHM", backend)
    monkeypatch.setenv("GLIBC_TUNABLES", STEADY_MEMORY)
    monkeypatch.setenv("PYTHONMALLOC", "malloc")
    source = write_wav(tmp_path / "second.wav", noise(RATE_HZ), RATE_HZ)
    code, out = run_child("tests.support.plugin_lives", source, tmp_path, lives, within_s=WITHIN_S)
    assert code == 0, out
    told = json.loads(out)
    assert told["frames"] == lives * RATE_HZ
    assert told["after"] == told["before"]
    assert sum(told["before"]["descriptors"].values()) >= 3
    assert sum(told["before"]["mappings"].values()) > 100
    assert not [name for name in told["after"]["mappings"] if "memfd:stellatune" in name or "/dev/shm" in name]
