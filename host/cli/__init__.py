"""What people type. Results go to stdout, everything else to stderr; commands are loaded when they are called."""

import sys

from host.version import VERSION

__all__ = ["main"]


def main() -> int:
    """Entry of the console command; gives the exit code.

    The version is answered before anything is imported: start-up time is a promise (PERFORMANCE, T17).
    """
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"stellatune {VERSION}\n")
        return 0
    from host.cli.signals import answer_signals

    answer_signals()
    if _is_sure_to_play(arguments):
        from host.zygote_process import begin_early

        begin_early()
    from host.cli.root import run

    return run(arguments)


def _is_sure_to_play(arguments: list[str]) -> bool:
    """Whether workers will be wanted; where that is not seen at once, they start a little later."""
    words = [each for each in arguments if not each.startswith("-")]
    return words[:1] in (["play"], ["render"], ["demo"]) and not {"--help", "-h"} & set(arguments)
