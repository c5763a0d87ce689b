"""A representative part of the matrix, and that its tables say something about every pair there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.faults.cell_judge import judge
from tests.faults.cell_kinds import KIND_FACTS
from tests.faults.cell_trial import CHANNELS, lay_out
from tests.faults.cells import CAPABILITIES, Cell, Grade, Occasion, absent, all_cells, chosen
from tests.support.faulty import KINDS, PHASES
from tests.support.frames import Audio, numbered_audio

ROOT = Path(__file__).resolve().parents[2]
#: What a host writes down that played everything and was never disturbed.
NOTHING_HAPPENED: dict[str, Any] = {
    "code": 0,
    "error": None,
    "refused": None,
    "disturbed": "",
    "left": [],
    "tracks": [],
    "faults": [],
    "repairs": [],
}
REPRESENTATIVES = (
    *("decoder-constructor-segv", "decoder-create-exit", "decoder-open-abort", "decoder-read-segv"),
    *("decoder-read-spin", "decoder-read-wrong_frames", "decoder-read-nan", "decoder-read-corrupt_ring"),
    *("decoder-seek-heap_corruption", "decoder-destroy-fpe", "decoder-read-segv-always", "decoder-open-segv-reload"),
    *("dsp-entry-stack_overflow", "dsp-create-garbage_packet", "dsp-process-segv", "dsp-process-stop_self"),
    *("dsp-process-overrun_write", "dsp-process-loud", "dsp-process-fork", "dsp-export-exit", "dsp-import-ill"),
    *("dsp-process-segv-always", "dsp-import-abort-reload", "dsp-shutdown-block_sigterm"),
    *("source-entry-segv", "source-list-spin", "source-open-abort", "source-destroy-exit"),
    *("lyrics-create-segv", "lyrics-search-garbage_packet", "lyrics-fetch-stop_self", "lyrics-search-leak"),
    *("sink-list-segv", "sink-negotiate-raise_in_thread", "sink-open-exit-always", "sink-write-segv"),
    *("sink-write-corrupt_ring", "sink-flush-abort", "sink-write-event_flood", "sink-destroy-close_fds"),
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """What the command wrote down, having run them."""
    place = tmp_path_factory.mktemp("matrix")
    written = place / "outcomes.json"
    jobs = str(len(os.sched_getaffinity(0)))
    arguments = ("matrix", "--only", ",".join(REPRESENTATIVES), "--jobs", jobs, "--json", written)
    command = [sys.executable, "-P", "-m", "tests.faults", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert written.exists(), done.stderr
    found = {row["name"]: row for row in json.loads(written.read_text())}
    assert (done.returncode != 0) == any(row["problems"] for row in found.values())
    assert f"{len(REPRESENTATIVES)} of {len(REPRESENTATIVES)} cells" in done.stdout
    yield found


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_cell(outcomes: Mapping[str, Any], name: str) -> None:
    outcome = outcomes[name]
    assert outcome["problems"] == []
    assert outcome["observed"] == outcome["expected"]
    assert outcome["fired"] > 0
    assert outcome["frames"] > 0 or outcome["expected"] == "D"
    assert not outcome["host_died"]
    assert outcome["leaks"] == 0


def test_the_representatives_show_every_class_capability_and_occasion() -> None:
    cells = [cell for name in REPRESENTATIVES for cell in chosen(name)]
    assert [cell.name for cell in cells] == list(REPRESENTATIVES)
    assert {cell.expected for cell in cells} == set(Grade)
    assert {cell.capability for cell in cells} == set(CAPABILITIES)
    assert {cell.occasion for cell in cells} == set(Occasion)
    assert {KIND_FACTS[cell.kind].group for cell in cells} == {facts.group for facts in KIND_FACTS.values()}


def test_every_pair_has_a_cell_or_a_reason() -> None:
    cells, pairs = all_cells(), absent()
    assert len(cells) >= 900
    assert len({cell.name for cell in cells}) == len(cells)
    assert KIND_FACTS.keys() == set(KINDS)
    told = {(cell.capability, cell.phase, cell.kind) for cell in cells if cell.occasion is Occasion.ONCE}
    without = {(pair.capability, pair.phase, pair.kind) for pair in pairs}
    wanted = {(each, phase, kind) for each in CAPABILITIES for phase in PHASES[each] for kind in KINDS}
    assert told.isdisjoint(without)
    assert told | without == wanted
    assert all(pair.why for pair in pairs)
    assert all(cell.why for cell in cells)


def one(name: str) -> Cell:
    (cell,) = chosen(name)
    return cell


def test_nothing_passes_that_was_not_struck(tmp_path: Path) -> None:
    """An experiment in which nothing happened is a surprise, whatever it was expected to come to."""
    trial = lay_out(one("dsp-process-segv"), tmp_path / "cell")
    (trial.place / "facts.json").write_text(json.dumps(NOTHING_HAPPENED))
    problems = judge(trial, "", ()).problems
    assert "the fault never fired" in problems
    assert "no frame was compared" in problems
    assert any("no row of the crash history names the fault" in each for each in problems)


def test_an_end_of_the_host_and_what_it_left_are_problems(tmp_path: Path) -> None:
    trial = lay_out(one("dsp-process-segv"), tmp_path / "cell")
    verdict = judge(trial, "ended with -11", ("process 7",))
    assert verdict.observed == "!"
    assert "the host ended with -11" in verdict.problems
    assert "left behind: process 7" in verdict.problems


def record(position: int, samples: Audio) -> bytes:
    return np.array([position, len(samples) // CHANNELS, CHANNELS], np.int64).tobytes() + samples.tobytes()


OPENED_AGAIN = np.array([1024, -1, CHANNELS], np.int64).tobytes()


@pytest.mark.parametrize(
    ("what", "observed", "problem"),
    [
        ("whole", "A", ""),
        ("opened again", "C", ""),
        ("lost", "!", "512 frames were lost, the first is 1024"),
        ("twice", "!", "512 frames came twice, the first is 0"),
        ("torn", "!", "1 of 2048 frames are wrong and nobody said so: frames 700 to 700"),
        ("short", "!", "frames are wrong and nobody said so"),
        ("unreported bypass", "!", "frames outside the reported spans are wrong"),
    ],
)
def test_the_class_is_read_from_the_frames(tmp_path: Path, what: str, observed: str, problem: str) -> None:
    trial = replace(lay_out(one("sink-write-segv"), tmp_path / "cell"), frames=(2048,))
    golden = numbered_audio(0, 2048, CHANNELS)
    blocks = [golden[at * CHANNELS : (at + 512) * CHANNELS].copy() for at in range(0, 2048, 512)]
    records = [record(512 * index, block) for index, block in enumerate(blocks)]
    facts = NOTHING_HAPPENED
    match what:
        case "opened again":
            records.insert(2, OPENED_AGAIN)
        case "lost":
            del records[2]
        case "twice":
            records.insert(1, records[0])
        case "torn" | "unreported bypass":
            blocks[1][(700 - 512) * CHANNELS] += 1
            records[1] = record(512, blocks[1])
            if what == "unreported bypass":
                facts = facts | {
                    "repairs": [{"stage": "effect", "position": 0, "first": 0, "last": 511, "gap_frames": 0}]
                }
        case "short":
            del records[3]
    trial.kept.write_bytes(b"".join(records))
    (trial.place / "facts.json").write_text(json.dumps(facts))
    verdict = judge(trial, "", ())
    assert verdict.observed == observed
    assert any(problem in each for each in verdict.problems)
