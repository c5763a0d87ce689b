"""Who stands still although he could work, and what comes after him runs dry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from host.playback.stall import LOOKS_OF_A_MOMENT, Look, Stillness

FULL = Look(0, can_work=True, low=False, on_time=True)


def dry(position: int = 0, *, can_work: bool = True, on_time: bool = True) -> Look:
    return Look(position, can_work, low=True, on_time=on_time)


def test_it_is_given_up_after_so_many_looks_in_a_row() -> None:
    stage = Stillness(3)
    assert [stage.look(each) for each in (FULL, dry(), dry(), dry())] == [False, False, False, True]


def test_progress_begins_anew() -> None:
    stage = Stillness(2)
    stage.look(FULL)
    assert [stage.look(dry(position)) for position in (0, 512, 512, 1024, 1024, 1024)] == [False] * 5 + [True]


def test_one_that_has_nothing_to_do_never_stands_still() -> None:
    stage = Stillness(1)
    stage.look(FULL)
    assert not any(stage.look(dry(can_work=False)) for _ in range(100))


def test_looks_that_come_late_count_for_nothing() -> None:
    stage = Stillness(2)
    stage.look(FULL)
    assert not any(stage.look(dry(on_time=False)) for _ in range(100))
    assert [stage.look(dry()) for _ in range(2)] == [False, True]


def test_before_what_comes_after_was_filled_once_nobody_is_late() -> None:
    stage = Stillness(1)
    assert not any(stage.look(dry()) for _ in range(100))
    stage.look(FULL)
    assert [stage.look(dry()) for _ in range(2)] == [True, True]  # it has stood still all the time


def test_a_successor_begins_without_the_looks_of_the_one_before() -> None:
    stage = Stillness(2)
    stage.look(FULL)
    stage.look(dry())
    stage.forget()
    assert [stage.look(dry()) for _ in range(2)] == [False, True]


def test_a_dead_one_is_late_when_what_comes_after_runs_dry() -> None:
    stage = Stillness(5)
    stage.look(FULL)
    assert not stage.late(FULL)
    assert stage.late(dry())


def test_at_the_begin_a_successor_is_given_a_moment() -> None:
    stage = Stillness(5)
    late = [stage.late(dry(on_time=on_time)) for on_time in (False, *(True,) * LOOKS_OF_A_MOMENT)]
    assert late == [False] * LOOKS_OF_A_MOMENT + [True]
    stage.forget()
    assert not stage.late(dry())


@given(st.integers(1, 20), st.lists(st.booleans(), max_size=100))
def test_whoever_moves_at_every_look_is_never_given_up(looks: int, low: list[bool]) -> None:
    stage = Stillness(looks)
    assert not any(stage.look(Look(n, can_work=True, low=each, on_time=True)) for n, each in enumerate(low))
