"""``python -m tests.fuzz tags``: mutants of tagged files into all decoders; 1 for any that was not survived."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from tests.fuzz.tags import run_tags


def main(arguments: list[str]) -> int:
    """0 only when every mutant was read or refused, in time and within bounds."""
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=sys.modules[__name__].__doc__)
    parser.add_argument("what", choices=("tags",))
    parser.add_argument("--times", type=int, default=10_000, metavar="N", help="mutants in all (10000)")
    parser.add_argument("--seed", type=int, help="of all that is random; chosen and told when not given")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), metavar="DIR", help="for files that fail")
    options = parser.parse_args(arguments)
    seed: int = random.randrange(1, 1 << 31) if options.seed is None else options.seed
    return run_tags(options.times, seed, options.keep)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
