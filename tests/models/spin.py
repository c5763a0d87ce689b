"""Runs spin over one case: model to C, C to a verifier, the verifier to its end; and reads what that says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.models.cases import Case

__all__ = ["Outcome", "available", "verify", "verify_all"]

FOLDER = Path(__file__).resolve().parent
MAX_DEPTH = 20_000
MEMORY_MIB = 1200
TIMEOUT_S = 240.0
#: Any of these means that something was not looked at.
INCOMPLETE = ("max search depth too small", "out of memory", "MEMLIM", "Search not completed", "Bit statespace")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found. ``violation``: the first one's words, empty when there was none."""

    case: Case
    states: int
    seconds: float
    violation: str
    complete: bool
    said: str


def available() -> bool:
    """Whether spin and a compiler are there."""
    return shutil.which("spin") is not None and shutil.which("gcc") is not None


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def verify(case: Case, folder: Path) -> Outcome:
    """Searches all that can happen, up to the first violation. Files stay in ``folder``, which is this case's own.

    Raises:
        RuntimeError: spin or the compiler says no; that is never the finding of a bug.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _run(["spin", "-a", *(f"-D{macro}" for macro in case.macros), str(FOLDER / f"{case.model}.pml")], folder)
    speed = "-O0" if case.bug else "-O2"  # what ends early is compiled quickly
    _run(["gcc", speed, "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MIB}", "-o", "pan", "pan.c"], folder)
    return read(case, _run(["./pan", f"-m{MAX_DEPTH}", "-n", "-w22"], folder))


def read(case: Case, said: str) -> Outcome:
    """The verifier's words as an outcome. Raises: RuntimeError for words that are none of its own."""
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    elapsed = re.search(r"elapsed time ([\d.e+-]+) seconds", said)
    if errors is None or states is None or elapsed is None:
        raise RuntimeError(f"{case}: the verifier said nothing that can be read:\n{said}")
    violation = re.search(r"^pan:1: (.*) \(at depth \d+\)$", said, re.MULTILINE)
    complete = "Full statespace search" in said and not any(words in said for words in INCOMPLETE)
    if (violation is not None) != (errors[1] != "0"):
        raise RuntimeError(f"{case}: {errors[1]} errors, but no word of which:\n{said}")
    return Outcome(case, int(states[1]), float(elapsed[1]), violation[1] if violation else "", complete, said)


def verify_all(cases: tuple[Case, ...], folder: Path) -> Iterator[Outcome]:
    """In the order given, as many at a time as there are processors."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(lambda numbered: verify(numbered[1], folder / str(numbered[0])), enumerate(cases))
