"""T17: how soon the command says its version, beside a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from tests.bench.clocks import median
from tests.bench.compiled import ROOT
from tests.bench.rows import Better, Context, Rounds, Row, Target

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("T17",)
T17 = Target("T17", "-", Better.LESS, 5.0, 3.0)
STARTS = 5
QUANTITIES: dict[str, Sequence[str]] = {
    "stellatune --version": ("-m", "host", "--version"),
    "import host": ("-c", "import host"),
    "import host.app, host.cli": ("-c", "import host.app, host.cli"),
}


def measure(context: Context) -> Iterator[Row]:
    """Medians of several starts a round, one of each in turn."""
    for quantity, arguments in QUANTITIES.items():
        ours: list[float] = []
        reference: list[float] = []
        for _ in range(context.rounds):
            pairs = [(_start_ms(arguments), _start_ms(("-c", "pass"))) for _ in range(STARTS)]
            ours.append(median([mine for mine, _ in pairs]))
            reference.append(median([bare for _, bare in pairs]))
        yield Row(T17, quantity, "ms", Rounds(tuple(ours), tuple(reference)))


def _start_ms(arguments: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000
