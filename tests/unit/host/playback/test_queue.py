"""The queue: what follows what, whatever is edited, repeated, shuffled and consumed meanwhile."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from host.errors import MediaError, NotFound
from host.playback import Input, Modes, Queue, Repeat

ALL = Modes(Repeat.ALL)
SHUFFLED = Modes(shuffle=True)


def inputs(*names: str) -> list[Input]:
    return [Input(Path(name)) for name in names]


def queue_of(names: str, modes: Modes | None = None) -> Queue:
    queue = Queue(Random(5))
    queue.add(inputs(*names))
    queue.set_modes(modes or Modes())
    return queue


def names_of(queue: Queue) -> str:
    return "".join(str(entry.where) for entry in queue.entries)


def name(queue: Queue) -> str | None:
    return str(queue.current.where) if queue.current else None


def played(queue: Queue, most: int = 100) -> str:
    """What is played until the end."""
    heard = ""
    while len(heard) < most and (entry := queue.advance()) is not None:
        heard += str(entry.where)
    return heard


def id_of(queue: Queue, of: str) -> int:
    return next(entry.id for entry in queue.entries if str(entry.where) == of)


def test_all_are_played_once_and_then_the_queue_is_at_rest() -> None:
    queue = queue_of("abc")
    assert played(queue) == "abc"
    assert queue.current is None
    assert played(queue) == "abc"


def test_what_follows_is_known_before_and_does_not_move_anything() -> None:
    queue = queue_of("abc", SHUFFLED)
    for _ in range(3):
        version, following = queue.version, queue.following()
        assert (queue.following(), queue.version) == (following, version)
        assert queue.advance() == following
    assert queue.following() is None


def test_repeat_one_holds_by_itself_but_not_against_the_user() -> None:
    queue = queue_of("ab", Modes(Repeat.ONE))
    assert (played(queue, 3), queue.following()) == ("aaa", queue.current)
    queue.step(+1)
    assert (name(queue), played(queue, 2)) == ("b", "bb")


def test_repeat_all_goes_round_both_ways() -> None:
    queue = queue_of("abc", ALL)
    assert played(queue, 7) == "abcabca"
    queue.step(-1)
    assert name(queue) == "c"
    queue.step(+1)
    assert name(queue) == "a"


def test_at_the_ends_the_user_goes_nowhere_or_out() -> None:
    queue = queue_of("ab")
    queue.advance()
    assert (queue.step(-1), name(queue)) == (None, "a")
    queue.step(+1)
    assert (queue.step(+1), queue.current) == (None, None)
    queue.step(-1)
    assert name(queue) == "b"


@pytest.mark.parametrize(("removed", "then"), [("b", "cd"), ("d", "cd"), ("bcd", ""), ("ab", "cd"), ("bc", "d")])
def test_what_would_have_followed_a_removed_current_entry_follows(removed: str, then: str) -> None:
    queue = queue_of("abcd")
    queue.goto(id_of(queue, "b"))
    queue.remove([id_of(queue, each) for each in removed])
    assert name(queue) == (None if "b" in removed else "b")
    assert played(queue) == then.translate(dict.fromkeys(map(ord, removed)))


def test_new_ones_follow_when_the_last_one_was_removed_while_it_played() -> None:
    queue = queue_of("ab")
    queue.goto(id_of(queue, "b"))
    queue.remove([id_of(queue, "b")])
    assert queue.following() is None
    queue.add(inputs("c", "d"))
    queue.add_next(inputs("x"))
    assert (names_of(queue), played(queue)) == ("axcd", "xcd")


@pytest.mark.parametrize("shuffle", [False, True])
def test_what_is_put_next_comes_next_in_its_order(shuffle: bool) -> None:
    queue = queue_of("abcdef", Modes(shuffle=shuffle))
    queue.advance()
    (first, *_) = queue.add_next(inputs("1", "4"))
    queue.add_next(inputs("2", "3"), after=first.id)
    queue.add_next(inputs("0"))
    assert played(queue, 5) == "01234"


def test_moved_ones_stand_together_in_the_order_they_were_named() -> None:
    queue = queue_of("abcdef")
    queue.move([id_of(queue, each) for each in "fcb"], before=id_of(queue, "b"))
    assert names_of(queue) == "afcbde"
    queue.move([id_of(queue, each) for each in "af"])
    assert names_of(queue) == "cbdeaf"


def test_shuffle_plays_each_once_before_any_twice() -> None:
    queue = queue_of("abcdefgh", Modes(Repeat.ALL, shuffle=True))
    rounds = [played(queue, 8) for _ in range(200)]
    assert {"".join(sorted(each)) for each in rounds} == {"abcdefgh"}
    assert len(set(rounds)) > 190
    assert all(one[-1] != other[0] for one, other in pairwise(rounds))


def test_new_ones_come_at_any_place_among_those_still_ahead() -> None:
    places: Counter[int] = Counter()
    random = Random(11)
    for _ in range(4000):
        queue = Queue(random)
        queue.add(inputs(*"abcd"))
        queue.set_modes(SHUFFLED)
        queue.advance()
        queue.add(inputs("x"))
        places[played(queue).index("x")] += 1
    assert set(places) == {0, 1, 2, 3}
    assert all(900 < count < 1100 for count in places.values())


def test_back_in_a_shuffle_is_the_way_it_came_and_forward_again_the_same() -> None:
    queue = queue_of("abcdef", Modes(Repeat.ALL, shuffle=True))
    way = played(queue, 9)
    back = [name(queue)]
    while len(back) < 9:
        queue.step(-1)
        back.append(name(queue))
    assert "".join(filter(None, reversed(back))) == way
    assert name(queue) == way[0]
    queue.advance()
    assert name(queue) == way[1]


def test_shuffle_off_goes_on_in_the_list_behind_the_current_one() -> None:
    queue = queue_of("abcdef", SHUFFLED)
    queue.goto(id_of(queue, "d"))
    queue.set_modes(Modes())
    assert played(queue) == "ef"


def test_consume_takes_out_what_was_played_or_skipped_but_not_what_was_left_by_a_jump_or_backwards() -> None:
    queue = queue_of("abcdef", Modes(consume=True))
    queue.advance()
    queue.advance()
    queue.step(+1)
    assert (names_of(queue), name(queue)) == ("cdef", "c")
    queue.goto(id_of(queue, "e"))
    queue.step(-1)
    assert (names_of(queue), name(queue)) == ("cdef", "d")
    assert played(queue) == "ef"
    assert names_of(queue) == "c"


@pytest.mark.parametrize("shuffle", [False, True])
def test_consume_ends_a_repeated_queue_when_nothing_is_left(shuffle: bool) -> None:
    queue = queue_of("abcd", Modes(Repeat.ALL, shuffle, consume=True))
    queue.goto(id_of(queue, "c"))
    assert sorted(played(queue)) == ["a", "b", "d"]
    assert len(queue) == 0


def test_ids_never_come_again_and_a_failure_is_marked_until_it_is_well() -> None:
    queue = queue_of("ab")
    queue.replace_all([Input(Path("c"), MediaError("no such file"))])
    (entry,) = queue.entries
    assert (entry.id, entry.trouble) == (3, "no such file")
    queue.failed(entry.id, "")
    assert queue.entry(entry.id).trouble == ""
    queue.clear()
    queue.failed(entry.id, "too late to matter")
    for wrong in (lambda: queue.goto(3), lambda: queue.remove([3]), lambda: queue.add((), before=3)):
        with pytest.raises(NotFound):
            wrong()


def test_each_change_is_told_once() -> None:
    queue = queue_of("abc")
    told: list[int] = []
    queue.subscribe(lambda: told.append(queue.version))
    queue.add(inputs(*"def"))
    queue.remove([id_of(queue, "a"), id_of(queue, "b")])
    queue.advance()
    queue.following()
    queue.set_modes(queue.modes)
    assert told == list(range(told[0], told[0] + 3))
