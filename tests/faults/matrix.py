"""``./tools/faults matrix``: every kind of fault in every phase of every capability, each in a host of its own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from tests.faults.command import Command

__all__ = ["COMMAND"]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="PATTERN", help="cells like 'dsp-process-*'")


def _run(options: Namespace) -> int:
    print(f"nothing was run of {options.only or 'the matrix'}")
    return 2


COMMAND = Command("matrix", "every kind of fault in every phase of every capability", _add_arguments, _run)
