"""What a sink's refusal means for people: its output cannot be written any more, which is no fault of the plugin."""

from __future__ import annotations

import errno
import os

from abi.kinds import StatusCode
from host.errors import OutputError, PluginRefused, StellaError

__all__ = ["output_failure"]

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
