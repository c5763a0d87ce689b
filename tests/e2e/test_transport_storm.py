"""Sixty commands from a second terminal while workers are killed; the large brother is ``./tools/faults transport``."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults.transport_storm import transport_storm

pytestmark = pytest.mark.paced

TIMES = 60
KILLS = 30


def test_the_host_tells_the_truth_while_its_workers_are_killed(tmp_path: Path) -> None:
    done = transport_storm(tmp_path, TIMES, KILLS, Random(3))
    assert done.wrong == []
    assert sum(done.kinds.values()) + len(done.refused) == TIMES
    assert sum(done.kills.values()) >= KILLS and set(done.kills) == {"decoder", "effect", "output"}
    assert done.by_command >= 1
    assert done.runs > 1 and done.plain_frames > 0
