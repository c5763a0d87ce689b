"""Messages to packets and back. Everything a peer sends is checked here before objects are built.

A packet is one msgpack array ``[tag, request id, generation, fields]`` of at most ``MAX_PACKET`` bytes. Long payload
fields travel as sealed memfds behind the packet's other descriptors; in the packet their place holds an index.
"""

from __future__ import annotations

from typing import NamedTuple

import msgpack

from abi.wire import _scan
from abi.wire.errors import MessageTooLarge, PacketRefused
from abi.wire.message import MAX_PAYLOAD, Message, build, flatten, message_type, payload_fields
from abi.wire.payload import close_fds, read_payload, write_payload

__all__ = ["MAX_DEPTH", "MAX_FDS", "MAX_ITEMS", "MAX_PACKET", "Packet", "decode", "encode"]

MAX_PACKET = 64 << 10
MAX_DEPTH = 8
MAX_ITEMS = 4096
MAX_FDS = 32
_INLINE_PAYLOAD = 8 << 10

_SCAN_TEXT = {
    1: "it is cut short",
    2: f"it is nested deeper than {MAX_DEPTH}",
    3: f"it holds more than {MAX_ITEMS} items",
    4: "it holds a type that this wire does not use",
    5: "bytes follow the message",
    6: "it holds a number that is not finite",
}


class Packet(NamedTuple):
    """A decoded message, its request (0 for events), the sender's generation, and the descriptors that came."""

    message: Message
    request_id: int
    generation: int
    fds: tuple[int, ...] = ()


def encode(message: Message, request_id: int, generation: int) -> tuple[bytes, list[int]]:
    """The packet's bytes and the memfds made for long payloads, which the caller sends after its own and then closes.

    Raises:
        MessageTooLarge: the message is beyond a limit of the wire, so that any peer would refuse it.
    """
    values = flatten(message)
    assert isinstance(values, list)
    made: list[int] = []
    try:
        for index in payload_fields(type(message)):
            data = values[index]
            if len(data) > MAX_PAYLOAD:
                raise MessageTooLarge(f"{type(message).__name__}: a payload of {len(data)} bytes is over {MAX_PAYLOAD}")
            if len(data) > _INLINE_PAYLOAD:
                made.append(write_payload(data))
                values[index] = len(made) - 1
        packed = _pack(message, [message.TAG, request_id, generation, values])
        if len(packed) > MAX_PACKET:
            raise MessageTooLarge(f"{type(message).__name__}: a packet of {len(packed)} bytes is over {MAX_PACKET}")
        verdict = _scan.lib.st_wire_scan(packed, len(packed), MAX_DEPTH, MAX_ITEMS)
        if verdict:
            raise MessageTooLarge(f"{type(message).__name__} would be refused: {_SCAN_TEXT[verdict]}")
    except BaseException:
        close_fds(made)
        raise
    return packed, made


def _pack(message: Message, values: list[object]) -> bytes:
    try:
        packed: bytes = msgpack.packb(values, use_bin_type=True)
    except (OverflowError, UnicodeEncodeError) as error:
        raise MessageTooLarge(f"{type(message).__name__} cannot be written: {error}") from error
    return packed


def decode(data: bytes, fds: tuple[int, ...] = ()) -> Packet:
    """Checks and builds what a peer sent. The caller owns ``fds`` until this returns; afterwards those that carried
    payloads are closed and left out of the packet's.

    Raises:
        PacketRefused: anything about the packet is wrong; the descriptors are still the caller's.
    """
    if len(data) > MAX_PACKET:
        raise PacketRefused(f"a packet of {len(data)} bytes is over {MAX_PACKET}")
    verdict = _scan.lib.st_wire_scan(data, len(data), MAX_DEPTH, MAX_ITEMS)
    if verdict:
        raise PacketRefused(f"packet of {len(data)} bytes: {_SCAN_TEXT[verdict]}")
    try:
        outer = msgpack.unpackb(data, raw=False, use_list=True)
    except (ValueError, msgpack.exceptions.UnpackException) as error:
        raise PacketRefused(f"packet of {len(data)} bytes: {error}") from error
    if type(outer) is not list or len(outer) != 4:
        raise PacketRefused("a packet is a list of tag, request id, generation and fields")
    tag, request_id, generation, values = outer
    if type(tag) is not int or type(request_id) is not int or type(generation) is not int:
        raise PacketRefused("tag, request id and generation are integers")
    if request_id < 0 or generation < 0:
        raise PacketRefused("request id and generation are not negative")
    cls = message_type(tag)
    carried = _take_payloads(cls, values, fds) if payload_fields(cls) else 0
    built = build(cls, values)
    if carried:
        close_fds(list(fds[-carried:]))
        fds = fds[:-carried]
    return Packet(built, request_id, generation, fds)


def _take_payloads(cls: type[Message], values: object, fds: tuple[int, ...]) -> int:
    """Replaces payload indices by the bytes of their memfds, which are the packet's last descriptors; says how many."""
    if type(values) is not list:
        return 0
    places = [index for index in payload_fields(cls) if index < len(values) and type(values[index]) is int]
    first = len(fds) - len(places)
    for count, index in enumerate(places):
        if first < 0 or values[index] != count:
            raise PacketRefused(f"{cls.__name__}: a payload's descriptor is missing")
        values[index] = read_payload(fds[first + count], MAX_PAYLOAD)
    return len(places)
