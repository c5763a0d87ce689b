"""What is shown again and again: one screen that is drawn anew on a terminal, one block after the other elsewhere."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from host.cli.console import Console
from host.cli.signals import exit_code, signals_to_answer

__all__ = ["screen"]


@contextmanager
def screen(console: Console) -> Iterator[Callable[[list[str]], None]]:
    """Takes the lines to show; a terminal is as before afterwards, also when a signal ends the command."""
    if not sys.stdout.isatty() or console.json:
        yield lambda lines: console.result("\n".join(lines))
        return
    from rich.console import Console as Terminal
    from rich.live import Live
    from rich.text import Text

    terminal = Terminal(no_color=not console.colored(sys.stdout))
    with _signals_raise(), Live(console=terminal, screen=True, auto_refresh=False) as live:
        yield lambda lines: live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Ending at once would leave the terminal without its cursor."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise click.exceptions.Exit(exit_code(number))

    before = {number: signal.signal(number, end) for number in signals_to_answer()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
