"""Small storms; the large ones are ``./tools/faults storm``, ``paced``, ``hostkill``, ``cycles`` and ``hours``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.faults.cycles import cycles
from tests.faults.host_kill import MOMENTS, host_kills
from tests.faults.hours import hours
from tests.faults.paced import paced
from tests.faults.paced_trial import SINK
from tests.faults.programmes import EQUALIZER, GAIN
from tests.faults.storm import storm
from tests.faults.update_steps import update_steps
from tests.faults.updates import updates
from tests.support.failpoints import Failpoints
from tests.support.patient import DEEP, PATIENT

pytestmark = pytest.mark.paced

SECONDS = 40.0


def test_kills_in_a_render_are_not_in_the_samples(tmp_path: Path, failpoints: Failpoints) -> None:
    done = asyncio.run(storm(tmp_path, "kill", 12, Random(7), seconds=SECONDS, failpoints=failpoints))
    assert done.wrong == []
    assert sum(done.deaths.values()) >= 12 and min(done.deaths.values()) >= 3
    assert set(done.checkpoints) == {EQUALIZER, GAIN} and min(done.checkpoints.values()) >= 1
    assert sum(done.commits.values()) >= 1
    assert done.frames > 0 and done.rounds >= 1


@pytest.mark.parametrize(("how", "kills"), [("stop", 4), ("segv", 9), ("exit", 9)])
def test_other_ends_in_a_render_are_not_in_the_samples(tmp_path: Path, how: str, kills: int) -> None:
    done = asyncio.run(storm(tmp_path, how, kills, Random(7), seconds=SECONDS))
    assert done.wrong == []
    assert sum(done.deaths.values()) >= kills and done.frames > 0


def test_deaths_while_a_device_plays_are_not_heard(tmp_path: Path) -> None:
    heard = asyncio.run(paced(tmp_path, "kill", 6, Random(3), PATIENT, DEEP, worst_gap_s=60.0))
    assert heard.wrong == []
    assert sum(heard.deaths.values()) == 6 and heard.deaths[SINK] == 1
    assert heard.frames > 0 and (heard.lost, heard.doubled) == (0, 0)


def test_updates_that_mean_the_same_are_not_in_the_samples(tmp_path: Path) -> None:
    done = asyncio.run(updates(tmp_path, 40, 3, Random(11), seconds=SECONDS))
    assert done.wrong == []
    assert done.asked >= 40 and sum(done.outcomes.values()) == done.asked
    assert done.outcomes["applied"] > 0 and done.outcomes["recreated"] > 0
    assert done.storm.frames > 0


def test_changes_of_a_level_never_step_further_than_their_ramp(tmp_path: Path) -> None:
    done = asyncio.run(update_steps(tmp_path, 30, 3, Random(11), seconds=SECONDS))
    assert done.wrong == []
    assert done.changed >= 30 and done.deaths >= 3
    assert done.rounds >= 1 and done.largest > 0


def test_nothing_is_left_of_a_killed_host(tmp_path: Path) -> None:
    done = host_kills(tmp_path, 4, Random(5), limit_s=20.0)
    assert done.wrong == []
    assert done.starts == 4
    assert [len(done.took[moment]) for moment in MOMENTS] == [2, 1, 1]


def test_loads_and_unloads_leave_the_host_as_it_was(tmp_path: Path) -> None:
    done = asyncio.run(cycles(tmp_path, 60, 20, 10))
    assert done.wrong == []
    assert done.times == 60
    assert done.processes == 60
    first, last = done.levels[0], done.levels[-1]
    assert last.rss - first.rss < 4096


def test_a_quarter_of_an_hour_of_music_is_what_direct_decoding_gives(tmp_path: Path) -> None:
    done = asyncio.run(hours(tmp_path, 900.0, None, Random(5)))
    assert done.wrong == []
    assert done.programme_s >= 900 and done.hashed > 0 and done.plays > 0
    assert sum(done.faults.values()) >= 14 and done.deaths >= 1
    first, last = done.levels[0], done.levels[-1]
    assert last.memory.rss - first.memory.rss < 4096
