"""Three hundred times load, create, render a second, destroy and unload: the host is as it was."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.audio import noise, write_wav
from tests.support.child import run_child

LIVES = 300
RATE_HZ = 44100
WITHIN_S = 400


def test_three_hundred_lives_leave_nothing(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "second.wav", noise(RATE_HZ), RATE_HZ)
    code, out = run_child("tests.support.plugin_lives", source, tmp_path, LIVES, within_s=WITHIN_S)
    assert code == 0, out
    told = json.loads(out)
    assert told["frames"] == LIVES * RATE_HZ
    assert told["after"] == told["before"]
    assert sum(told["before"]["descriptors"].values()) >= 3
    assert sum(told["before"]["mappings"].values()) > 100
    assert not [name for name in told["after"]["mappings"] if "stellatune" in name and "memfd" in name]
