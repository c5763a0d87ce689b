"""What a message is: an immutable record with a tag, and checks derived from its field types.

Field types are int, bool, float, str, bytes, ``Payload``, other messages' parts (``@part``), and ``tuple[T, ...]`` of
these. A packet carries fields in order, so that names cost nothing on the wire.

To type checkers records are frozen dataclasses. They are no real ones, because every start of a worker would pay for
the code that ``dataclasses`` compiles for each of some fifty classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import (
    Any,
    ClassVar,
    Generic,
    NewType,
    NoReturn,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from abi.wire.errors import PacketRefused

__all__ = ["Event", "Message", "Payload", "Record", "Reply", "Request", "message", "message_type", "part"]

#: Bytes that may be long (JSON, state, pictures): beyond a few KiB they travel as a sealed memfd beside the packet.
Payload = NewType("Payload", bytes)

MAX_TEXT = 4096
MAX_PAYLOAD = 16 << 20

Check = Callable[[object], object]
C = TypeVar("C", bound="Record")


class Record:
    """Named values in a fixed order, compared by value, never changed."""

    FIELDS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *values: object, **named: object) -> None:
        names = self.FIELDS
        if named:
            values += tuple(named.pop(name) for name in names[len(values) :] if name in named)
        if named or len(values) != len(names):
            raise TypeError(f"{type(self).__name__} takes exactly {', '.join(names) or 'nothing'}")
        self.__dict__.update(zip(names, values))  # noqa: B905  equal lengths: checked above

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


class Message(Record):
    """Base of all messages. ``TAG`` is the number on the wire."""

    TAG: ClassVar[int] = 0


class Reply(Message):
    """Answers a request."""


R_co = TypeVar("R_co", bound=Reply, covariant=True)


class Request(Message, Generic[R_co]):
    """Goes from host to worker; the type parameter names the reply, and so does ``REPLY`` at run time."""

    REPLY: ClassVar[type[Reply]]


class Event(Message):
    """Goes from worker to host on the event channel; nobody answers."""


R = TypeVar("R", bound=Record)
M = TypeVar("M", bound=Message)

_TYPES: dict[int, type[Message]] = {}
_CHECKS: dict[type, tuple[Check, ...]] = {}
#: What msgpack makes of honest fields, and which of these need a look beyond that.
_KINDS: dict[type, list[type]] = {}
_LEFT: dict[type, tuple[int, ...]] = {}


def _refuse(expected: str, value: object) -> PacketRefused:
    return PacketRefused(f"expected {expected}, found {type(value).__name__}")


def _check_int(value: object) -> object:
    if type(value) is not int:
        raise _refuse("an integer", value)
    return value


def _check_bool(value: object) -> object:
    if type(value) is not bool:
        raise _refuse("a boolean", value)
    return value


def _check_float(value: object) -> object:
    if type(value) is int:
        return float(value)
    if type(value) is not float:
        raise _refuse("a number", value)
    return value


def _check_text(value: object) -> object:
    if type(value) is not str:
        raise _refuse("text", value)
    if len(value) > MAX_TEXT or "\0" in value:
        raise PacketRefused(f"text of {len(value)} characters is too long, or holds a NUL")
    return value


def _check_bytes(value: object) -> object:
    if type(value) is not bytes:
        raise _refuse("bytes", value)
    return value


_SCALARS: dict[object, Check] = {
    int: _check_int,
    bool: _check_bool,
    float: _check_float,
    str: _check_text,
    bytes: _check_bytes,
    Payload: _check_bytes,
}


_BY_KIND: dict[Check, type] = {_check_int: int, _check_bool: bool, _check_float: float, _check_bytes: bytes}
_KIND_OF: dict[Check, type] = {**_BY_KIND, _check_text: str}


def _check_for(annotation: object) -> Check:
    scalar = _SCALARS.get(annotation)
    if scalar is not None:
        return scalar
    if get_origin(annotation) is tuple:
        inner = _check_for(get_args(annotation)[0])

        def check_tuple(value: object) -> object:
            if type(value) is not list:
                raise _refuse("a list", value)
            return tuple([inner(item) for item in value])

        return check_tuple
    if isinstance(annotation, type) and annotation in _CHECKS:

        def check_part(value: object) -> object:
            return build(annotation, value)

        return check_part
    raise TypeError(f"{annotation!r} cannot stand in a message")


def build(cls: type[C], values: object) -> C:
    """Makes an object of a message or part type from the list a packet held.

    Raises:
        PacketRefused: wrong number or types of fields.
    """
    checks, kinds, left = _CHECKS[cls], _KINDS[cls], _LEFT[cls]
    if type(values) is not list or len(values) != len(checks):
        raise PacketRefused(f"{cls.__name__} has {len(checks)} fields")
    if [*map(type, values)] == kinds:  # most of what there is to be checked, in one go
        for index in left:
            values[index] = checks[index](values[index])
    else:
        values = [check(value) for check, value in zip(checks, values)]  # noqa: B905  equal lengths: checked above
    built = cls.__new__(cls)
    built.__dict__.update(zip(cls.FIELDS, values))  # noqa: B905
    return built


def flatten(value: object) -> object:
    """The reverse of :func:`build`: plain lists for the encoder."""
    if isinstance(value, Record):
        return [flatten(item) for item in value.__dict__.values()]
    if type(value) is tuple:
        return [flatten(item) for item in value]
    return value


def payload_fields(cls: type) -> tuple[int, ...]:
    """Indices of the fields that may travel beside the packet."""
    return _PAYLOADS[cls]


_PAYLOADS: dict[type, tuple[int, ...]] = {}


_CLASS_LEVEL = {"FIELDS", "TAG", "REPLY"}


def _register(cls: type[R]) -> None:
    hints = get_type_hints(cls)
    names = tuple(name for name in hints if name not in _CLASS_LEVEL)
    cls.FIELDS = names
    _CHECKS[cls] = tuple(_check_for(hints[name]) for name in names)
    _KINDS[cls] = [_KIND_OF.get(check, list) for check in _CHECKS[cls]]
    _LEFT[cls] = tuple(index for index, check in enumerate(_CHECKS[cls]) if check not in _BY_KIND)
    _PAYLOADS[cls] = tuple(index for index, name in enumerate(names) if hints[name] is Payload)


@dataclass_transform(frozen_default=True)
def part(cls: type[R]) -> type[R]:
    """Declares a group of fields that messages contain."""
    _register(cls)
    return cls


@dataclass_transform(frozen_default=True)
def message(tag: int) -> Callable[[type[M]], type[M]]:
    """Declares a message with its number on the wire."""

    def declare(cls: type[M]) -> type[M]:
        _register(cls)
        if tag in _TYPES:
            raise TypeError(f"tag {tag} is taken by {_TYPES[tag].__name__}")
        cls.TAG = tag
        if issubclass(cls, Request):
            cls.REPLY = _reply_of(cls)
        _TYPES[tag] = cls
        return cls

    return declare


def _reply_of(cls: type[Any]) -> type[Reply]:
    for base in cls.__orig_bases__:
        if get_origin(base) is Request:
            reply: type[Reply] = get_args(base)[0]
            return reply
    raise TypeError(f"{cls.__name__} does not name its reply")


def message_type(tag: int) -> type[Message]:
    """Raises: PacketRefused for a number that no message has."""
    found = _TYPES.get(tag)
    if found is None:
        raise PacketRefused(f"no message has tag {tag}")
    return found
