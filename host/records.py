"""Frozen records with slots, as ``dataclasses`` has them, but without code that is compiled for each class.

A host has some hundred and fifty of them. The standard decorator writes and compiles six functions for each, which is a
third of what the import of the host costs, and so of the time until the first sound. Only for a class of which many are
made is the first of these functions compiled after all.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar, NoReturn, TypeVar, dataclass_transform

__all__ = ["record"]

T = TypeVar("T")

_put = object.__setattr__


class _Record:
    """What all records do; here for its functions, nobody inherits it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __init__(self, *args: object, **named: object) -> None:
        cls = type(self)
        kinds = _kinds(cls)
        made = _made[cls] = _made.get(cls, 0) + 1
        if made >= _MANY:
            cls.__init__ = _compiled(cls)  # type: ignore[method-assign]  # of this class alone
        if len(args) > len(kinds):
            raise TypeError(f"{type(self).__name__} takes {len(kinds)} values, not {len(args)}")
        for (name, _, _), value in zip(kinds, args, strict=False):
            if name in named:
                raise TypeError(f"{type(self).__name__} got two values for {name}")
            _put(self, name, value)
        for name, default, factory in kinds[len(args) :]:
            if name in named:
                _put(self, name, named.pop(name))
            elif default is not MISSING:
                _put(self, name, default)
            elif factory is not MISSING:
                _put(self, name, factory())
            else:
                raise TypeError(f"{type(self).__name__} needs a value for {name}")
        if named:
            raise TypeError(f"{type(self).__name__} has no {', '.join(named)}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(_values(self) == _values(other))

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
        return f"{type(self).__name__}({values})"

    def __getstate__(self) -> list[object]:
        return [getattr(self, name) for name in self.__dataclass_fields__]

    def __setstate__(self, state: list[object]) -> None:
        for name, value in zip(self.__dataclass_fields__, state, strict=True):
            _put(self, name, value)

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED = (
    "__init__",
    "__eq__",
    "__hash__",
    "__repr__",
    "__getstate__",
    "__setstate__",
    "__setattr__",
    "__delattr__",
)
_bare = dataclass(init=False, repr=False, eq=False, slots=True)
_known_kinds: dict[type, tuple[tuple[str, Any, Any], ...]] = {}
_made: dict[type, int] = {}
#: From so many of one class on it is worth while.
_MANY = 500
_known_values: dict[type, Any] = {}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """The class as a frozen record: as ``dataclass(frozen=True, slots=True)`` makes it, to whoever uses it."""
    made = _bare(cls)
    for name in _SHARED:
        if name not in cls.__dict__ or name == "__hash__":
            setattr(made, name, getattr(_Record, name))
    return made


def _kinds(cls: Any) -> tuple[tuple[str, Any, Any], ...]:  # noqa: ANN401  a record's class
    """Name, default and factory of each field, in order; made when the first of its kind is."""
    known = _known_kinds.get(cls)
    if known is None:
        known = tuple((each.name, each.default, each.default_factory) for each in fields(cls))
        _known_kinds[cls] = known
    return known


def _compiled(cls: Any) -> Any:  # noqa: ANN401  a record's class
    """Its ``__init__``, which takes what the slow one takes, in a quarter of the time."""
    scope: dict[str, Any] = {"MISSING": MISSING}
    parameters, lines = ["self"], []
    for name, default, factory in _kinds(cls):
        scope |= {f"_set_{name}": getattr(cls, name).__set__, f"_default_{name}": default, f"_make_{name}": factory}
        needed = default is MISSING and factory is MISSING
        parameters.append(name if needed else f"{name}=_default_{name}")
        value = name if factory is MISSING else f"_make_{name}() if {name} is MISSING else {name}"
        lines.append(f" _set_{name}(self, {value})\n")
    exec(f"def __init__({', '.join(parameters)}):\n{''.join(lines) or ' pass'}", scope)  # names of fields
    return scope["__init__"]


def _values(made: object) -> Any:  # noqa: ANN401  whatever the fields hold
    """What two records are compared by."""
    cls: Any = type(made)
    getter = _known_values.get(cls)
    if getter is None:
        names = [each.name for each in fields(cls) if each.compare]
        getter = _known_values[cls] = attrgetter(*names) if names else lambda _: ()
    return getter(made)
