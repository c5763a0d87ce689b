"""What a sink's refusal means for people: its output cannot be written any more, which is no fault of the plugin."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from abi.kinds import StatusCode
from host.errors import NotFound, OutputError, PluginRefused, StellaError

__all__ = ["output_errors", "output_failure"]

_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "write it to another file system, or raise `ulimit -f`",
}


def output_failure(refused: PluginRefused) -> StellaError:
    """An OutputError where reading or writing failed, with what to do about it; anything else as it was."""
    if refused.status != StatusCode.IO:
        return refused
    text = refused.message.casefold()
    known = (remedy for number, remedy in _REMEDIES.items() if os.strerror(number).casefold() in text)
    return OutputError(refused.message, remedy=next(known, "`stellatune outputs list` shows what is there"))


@contextmanager
def output_errors() -> Iterator[None]:
    """A sink that says no has no such target, or cannot use it: neither is its failure."""
    try:
        yield
    except PluginRefused as refused:
        if refused.status == StatusCode.IO:
            raise output_failure(refused) from refused
        kind = NotFound if refused.status == StatusCode.INVALID_ARG else OutputError
        raise kind(refused.message, remedy="`stellatune outputs list` shows what is there") from refused
