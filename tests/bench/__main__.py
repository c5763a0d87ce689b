"""``python -m tests.bench``: measures what PERFORMANCE asks for; a table, and all rounds in ``bench-results``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import (
    commands,
    control,
    footprint,
    jack,
    latency,
    library_scan,
    library_search,
    paced,
    player,
    processor_time,
    recovery,
    render,
    spawning,
    startup,
    throughput,
)
from tests.bench.compiled import ROOT, Programs
from tests.bench.machine import machine_facts, pace_beside_another
from tests.bench.rows import Context, Distribution, Row
from tests.bench.standing import first_in_line
from tests.bench.table import print_tables, write_json

ROUNDS = 5
QUICK_ROUNDS = 3

BENCHMARKS: tuple[tuple[tuple[str, ...], Callable[[Context], Iterator[Row | Distribution]]], ...] = tuple(
    (module.NUMBERS, module.measure)
    for module in (
        latency,
        jack,
        paced,
        throughput,
        processor_time,
        render,
        control,
        spawning,
        footprint,
        recovery,
        commands,
        startup,
        player,
        library_scan,
        library_search,
    )
)
NUMBERS = tuple(number for numbers, _ in BENCHMARKS for number in numbers)


def numbers_of(text: str) -> frozenset[str]:
    """``T1,T7`` as a set. Raises: argparse.ArgumentTypeError."""
    wanted = frozenset(part.strip().upper() for part in text.split(","))
    if unknown := wanted - set(NUMBERS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is not among {', '.join(NUMBERS)}")
    return wanted


def rounds_of(text: str) -> int:
    """At least one. Raises: argparse.ArgumentTypeError."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds")
    return int(text)


def main(arguments: list[str]) -> int:
    """Runs what is wanted, one benchmark after the other."""
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--only", type=numbers_of, default=frozenset(NUMBERS), help="such as T1,T7")
    parser.add_argument("--rounds", type=rounds_of, help=f"{ROUNDS} unless given")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of a quarter of the work")
    options = parser.parse_args(arguments)
    found: list[Row | Distribution] = []
    with first_in_line(), tempfile.TemporaryDirectory(prefix="stellatune-bench-") as folder:
        machine = machine_facts()
        context = Context(
            programs=Programs(Path(folder)),
            folder=Path(folder),
            rounds=options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS),
            quick=options.quick,
            core=(os.cpu_count() or 1) - 1,
            wanted=options.only,
        )
        machine["pace beside another core"] = pace_beside_another(context.programs, context.core)
        for numbers, measure in BENCHMARKS:
            if context.wanted.isdisjoint(numbers):
                continue
            print(f"{' '.join(numbers)} ...", file=sys.stderr, flush=True)
            found += [one for one in measure(context) if one.number in context.wanted]
    print(" | ".join(f"{name}: {value}" for name, value in machine.items()))
    rows = [one for one in found if isinstance(one, Row)]
    distributions = [one for one in found if isinstance(one, Distribution)]
    print_tables(rows, distributions)
    print(f"all rounds: {write_json(ROOT / 'bench-results', machine, rows, distributions)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
