"""Signals that come before and after the work of a command: they end the process at once, without a traceback.

Imported first of all, so it imports next to nothing itself.
"""

import os
import signal
from types import FrameType

__all__ = ["answer_signals", "exit_code", "signals_to_answer"]

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def signals_to_answer() -> tuple[signal.Signals, ...]:
    """Those that end a command. A SIGHUP that was ignored from the start stays so: that is what nohup is for."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return tuple(number for number in _ENDING if not (ignored and number is signal.SIGHUP))


def exit_code(number: int) -> int:
    """What a shell calls the end by a signal."""
    return 128 + number


def answer_signals() -> None:
    """From now on each ends the process at once."""
    for number in signals_to_answer():
        signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    os._exit(exit_code(number))
