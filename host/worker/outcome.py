"""What a request that failed raises: a ``Failed`` reply, a deadline, a dead worker, each as an error of the tree."""

from __future__ import annotations

from abi.wire import Failed, FaultKind
from host.errors import (
    ConcurrentCall,
    IncompatibleVersion,
    LoadFailed,
    Misuse,
    PluginRefused,
    ProtocolViolated,
    StellaError,
)
from host.printable import printable

__all__ = ["error_of", "last_words"]

_LAST_LINES = 3


def error_of(failed: Failed, plugin_id: str) -> StellaError:
    """The error that a ``Failed`` reply stands for. ProtocolViolated means: this worker is to be killed."""
    call, text = printable(failed.call), printable(failed.text)
    where = f"{plugin_id}: {call}: {text}" if text else f"{plugin_id}: {call} failed"
    match failed.kind:
        case FaultKind.PLUGIN:
            return PluginRefused(where, status=failed.code, call=call)
        case FaultKind.LOAD:
            return LoadFailed(where, remedy="the plugin needs repair by its author")
        case FaultKind.INCOMPATIBLE:
            return IncompatibleVersion(where, remedy="install a build of the plugin for this version")
        case FaultKind.MISUSE:
            return Misuse(where)
        case FaultKind.CONCURRENT:
            return ConcurrentCall(where)
        case FaultKind.CONTRACT:
            return ProtocolViolated(f"{plugin_id}: {call} broke the plugin contract: {text}")
        case FaultKind.INTERNAL:
            return ProtocolViolated(f"{plugin_id}: its worker failed in {call}: {text}")
        case _:
            return ProtocolViolated(f"{plugin_id}: {call} failed in an unknown way ({failed.kind}): {text}")


def last_words(lines: tuple[str, ...]) -> str:
    """The end of what a worker wrote, as part of one line; empty when it wrote nothing."""
    said = [line.strip() for line in lines if line.strip()]
    return "; it said last: " + " | ".join(said[-_LAST_LINES:]) if said else ""
