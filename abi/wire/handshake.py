"""First words between host and worker: who is there, and do both sides speak the same."""

from __future__ import annotations

from abi.wire.message import Reply, Request, message

__all__ = ["EXIT_HOST_LOST", "WIRE_VERSION", "Hello", "HelloReply", "Ping", "Pong"]

#: Rises with every change of any message.
WIRE_VERSION = 8

#: How a worker ends that believes its host gone.
EXIT_HOST_LOST = 68


@message(1)
class HelloReply(Reply):
    """``struct_sizes``: bytes of what both sides map, so that two builds that differ are found out at once."""

    wire_version: int
    api_version: int
    pid: int
    struct_sizes: tuple[int, ...]


@message(2)
class Hello(Request[HelloReply]):
    """Descriptor 0 is the status page, 1 the eventfd to ring in a crash.

    ``plugin_id`` and ``role`` name the process for people.
    """

    wire_version: int
    api_version: int
    plugin_id: str
    role: str


@message(3)
class Pong(Reply):
    """The control thread is alive."""


@message(4)
class Ping(Request[Pong]):
    """Asks the control thread, not a lane."""
