"""``python -m tests.mutants``: every patch, or those named; fails when a defence can be taken out unnoticed."""

from __future__ import annotations

import argparse
import sys

from tests.mutants.mutant import mutants
from tests.mutants.run import run


def main(arguments: list[str]) -> int:
    """0 only when each defence was missed by each of its tests."""
    every = mutants()
    parser = argparse.ArgumentParser(prog="tools/mutants", description=sys.modules[__name__].__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a patch's name; without any: all of them")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at a time (2)")
    options = parser.parse_args(arguments)
    names: list[str] = options.names
    chosen = [mutant for mutant in every if not names or any(name in mutant.name for name in names)]
    if not chosen:
        parser.error("no patch has such a name; --list tells them")
    if options.list:
        for mutant in chosen:
            print(f"{mutant.name:32}  {mutant.removes}")
        return 0
    return run(chosen, max(1, options.jobs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
