"""What is to be played, and in which order: entries, modes, and the one that is current. Pure.

Whoever plays asks: ``current``, ``following`` for what comes by itself, ``advance`` when it does, ``step`` and ``goto``
for the user's wishes. Whoever edits asks nobody: each change raises ``version`` and is told to who subscribed.

When the current entry is removed, nothing is current and the queue stands right before the entry that would have
followed; ``following`` and ``advance`` go on from there. Before it began and after it ended the queue is at rest:
nothing is current, and what follows is its begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

from host.errors import NotFound
from host.playback.inputs import Input
from host.playback.linked_order import LinkedOrder
from host.playback.queue_state import Entry, Modes, QueueState, Repeat
from host.playback.shuffle import Shuffle, ShuffleState

__all__ = ["Queue"]


class Queue:
    """Belongs to one thread. Editing takes time for what is edited, not for what is there; so does going on."""

    _version: int
    _next_id: int
    _entries: dict[int, Entry]
    _order: LinkedOrder
    _listed: tuple[Entry, ...] | None
    _modes: Modes
    _current: int | None
    _stands_before: int | None
    _underway: bool
    _shuffle: Shuffle | None

    def __init__(self, random: Random | None = None) -> None:
        self._random = Random() if random is None else random
        self._listeners: list[Callable[[], None]] = []
        self._set(QueueState())

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Called after each change, on the thread that made it."""
        self._listeners.append(listener)

    @property
    def version(self) -> int:
        """Rises with each change."""
        return self._version

    @property
    def modes(self) -> Modes:
        """How the order of play is made."""
        return self._modes

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All, in the order of the list."""
        if self._listed is None:
            self._listed = tuple(self._entries[each] for each in self._order)
        return self._listed

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, entry_id: int) -> Entry:
        """The one of that id. Raises: NotFound."""
        found = self._entries.get(entry_id)
        if found is None:
            raise NotFound(f"no entry {entry_id} in the queue", remedy="see `stellatune queue list`")
        return found

    @property
    def current(self) -> Entry | None:
        """What is played, or would be; None: at rest, or its entry was removed."""
        return self._maybe(self._current)

    def following(self) -> Entry | None:
        """What comes by itself after the current one; None: nothing, the queue ends."""
        return self._maybe(self._by_itself())

    def advance(self) -> Entry | None:
        """To what comes by itself; gives it. None: the queue ended, and is at rest."""
        following = self._by_itself()
        if following is None or following != self._current:
            self._go_forward(following)
        return self.current

    def step(self, by: int) -> Entry | None:
        """One on (+1) or back (-1) because the user says so, whatever is repeated; gives the new current one.

        None: there is no such one. On: the queue ended. Back: nothing moved, and nothing is consumed.
        """
        if by > 0:
            self._go_forward(self._onward())
            return self.current
        shuffle, wraps = self._shuffle, self._modes.repeat is Repeat.ALL
        earlier = self._listed_before(wraps=wraps) if shuffle is None else shuffle.back(self._current, wraps=wraps)
        if earlier is None or earlier == self._current:
            return self._maybe(earlier)
        self._make_current(earlier)
        return self.current

    def goto(self, entry_id: int) -> Entry:
        """To this one; what was current stays in the queue. Raises: NotFound."""
        entry = self.entry(entry_id)
        if entry_id != self._current:
            if self._shuffle is not None:
                self._shuffle.go_to(entry_id, self._current)
            self._make_current(entry_id)
        return entry

    def failed(self, entry_id: int, reason: str) -> None:
        """Marks it as one that could not be played; without a reason: it could. It may be gone already."""
        entry = self._entries.get(entry_id)
        if entry is not None and entry.trouble != reason:
            self._entries[entry_id] = replace(entry, trouble=reason)
            self._changed()

    def add(self, inputs: Iterable[Input], before: int | None = None) -> tuple[Entry, ...]:
        """New entries right before another one, or behind all. Those refused are marked. Raises: NotFound."""
        if before is not None:
            self.entry(before)
        added = self._insert(inputs, before)
        if self._shuffle is not None:
            for each in added:
                self._shuffle.add(each.id)
        if before is None and added and self._underway and self._current is None and self._stands_before is None:
            self._stands_before = added[0].id
        self._changed()
        return added

    def add_next(self, inputs: Iterable[Input], after: int | None = None) -> tuple[Entry, ...]:
        """New entries that come next, shuffled or not; ``after``: right after one that was added so. Raises: NotFound.

        An ``after`` that comes in its random turn is followed by them in the list only.
        """
        if after is not None:
            self.entry(after)
        behind = self._current if after is None else after
        at_rest = self._order.first if not self._underway else self._stands_before
        added = self._insert(inputs, at_rest if behind is None else self._order.after(behind))
        if added and behind is None and self._underway:
            self._stands_before = added[0].id
        self._promise(added, behind)
        self._changed()
        return added

    def remove(self, ids: Iterable[int]) -> None:
        """These go. Raises: NotFound: none went."""
        for each in [self.entry(entry_id).id for entry_id in ids]:
            self._drop(each)
        self._changed()

    def move(self, ids: Iterable[int], before: int | None = None) -> None:
        """These, in this order, right before another one, or behind all; a random order stays. Raises: NotFound."""
        moved = list(dict.fromkeys(self.entry(entry_id).id for entry_id in ids))
        if before is not None:
            self.entry(before)
        moving = set(moved)
        while before in moving:
            before = self._order.after(before)
        while self._stands_before in moving:
            self._stands_before = self._order.after(self._stands_before)
        for each in moved:
            self._order.discard(each)
            self._order.insert(each, before)
        self._changed()

    def clear(self) -> None:
        """All go."""
        self.replace_all(())

    def replace_all(self, inputs: Iterable[Input]) -> tuple[Entry, ...]:
        """All go, and these come; the queue is at rest."""
        fresh = QueueState(version=self._version, next_id=self._next_id, modes=replace(self._modes, shuffle=False))
        shuffled = self._modes.shuffle
        self._set(fresh)
        added = self._insert(inputs, None)
        self._set_shuffle(on=shuffled)
        self._changed()
        return added

    def set_modes(self, modes: Modes) -> None:
        """From now on. When shuffle begins, all but the current entry are ahead."""
        if modes == self._modes:
            return
        if modes.shuffle != self._modes.shuffle:
            self._set_shuffle(on=modes.shuffle)
        self._modes = modes
        self._changed()

    def snapshot(self) -> QueueState:
        """To go on exactly so later."""
        return QueueState(
            self._version,
            self._next_id,
            self.entries,
            self._modes,
            self._current,
            self._stands_before,
            self._underway,
            None if self._shuffle is None else self._shuffle.state,
        )

    def restore(self, state: QueueState) -> None:
        """Becomes what a snapshot holds; the version rises all the same. Subscribers stay."""
        version = max(self._version, state.version)
        self._set(replace(state, version=version))
        self._changed()

    def _set(self, state: QueueState) -> None:
        self._version = state.version
        self._next_id = state.next_id
        self._entries = {each.id: each for each in state.entries}
        self._order = LinkedOrder(self._entries)
        self._modes = state.modes
        self._current = state.current
        self._stands_before = state.stands_before
        self._underway = state.underway
        self._shuffle = None if state.shuffle is None else Shuffle(self._random, state.shuffle)
        self._listed = None

    def _set_shuffle(self, *, on: bool) -> None:
        self._shuffle = None
        self._modes = replace(self._modes, shuffle=on)
        if on:
            rest = [each for each in self._order if each != self._current]
            self._random.shuffle(rest)
            self._shuffle = Shuffle(self._random, ShuffleState(ahead=tuple(rest)))

    def _changed(self) -> None:
        self._version += 1
        self._listed = None
        for listener in self._listeners:
            listener()

    def _maybe(self, entry_id: int | None) -> Entry | None:
        return None if entry_id is None else self._entries[entry_id]

    def _insert(self, inputs: Iterable[Input], before: int | None) -> tuple[Entry, ...]:
        added = []
        for each in inputs:
            trouble = "" if each.refused is None else str(each.refused)
            entry = Entry(self._next_id, each.where, each.excerpt, each.hints, trouble)
            self._next_id += 1
            self._entries[entry.id] = entry
            self._order.insert(entry.id, before)
            added.append(entry)
        return tuple(added)

    def _promise(self, added: tuple[Entry, ...], behind: int | None) -> None:
        shuffle = self._shuffle
        if shuffle is None:
            return
        if behind is not None and behind != self._current and not shuffle.is_promised(behind):
            for each in added:
                shuffle.add(each.id)
            return
        after = None if behind == self._current else behind
        for each in added:
            shuffle.promise(each.id, after)
            after = each.id

    def _drop(self, entry_id: int) -> None:
        if entry_id not in self._entries:
            return
        behind = self._order.after(entry_id)
        if entry_id == self._current:
            self._current, self._stands_before = None, behind
        elif entry_id == self._stands_before:
            self._stands_before = behind
        self._order.discard(entry_id)
        del self._entries[entry_id]
        if self._shuffle is not None:
            self._shuffle.remove(entry_id)

    def _by_itself(self) -> int | None:
        if self._current is not None and self._modes.repeat is Repeat.ONE:
            return self._current
        return self._onward()

    def _onward(self) -> int | None:
        """What comes after the current one but for repeating it alone."""
        begins_anew = not self._underway or self._modes.repeat is Repeat.ALL
        if self._shuffle is not None:
            onward = self._shuffle.next
            if onward is None and begins_anew:
                onward = self._shuffle.opening(self._current)
        else:
            onward = self._stands_before if self._current is None else self._order.after(self._current)
            if onward is None and begins_anew:
                onward = self._order.first
        return None if onward == self._current and self._modes.consume else onward

    def _listed_before(self, *, wraps: bool) -> int | None:
        here = self._stands_before if self._current is None else self._current
        earlier = self._order.before(here) if here is not None else self._order.last
        return self._order.last if earlier is None and wraps else earlier

    def _go_forward(self, onward: int | None) -> None:
        """To what ``_onward`` gave."""
        leaving = self._current
        if self._shuffle is not None and self._shuffle.forward(leaving) is None and onward is not None:
            self._shuffle.begin_round()
        if self._modes.consume and leaving is not None:
            self._drop(leaving)
        self._make_current(onward)

    def _make_current(self, entry_id: int | None) -> None:
        self._current, self._stands_before = entry_id, None
        self._underway = entry_id is not None
        self._changed()
