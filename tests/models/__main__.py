"""``python -m tests.models``: verifies all models and their planted bugs; 1 when anything is not as it must be."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.models.cases import CASES, MODELS
from tests.models.spin import Outcome, available, verify_all


def line_of(outcome: Outcome) -> tuple[bool, str]:
    """Whether it is as it must be, and how that is told."""
    if outcome.case.bug:
        good, verdict = bool(outcome.violation), f"found: {outcome.violation}" if outcome.violation else "NOT FOUND"
    else:
        good = outcome.complete and not outcome.violation
        verdict = "searched to the end" if good else outcome.violation or "NOT SEARCHED TO THE END"
    return good, f"{outcome.case!s:58} {outcome.states:>9} states {outcome.seconds:6.1f} s  {verdict}"


def main(arguments: list[str]) -> int:
    """Runs the cases of the models that are named."""
    parser = argparse.ArgumentParser(prog="tools/models", description=__doc__)
    parser.add_argument("model", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    wanted = parser.parse_args(arguments).model or list(MODELS)
    if unknown := sorted(set(wanted) - set(MODELS)):
        parser.error(f"no model {', '.join(unknown)}; there are {', '.join(MODELS)}")
    if not available():
        print("spin or gcc is missing: apt-get install spin gcc", file=sys.stderr)
        return 1
    bad = 0
    with tempfile.TemporaryDirectory(prefix="stellatune-models-") as folder:
        for outcome in verify_all(tuple(case for case in CASES if case.model in wanted), Path(folder)):
            good, line = line_of(outcome)
            bad += not good
            print(line, flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
