"""A short run under the thread sanitizer: no race in rings and pumps, and those that are planted are seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sanitize.sources import PATCHES, ROOT, Planted, copy_sources, patch, planted_in
from tests.sanitize.threads import PROGRAMS, RING_SIZES, TOPS, Programs, available, check_planted

FRAMES = 200_000
BLOCKS = 5_000
SEED = 7


@pytest.fixture(scope="module")
def _sanitizer(tmp_path_factory: pytest.TempPathFactory) -> None:
    if not available(tmp_path_factory.mktemp("probe")):
        pytest.skip("gcc's thread sanitizer cannot be run here")


@pytest.fixture(scope="module")
def programs(_sanitizer: None, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(tmp_path_factory.mktemp("programs") / "sound")


@pytest.mark.parametrize(("ahead", "history"), RING_SIZES)
def test_a_ring_whose_sides_do_as_they_like_has_no_race(programs: Programs, ahead: int, history: int) -> None:
    outcome = programs.torture(SEED, FRAMES, ahead, history)
    assert outcome.clean, outcome.said
    assert outcome.said.startswith(f"{FRAMES} frames, ")


def test_a_chain_that_is_held_swapped_lost_and_flushed_has_no_race(programs: Programs) -> None:
    """The program counts what it did, and fails when any of it never happened."""
    outcome = programs.chain(SEED, BLOCKS)
    assert outcome.clean, outcome.said
    assert int(outcome.said.split(": ")[1].split()[0]) >= 3 * BLOCKS


@pytest.mark.usefixtures("_sanitizer")
@pytest.mark.parametrize("bug", planted_in(*PROGRAMS), ids=lambda bug: bug.name)
def test_a_planted_race_is_seen(tmp_path: Path, bug: Planted) -> None:
    seen = check_planted(tmp_path / "copy", bug, SEED)
    assert seen.clean, seen.said


def test_all_planted_bugs_apply(tmp_path: Path) -> None:
    """Those of the address sanitizer, too, which only the command tries."""
    bugs = planted_in()
    assert {bug.program for bug in bugs} == {*PROGRAMS, "render"}
    for bug in bugs:
        patch(copy_sources(tmp_path / bug.name, *TOPS, "native_plugins/dsp_gain"), bug.path)
    patch(copy_sources(tmp_path / "workers", "plugin_worker"), PATCHES / "count-workers.patch")
    assert (ROOT / "tools/sanitize").is_file()
