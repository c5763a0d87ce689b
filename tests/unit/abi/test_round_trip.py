"""Every message comes out of a packet as it went in, long payloads beside it included."""

from __future__ import annotations

import os
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abi.wire import (
    MAX_PACKET,
    Json,
    Message,
    MessageTooLarge,
    Payload,
    PluginLog,
    SetVolume,
    decode,
    encode,
)
from abi.wire import message as wire_message

TYPES = sorted(wire_message._TYPES.values(), key=lambda cls: cls.TAG)
INLINE = 8 << 10

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**64 - 1),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: TEXT,
    bytes: st.binary(max_size=60),
    Payload: st.one_of(st.binary(max_size=60), st.just(b"x" * INLINE), st.just(b"y" * (INLINE + 1))),
}
NESTED: dict[object, st.SearchStrategy[Any]] = {**SCALARS, Payload: st.binary(max_size=60)}


def values(annotation: object, scalars: dict[object, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    if annotation in scalars:
        return scalars[annotation]
    if get_origin(annotation) is tuple:
        return st.lists(values(get_args(annotation)[0], NESTED), max_size=4).map(tuple)
    assert isinstance(annotation, type)
    return instances(annotation, NESTED)


def instances(
    cls: type[wire_message.Record], scalars: dict[object, st.SearchStrategy[Any]] = SCALARS
) -> st.SearchStrategy[Any]:
    return st.builds(cls, **{name: values(hint, scalars) for name, hint in fields_of(cls).items()})


def fields_of(cls: type[wire_message.Record]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {name: hints[name] for name in cls.FIELDS}


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: cls.__name__)
@given(data=st.data(), request_id=st.integers(0, 2**63), generation=st.integers(0, 2**63))
@settings(max_examples=25, deadline=None)
def test_round_trip(cls: type[Message], data: st.DataObject, request_id: int, generation: int) -> None:
    message = data.draw(instances(cls))
    packed, fds = encode(message, request_id, generation)
    assert len(packed) <= MAX_PACKET
    packet = decode(packed, tuple(fds))
    assert (packet.message, packet.request_id, packet.generation, packet.fds) == (message, request_id, generation, ())
    assert type(packet.message) is cls


@pytest.mark.parametrize("size", [0, 1, INLINE, INLINE + 1, 1 << 20, 16 << 20])
def test_payload_of_any_allowed_size(size: int) -> None:
    data = os.urandom(1024) * (size // 1024 + 1)
    message = Json(Payload(data[:size]))
    packed, fds = encode(message, 1, 1)
    assert len(fds) == (size > INLINE)
    assert decode(packed, tuple(fds)).message == message


def test_other_descriptors_stay_the_callers() -> None:
    packed, made = encode(Json(Payload(b"z" * 9000)), 1, 1)
    other = os.open(os.devnull, os.O_RDONLY)
    packet = decode(packed, (other, *made))
    assert packet.fds == (other,)
    os.close(other)


def test_too_large_a_payload_is_not_sent() -> None:
    with pytest.raises(MessageTooLarge, match="payload"):
        encode(Json(Payload(bytes((16 << 20) + 1))), 1, 1)


def test_too_large_a_packet_is_not_sent() -> None:
    with pytest.raises(MessageTooLarge, match="packet"):
        encode(PluginLog(1, 3, "x" * MAX_PACKET), 1, 1)


def test_nothing_is_sent_that_a_peer_must_refuse() -> None:
    with pytest.raises(MessageTooLarge, match="not finite"):
        encode(SetVolume(1, float("nan"), 0), 1, 1)
    with pytest.raises(MessageTooLarge, match="items"):
        encode(wire_message.message_type(1)(1, 6, 1, (1,) * 5000), 1, 1)  # HelloReply
