"""Any sequence of wishes: the queue against lists that are walked through."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from host.playback import Entry, Input, Modes, Queue, Repeat

MODES = st.builds(Modes, st.sampled_from(Repeat), st.booleans(), st.booleans())
PICK = st.integers(0, 1 << 20)


class QueueMachine(RuleBasedStateMachine):
    """``ids``: the list as it must be. ``at``: the current one, or (underway without one) what comes behind the gap.

    A random order is taken from the queue itself, and checked for what it must hold.
    """

    @initialize(seed=PICK, modes=MODES)
    def begin(self, seed: int, modes: Modes) -> None:
        self.queue = Queue(Random(seed))
        self.queue.set_modes(modes)
        self.ids: list[int] = []
        self.current: int | None = None
        self.gap: int | None = None
        self.underway = False
        self.heard: set[int] = set()

    @rule(count=st.integers(1, 4), pick=PICK, where=st.sampled_from(["end", "before", "next"]))
    def add(self, count: int, pick: int, where: str) -> None:
        new = [Input(Path(str(each))) for each in range(count)]
        if where == "before" and self.ids:
            before = self.ids[pick % len(self.ids)]
            self._put(self.queue.add(new, before), self.ids.index(before))
        elif where == "next":
            following = self._after(self.current) if self.current else self.gap if self.underway else self._first()
            added = self.queue.add_next(new)
            self._put(added, len(self.ids) if following is None else self.ids.index(following))
            if self.underway and self.current is None:
                self.gap = added[0].id
            if not (self.queue.modes.repeat is Repeat.ONE and self.current):
                assert self.queue.following() == added[0]
        else:
            added = self.queue.add(new)
            self._put(added, len(self.ids))
            if self.underway and self.current is None and self.gap is None:
                self.gap = added[0].id

    def _put(self, added: tuple[Entry, ...], place: int) -> None:
        assert all(entry.id > max(self.ids, default=0) for entry in added)
        self.ids[place:place] = [entry.id for entry in added]

    @rule(picks=st.lists(PICK, min_size=1, max_size=4))
    def remove(self, picks: list[int]) -> None:
        gone = {self.ids[pick % len(self.ids)] for pick in picks} if self.ids else set()
        self.queue.remove(gone)
        for each in gone:
            self._drop(each)

    def _drop(self, each: int) -> None:
        if each == self.current:
            self.current, self.gap = None, self._after(each)
        elif each == self.gap:
            self.gap = self._after(each)
        self.ids.remove(each)
        self.heard.discard(each)

    @rule(picks=st.lists(PICK, min_size=1, max_size=4), pick=PICK, end=st.booleans())
    def move(self, picks: list[int], pick: int, end: bool) -> None:
        if not self.ids:
            return
        moved = list(dict.fromkeys(self.ids[each % len(self.ids)] for each in picks))
        before = None if end else self.ids[pick % len(self.ids)]
        self.queue.move(moved, before)
        stay = [each for each in self.ids if each not in moved]
        behind = [] if before is None else [each for each in self.ids[self.ids.index(before) :] if each not in moved]
        if self.gap in moved:
            self.gap = next((each for each in self.ids[self.ids.index(self.gap) :] if each not in moved), None)
        place = stay.index(behind[0]) if behind else len(stay)
        self.ids = [*stay[:place], *moved, *stay[place:]]

    @rule(modes=MODES)
    def modes(self, modes: Modes) -> None:
        if modes.shuffle != self.queue.modes.shuffle:
            self.heard = {self.current} if self.current and modes.shuffle else set()
        self.queue.set_modes(modes)

    @rule()
    def advance(self) -> None:
        following = self.queue.following()
        if not (self.queue.modes.repeat is Repeat.ONE and self.current):
            self._onward(following)
        elif following is not None:
            assert following.id == self.current
        assert self.queue.advance() == following

    @rule()
    def skip(self) -> None:
        repeat = self.queue.modes.repeat
        unrepeated = repeat is Repeat.ONE and self.current is not None
        following = None if unrepeated else self.queue.following()
        stepped = self.queue.step(+1)
        assert unrepeated or stepped == following
        self._onward(stepped)

    def _onward(self, onward: Entry | None) -> None:
        """What the queue goes on with must be right, in the list or in its random order."""
        modes, leaving = self.queue.modes, self.current
        anew = modes.repeat is Repeat.ALL or not self.underway
        if modes.shuffle:
            rest = set(self.ids) - self.heard - {leaving}
            if rest:
                assert onward is not None
                assert onward.id in rest
            elif onward is not None:
                assert anew
                assert onward.id != leaving or len(self.ids) == 1
                self.heard = set()
        else:
            expected = self._after(leaving) if leaving else self.gap
            if expected is None and anew:
                expected = self._first()
            if expected == leaving and modes.consume:
                expected = None
            assert (onward and onward.id) == expected
        if modes.consume and leaving is not None:
            self._drop(leaving)
        self._at(onward.id if onward else None)

    @rule()
    def back(self) -> None:
        if self.queue.modes.shuffle:
            leaving, earlier = self.current, self.queue.step(-1)
            if earlier is not None and earlier.id != leaving:
                self.heard.discard(leaving or 0)
                self._at(earlier.id)
                if leaving is not None and self.queue.modes.repeat is not Repeat.ONE:
                    assert self.queue.following() == self.queue.entry(leaving)
            return
        here = self.current or self.gap
        place = self.ids.index(here) if here else len(self.ids)
        wraps = self.queue.modes.repeat is Repeat.ALL and self.ids
        expected = self.ids[place - 1] if place or wraps else None
        earlier = self.queue.step(-1)
        assert (earlier and earlier.id) == expected
        if expected is not None:
            self._at(expected)

    @rule(pick=PICK)
    def goto(self, pick: int) -> None:
        if self.ids:
            target = self.ids[pick % len(self.ids)]
            assert self.queue.goto(target).id == target
            self._at(target)

    @rule(pick=PICK)
    def fail(self, pick: int) -> None:
        if self.ids:
            each = self.ids[pick % len(self.ids)]
            self.queue.failed(each, "no")
            assert self.queue.entry(each).trouble == "no"

    @rule(seed=PICK)
    def restart(self, seed: int) -> None:
        """A queue that is given the snapshot of another goes on in its place."""
        following = self.queue.following()
        state = self.queue.snapshot()
        self.queue = Queue(Random(seed))
        self.queue.restore(state)
        assert self.queue.following() == following
        assert self.queue.version == state.version + 1
        assert self.queue.snapshot().shuffle == state.shuffle

    def _at(self, each: int | None) -> None:
        self.current, self.gap, self.underway = each, None, each is not None
        if each is not None:
            self.heard.add(each)

    def _first(self) -> int | None:
        return self.ids[0] if self.ids else None

    def _after(self, each: int | None) -> int | None:
        place = self.ids.index(each) + 1 if each else 0
        return self.ids[place] if place < len(self.ids) else None

    @invariant()
    def same(self) -> None:
        assert [entry.id for entry in self.queue.entries] == self.ids
        current = self.queue.current
        assert (current and current.id) == self.current

    @invariant()
    def every_entry_is_in_one_place_of_the_random_order(self) -> None:
        shuffle = self.queue.snapshot().shuffle
        if shuffle is not None:
            others = [each for each in self.ids if each != self.current]
            assert sorted((*shuffle.played, *shuffle.promised, *shuffle.ahead)) == sorted(others)
            assert set(shuffle.bygone) <= set(self.ids)


QueueMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestQueue = QueueMachine.TestCase
