"""``stellatune tui``: the full screen of a running host."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import click

from host.cli.console import Console
from host.cli.talking import running_host, socket_of
from host.errors import NotFound, Usage
from host.settings import Paths

__all__ = ["tui"]


@click.command()
@click.pass_obj
def tui(console: Console) -> int:
    """What plays, the queue, the chain with its generations, and faults as they happen; keys steer it.

    It goes over to the next host when one ends, and the host lives on when it is left.
    """
    if console.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage("the full screen needs a terminal", remedy="`stellatune --json status --watch` tells programs")
    if find_spec("textual") is None:
        raise NotFound("the full screen needs textual", remedy="pip install 'stellatune[tui]'", code="no_textual")
    with running_host(console):
        pass  # without a host at the beginning there is nothing to show
    from host.tui.app import show

    if not console.colored(sys.stdout):
        os.environ["NO_COLOR"] = "1"  # what textual obeys
    return show(socket_of(console, Paths.of_user()))
