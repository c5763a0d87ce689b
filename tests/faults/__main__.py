"""``python -m tests.faults``: one subcommand per kind of trial, each from a module of its own."""

from __future__ import annotations

import argparse
import sys

from tests.faults import cycles, host_kill, hours, matrix, paced, scan, seeks, storm, streams, transport_storm, updates
from tests.faults.command import Command

#: In the order of the help text.
COMMANDS: tuple[Command, ...] = (
    matrix.COMMAND,
    storm.COMMAND,
    paced.COMMAND,
    host_kill.COMMAND,
    cycles.COMMAND,
    updates.COMMAND,
    transport_storm.COMMAND,
    seeks.COMMAND,
    streams.COMMAND,
    scan.COMMAND,
    hours.COMMAND,
)


def main(arguments: list[str]) -> int:
    """Runs one trial; gives its exit code."""
    parser = argparse.ArgumentParser(
        prog="tools/faults", description="Breaks plugins on purpose and looks at the host."
    )
    choices = parser.add_subparsers(required=True, metavar="TRIAL")
    for command in COMMANDS:
        chosen = choices.add_parser(command.name, help=command.about, description=command.about)
        command.add_arguments(chosen)
        chosen.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    result: int = options.run(options)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
