"""Events from the host to a plugin, and what a plugin asks of the host. Both ways nobody waits for the other."""

from __future__ import annotations

from abi.wire.message import Event, Payload, Reply, Request, message

__all__ = ["ControlAsked", "HostEventsTaken", "PushHostEvents"]


@message(90)
class HostEventsTaken(Reply):
    """The events wait for the plugin; to make room for them, ``lost`` were dropped that it had not read."""

    lost: int


@message(91)
class PushHostEvents(Request[HostEventsTaken]):
    """JSON texts for the plugin, oldest first. Answered by the control thread, whatever the plugin does."""

    texts: tuple[bytes, ...]


@message(92)
class ControlAsked(Event):
    """A request of the plugin, a JSON object, let through by the rights of ``LoadModule``.

    ``request`` is its number in this worker, from 1; what became of it is told by a host event.
    """

    instance: int
    request: int
    text: Payload
