"""Records are what frozen dataclasses with slots are, to whoever makes, compares, shows or copies one."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from host.records import record


def make(decorate: Callable[[type], type]) -> Any:  # noqa: ANN401  one class, made in two ways
    @decorate
    class Point:
        """A place."""

        x: int
        y: int = 2
        names: list[str] = field(default_factory=list)
        secret: str = field(default="", compare=False, repr=False)

        @property
        def sum(self) -> int:
            return self.x + self.y

    return Point


def worn(kind: Any) -> Any:  # noqa: ANN401
    """One of which many were made already."""
    slow = kind.__init__
    for _ in range(1000):
        kind(1)
    assert kind.__init__ is not slow
    return kind


KINDS = [make(record), worn(make(record)), make(dataclass(frozen=True, slots=True))]


@pytest.mark.parametrize("kind", KINDS, ids=["ours", "ours of many", "theirs"])
def test_they_are_alike(kind: Any) -> None:  # noqa: ANN401
    point = kind(1)
    assert (point.x, point.y, point.names, point.secret, point.sum) == (1, 2, [], "", 3)
    assert kind(1, 2) == kind(x=1) and kind(1) != kind(2) and kind(1) != (1, 2, [])
    assert kind(1, secret="a") == kind(1, secret="b")
    assert replace(point, y=5) == kind(1, 5) and copy(point) == point
    assert asdict(point) == {"x": 1, "y": 2, "names": [], "secret": ""}
    assert [each.name for each in fields(point)] == ["x", "y", "names", "secret"]
    assert kind.__match_args__ == ("x", "y", "names", "secret")
    assert not hasattr(point, "__dict__")
    assert kind(1).names is not kind(1).names
    few: tuple[object, ...] = ()
    for wrong in (few, (1, 2, [], "", 5)):
        with pytest.raises(TypeError):
            kind(*wrong)
    for named in ({"x": 1, "z": 1}, {"y": 1}):
        with pytest.raises(TypeError):
            kind(**named)
    with pytest.raises(TypeError):
        kind(1, x=1)
    with pytest.raises((FrozenInstanceError, TypeError)):
        point.x = 2
    with pytest.raises((FrozenInstanceError, TypeError)):
        del point.x
    assert point.x == 1


def test_equal_ones_hash_alike_and_say_what_they_are() -> None:
    @record
    class Pair:
        a: int
        b: str = "x"

    assert len({Pair(1), Pair(1, "x"), Pair(2)}) == 2
    assert repr(Pair(1)) == "Pair(a=1, b='x')"


def test_one_that_inherits_has_both() -> None:
    @record
    class Base:
        a: int

    @record
    class More(Base):
        b: int = 3

    assert (More(1).a, More(1).b, More(1) == More(1, 3), More(1) == Base(1)) == (1, 3, True, False)


def test_a_class_keeps_what_it_says_itself() -> None:
    @record
    class Own:
        a: int

        def __repr__(self) -> str:
            return "own"

    assert repr(Own(1)) == "own"
