"""Ids in an order that changes anywhere at once: a chain of neighbours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["LinkedOrder"]


class LinkedOrder:
    """Each id stands in it once. All but iteration takes the same time however many there are."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        # The end is a neighbour like the others, called None: behind the last comes the end, behind the end the first.
        self._after: dict[int | None, int | None] = {None: None}
        self._before: dict[int | None, int | None] = {None: None}
        for each in ids:
            self.insert(each)

    def __len__(self) -> int:
        return len(self._after) - 1

    def __contains__(self, each: int) -> bool:
        return each in self._after

    def __iter__(self) -> Iterator[int]:
        each = self._after[None]
        while each is not None:
            yield each
            each = self._after[each]

    @property
    def first(self) -> int | None:
        """None: there are none."""
        return self._after[None]

    @property
    def last(self) -> int | None:
        """None: there are none."""
        return self._before[None]

    def after(self, each: int) -> int | None:
        """Who comes next; None: it is the last."""
        return self._after[each]

    def before(self, each: int) -> int | None:
        """Who came before; None: it is the first."""
        return self._before[each]

    def insert(self, each: int, before: int | None = None) -> None:
        """A new one right before another; None: behind all."""
        ahead = self._before[before]
        self._after[ahead] = self._before[before] = each
        self._after[each], self._before[each] = before, ahead

    def discard(self, each: int) -> None:
        """It goes, if it is there."""
        if each in self._after:
            ahead, behind = self._before.pop(each), self._after.pop(each)
            self._after[ahead], self._before[behind] = behind, ahead
