"""How a request fails: one reply for all of them."""

from __future__ import annotations

from enum import IntEnum

from abi.wire.message import Reply, message

__all__ = ["Failed", "FaultKind"]


class FaultKind(IntEnum):
    """Whose doing it was, which decides what the host does about it."""

    PLUGIN = 1  # the plugin said no, in an orderly way
    LOAD = 2  # the library cannot be loaded, or its tables are wrong
    INCOMPATIBLE = 3  # another api_version or wire version; never counted as a fault
    CONTRACT = 4  # the plugin broke the contract in a call (frames over the buffer, bad UTF-8, ...)
    MISUSE = 5  # the request makes no sense now: unknown instance, not open, already attached
    INTERNAL = 6  # our own worker failed
    CONCURRENT = 7  # the instance is in a call: a second one was kept from it


@message(9)
class Failed(Reply):
    """``code`` is the plugin's StStatus code where there is one, else 0. ``call`` names what was being done."""

    kind: int
    code: int
    call: str
    text: str
