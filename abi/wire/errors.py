"""What can be wrong with a packet.

WireError
    PacketRefused    bytes from the peer that are no message of this wire: the peer is at fault
    MessageTooLarge  a message of our own that fits neither a packet nor a payload, or that a peer would refuse
"""

from __future__ import annotations

__all__ = ["MessageTooLarge", "PacketRefused", "WireError"]


class WireError(Exception):
    """Base of this room's exceptions."""


class PacketRefused(WireError):
    """The peer sent something that is no message; its channel must not be read any further."""


class MessageTooLarge(WireError):
    """A message cannot be sent because a part of it is beyond the limits of the wire."""
