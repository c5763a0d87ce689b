"""The order of play while it is random: each once before any twice. Pure.

A round is over when each was played; the next is opened by another than the last one, and the one who opens it stays
the same from when it is first asked for. Whoever was put next comes before the random rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from host.playback.linked_order import LinkedOrder
from host.records import record

__all__ = ["Shuffle", "ShuffleState"]


class _RandomOrder:
    """Ids in a random order. The next stands first; the last takes the place of whoever goes, which keeps it random."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self.ids = list(ids)
        self._places = {each: place for place, each in enumerate(self.ids)}

    def __contains__(self, each: int) -> bool:
        return each in self._places

    @property
    def next(self) -> int | None:
        return self.ids[0] if self.ids else None

    @property
    def last(self) -> int | None:
        """Who comes after all others."""
        return self.ids[min(1, len(self.ids) - 1)] if self.ids else None

    def add(self, each: int, random: Random) -> None:
        """At a random place: it takes that of another, who goes to the end."""
        place = random.randrange(len(self.ids) + 1)
        self.ids.append(each)
        self._put(self.ids[place], len(self.ids) - 1)
        self._put(each, place)

    def discard(self, each: int) -> None:
        if each in self._places:
            place, last = self._places.pop(each), self.ids.pop()
            if last != each:
                self._put(last, place)

    def _put(self, each: int, place: int) -> None:
        self.ids[place] = each
        self._places[each] = place


@record
class ShuffleState:
    """All there is to know of a shuffle, but for its dice."""

    played: tuple[int, ...] = ()
    promised: tuple[int, ...] = ()
    ahead: tuple[int, ...] = ()
    bygone: tuple[int, ...] = ()
    opening: int | None = None


NOT_BEGUN = ShuffleState()


class Shuffle:
    """Each entry but the current one was played in this round, is promised as one of the next, or is ahead."""

    def __init__(self, random: Random, state: ShuffleState = NOT_BEGUN) -> None:
        self._random = random
        self._played = LinkedOrder(state.played)
        self._promised = LinkedOrder(state.promised)
        self._ahead = _RandomOrder(state.ahead)
        self._bygone = LinkedOrder(state.bygone)
        self._opening = state.opening

    @property
    def state(self) -> ShuffleState:
        """To go on exactly so later."""
        orders = (self._played, self._promised, self._ahead.ids, self._bygone)
        played, promised, ahead, bygone = (tuple(order) for order in orders)
        return ShuffleState(played, promised, ahead, bygone, self._opening)

    @property
    def next(self) -> int | None:
        """Who comes next in this round; None: it is over."""
        first = self._promised.first
        return self._ahead.next if first is None else first

    def opening(self, current: int | None) -> int | None:
        """Who opens the next round, once this one is over; not the last of this one, unless it is alone."""
        last = self._played.last if current is None else current
        if self._opening is None or self._opening == last or self._opening not in self._played:
            others = [each for each in self._played if each != last]
            self._opening = self._random.choice(others) if others else last
        return self._opening

    def add(self, each: int) -> None:
        """A new one, at a random place among those that are ahead."""
        self._ahead.add(each, self._random)

    def promise(self, each: int, after: int | None = None) -> None:
        """A new one that comes next; right after another promised one, if one is named."""
        self._promised.insert(each, self._promised.first if after is None else self._promised.after(after))

    def is_promised(self, each: int) -> bool:
        """Whether it was put next."""
        return each in self._promised

    def remove(self, each: int) -> None:
        """It is no more."""
        self._take(each)
        self._bygone.discard(each)

    def forward(self, current: int | None) -> int | None:
        """The current one was played; gives who is next, taken out. None: the round is over."""
        if current is not None:
            self._played.insert(current)
        following = self.next
        if following is not None:
            self._take(following)
        return following

    def begin_round(self) -> int | None:
        """After a round that is over; gives who opens the new one, taken out."""
        first = self.opening(None)
        self._bygone, self._played = self._played, LinkedOrder()
        rest = [each for each in self._bygone if each != first]
        self._random.shuffle(rest)
        self._ahead = _RandomOrder(rest)
        self._opening = None
        return first

    def back(self, current: int | None, *, wraps: bool) -> int | None:
        """Who was played before, of the round before this one, too; taken out, and the current one comes right after.

        ``wraps``: before the first comes the last of those ahead, or the current one if it is alone. None: there is no
        way back.
        """
        earlier = self._played.last
        while earlier is None and self._bygone.last is not None:
            last = self._bygone.last
            self._bygone.discard(last)
            earlier = None if last == current else last
        if earlier is None and wraps:
            earlier = self._promised.last if self._ahead.last is None else self._ahead.last
        if earlier is None:
            return current if wraps else None
        self._take(earlier)
        if current is not None:
            self.promise(current)
        return earlier

    def go_to(self, target: int, current: int | None) -> None:
        """To any other one, which is taken out; the current one was played."""
        self._take(target)
        if current is not None:
            self._played.insert(current)

    def _take(self, each: int) -> None:
        self._played.discard(each)
        self._promised.discard(each)
        self._ahead.discard(each)
