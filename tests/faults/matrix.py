"""``./tools/faults matrix``: every kind of fault in every phase of every capability, each in a host of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.faults.cell_run import Outcome, outcome_of, start
from tests.faults.cells import Cell, absent, all_cells, chosen
from tests.faults.command import Command
from tests.faults.table import print_absent, print_tables, print_totals

__all__ = ["COMMAND", "run_cells"]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="PATTERN", help="cells such as 'dsp-process-*', parted by commas")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="hosts at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every outcome there")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the folders of surprises there")


def run_cells(cells: Sequence[Cell], jobs: int, folder: Path, keep: Path | None = None) -> Iterator[Outcome]:
    """Runs them, several at a time; gives outcomes as they come."""
    waiting = list(reversed(cells))
    running: dict[int, Cell] = {}
    while waiting or running:
        while waiting and len(running) < max(1, jobs):
            cell = waiting.pop()
            running[start(cell, folder / cell.name)] = cell
        pid, _ = os.waitpid(-1, 0)
        if pid not in running:
            continue
        cell = running.pop(pid)
        outcome = outcome_of(cell, folder / cell.name)
        if outcome.problems and keep is not None:
            shutil.copytree(folder / cell.name, keep / cell.name, dirs_exist_ok=True)
        shutil.rmtree(folder / cell.name)
        yield outcome


def _run(options: Namespace) -> int:
    cells = chosen(options.only)
    if not cells:
        print(f"no cell is called {options.only}", file=sys.stderr)
        return 2
    began = time.monotonic()
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="stellatune-faults-") as folder:
        for outcome in run_cells(cells, options.jobs, Path(folder), options.keep):
            found.append(outcome)
            for problem in outcome.problems:
                print(f"! {outcome.name}: {problem}", flush=True)
            if sys.stderr.isatty():
                print(f"\r{len(found)}/{len(cells)}", end="", file=sys.stderr, flush=True)
    wall_s = time.monotonic() - began
    outcomes = {outcome.name: outcome for outcome in found}
    print_tables(cells, outcomes)
    if not options.only:
        print_absent(absent())
    print_totals(cells, outcomes, wall_s)
    if options.json is not None:
        options.json.write_text(json.dumps([_row(cell, outcomes[cell.name]) for cell in cells], indent=1) + "\n")
    return 1 if any(outcome.problems for outcome in found) or len(found) != len(cells) else 0


def _row(cell: Cell, outcome: Outcome) -> dict[str, object]:
    facts = {"capability": cell.capability, "phase": cell.phase, "kind": cell.kind, "occasion": cell.occasion.value}
    return facts | {"expected": cell.expected.value, "why": cell.why} | asdict(outcome)


COMMAND = Command(
    "matrix",
    f"every kind of fault in every phase of every capability: {len(all_cells())} cells, each in a host of its own",
    _add_arguments,
    _run,
)
