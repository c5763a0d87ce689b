"""``python -m tests.sanitize``: both sanitizers, or one; fails for a finding, and for a planted bug not found."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from tests.sanitize.addresses import run_addresses
from tests.sanitize.sources import ROOT
from tests.sanitize.threads import run_threads

_CORPORA = ROOT.parent / "shared" / "corpora"


def main(arguments: list[str]) -> int:
    """0 only when nothing was found but what was planted."""
    parser = argparse.ArgumentParser(prog="tools/sanitize", description=sys.modules[__name__].__doc__)
    parser.add_argument("which", nargs="?", choices=("thread", "address"), help="only this one")
    parser.add_argument("--seed", type=int, help="of all that is random; chosen and told when not given")
    parser.add_argument("--blocks", type=int, default=200_000, metavar="N", help="thread: through each chain (200000)")
    parser.add_argument("--corpora", type=Path, default=_CORPORA, metavar="DIR", help="address: real audio")
    options = parser.parse_args(arguments)
    seed: int = random.randrange(1, 1 << 31) if options.seed is None else options.seed
    failed = 0
    if options.which != "address":
        failed |= run_threads(seed, options.blocks)
    if options.which != "thread":
        failed |= run_addresses(seed, options.corpora)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
