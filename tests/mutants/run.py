"""Runs the trials, some at a time, and prints the table: which test missed which defence, and what nobody missed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant, MutantError
from tests.mutants.orphanage import orphanage
from tests.mutants.tree import Seen, Tree

__all__ = ["judged", "run"]

_TEXT = 110


@dataclass(frozen=True, slots=True)
class Verdict:
    """``complaints``: why it is not caught; ``caught``: what each of its tests said."""

    mutant: Mutant
    complaints: tuple[str, ...]
    caught: tuple[str, ...] = ()
    took_s: float = 0.0


def run(chosen: Sequence[Mutant], jobs: int) -> int:
    """Tries them all and tells; gives the exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stellatune-mutants-") as name:
        folder = Path(name)
        print(f"{len(chosen)} mutants; building the copy that stays as it is", flush=True)
        tree = Tree.of_checkout(folder / "whole")
        with orphanage(), ThreadPoolExecutor(jobs) as pool:
            tests = {test for mutant in chosen for test in mutant.tests}
            sound = pool.submit(_sound, tree.copy(folder / "sound"), tests)
            trials = [pool.submit(_try, tree, mutant, folder / mutant.name) for mutant in chosen]
            verdicts = [_judge_soundness(trial.result(), sound.result()) for trial in trials]
    for verdict in verdicts:
        _print(verdict)
    survivors = [verdict.mutant.name for verdict in verdicts if verdict.complaints]
    took_s = time.monotonic() - began
    print(f"\n{len(chosen)} mutants, {len(chosen) - len(survivors)} caught, {len(survivors)} not, {took_s:.0f} s")
    if survivors:
        print(f"not caught: {', '.join(survivors)}")
    return 1 if survivors else 0


def judged(mutant: Mutant, seen: Sequence[Seen], words: str) -> Verdict:
    """Whether each of its tests failed, and by what it is meant to fail."""
    complaints, caught = [], []
    for test in mutant.tests:
        rows = [row for row in seen if _is_of(row.test, test)]
        failed = [row for row in rows if row.outcome == "failed"]
        meant = [row for row in failed if _is_meant(row, mutant.shows)]
        if meant:
            caught.append(f"{meant[0].test}: {meant[0].error}: {_line(meant[0].text)}")
        elif failed:
            complaints.append(f"{test} fails in {failed[0].when}, but by {failed[0].error}: {_line(failed[0].text)}")
        elif rows:
            complaints.append(f"{test} passes all the same")
        else:
            complaints.append(f"{test} did not run: {words}")
    return Verdict(mutant, tuple(complaints), tuple(caught))


def _is_meant(row: Seen, shows: str) -> bool:
    """By an assertion in the test itself, not because nothing works any more or time ran out."""
    if row.when != "call":
        return False
    return (bool(shows) and row.error == shows) or (row.asserted and not row.text.startswith("Timeout"))


def _is_of(seen: str, test: str) -> bool:
    return seen == test or seen.startswith(f"{test}[")


def _try(tree: Tree, mutant: Mutant, folder: Path) -> Verdict:
    began = time.monotonic()
    try:
        copy = tree.copy(folder)
        mutant.apply(folder)
        if mutant.needs_build:
            copy.build()
        verdict = judged(mutant, *copy.test(mutant.tests, impatient=True))
    except MutantError as error:
        verdict = Verdict(mutant, (str(error),))
    verdict = Verdict(mutant, verdict.complaints, verdict.caught, time.monotonic() - began)
    print(f"  {'ALIVE ' if verdict.complaints else 'caught'}  {mutant.name}  {verdict.took_s:.0f} s", flush=True)
    return verdict


def _sound(tree: Tree, tests: set[str]) -> dict[str, str]:
    """Of each test whether it passes where nothing is taken out: empty, or why not."""
    seen, words = tree.test(tests, impatient=False)
    found: dict[str, str] = {}
    for test in tests:
        rows = [row for row in seen if _is_of(row.test, test)]
        failed = [row for row in rows if row.outcome == "failed"]
        ran = [row for row in rows if row.when == "call" and row.outcome == "passed"]
        if failed:
            found[test] = f"{failed[0].test} fails with all defences in place: {_line(failed[0].text)}"
        elif not ran:
            found[test] = f"{test} does not run with all defences in place: {words}"
    return found


def _judge_soundness(verdict: Verdict, sound: dict[str, str]) -> Verdict:
    unsound = tuple(sound[test] for test in verdict.mutant.tests if test in sound)
    return Verdict(verdict.mutant, (*unsound, *verdict.complaints), verdict.caught, verdict.took_s)


def _print(verdict: Verdict) -> None:
    print(f"\n{verdict.mutant.name}  ({verdict.took_s:.0f} s)\n  removes  {verdict.mutant.removes}")
    for text in verdict.caught:
        print(f"  caught   {text}")
    for text in verdict.complaints:
        print(f"  NOT      {text}")


def _line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line if len(line) <= _TEXT else line[: _TEXT - 1] + "…"
