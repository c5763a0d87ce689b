"""Who flies when: full batches, suspects alone, nobody beside them."""

from __future__ import annotations

from host.capabilities import MOST_FILES, Candidate
from host.ids import PluginId, TypeId
from host.library.board import Batch, Board, Job
from host.library.facts import FileStamp

A = Candidate(PluginId("a"), TypeId("x"), 1)
B = Candidate(PluginId("b"), TypeId("y"), 1)


def job(name: str, *candidates: Candidate) -> Job:
    return Job(name.encode(), FileStamp(1, 1), known=False, candidates=candidates or (A,))


def names(batch: Batch | None) -> list[str]:
    return [] if batch is None else [each.path.decode() for each in batch.jobs]


def test_batches_are_full_unless_nothing_more_comes() -> None:
    board = Board()
    for number in range(MOST_FILES + 1):
        board.add(job(str(number)))
    assert len(names(board.pick(partial=False))) == MOST_FILES
    assert board.pick(partial=False) is None
    assert names(board.pick(partial=True)) == [str(MOST_FILES)]
    assert board.pick(partial=True) is None
    assert not board.idle


def test_the_longest_queue_flies_first_and_each_to_its_own_decoder() -> None:
    board = Board()
    board.add(job("a"))
    for name in ("b", "c"):
        board.add(job(name, B, A))
    first = board.pick(partial=True)
    assert first is not None
    assert (names(first), first.decoder) == (["b", "c"], (B.plugin_id, B.type_id))
    assert names(board.pick(partial=True)) == ["a"]


def test_of_two_full_queues_the_one_flies_that_has_fewer_in_flight() -> None:
    board = Board()
    for number in range(3 * MOST_FILES):
        board.add(job(str(number)))
    for number in range(MOST_FILES):
        board.add(job(str(number), B, A))
    picked = [board.pick(partial=False) for _ in range(3)]
    assert [batch.plugin_id for batch in picked if batch is not None] == [A.plugin_id, B.plugin_id, A.plugin_id]


def test_suspects_fly_alone_and_nothing_of_their_plugin_beside_them() -> None:
    board = Board()
    for name in ("a", "b"):
        board.add(job(name))
    dead = board.pick(partial=True)
    assert dead is not None
    board.add(job("later"))
    board.add(job("other", B))
    board.suspect(dead.jobs)
    assert names(board.pick(partial=True)) == ["other"]  # what is dead has not landed yet
    board.landed(dead)
    alone = board.pick(partial=True)
    assert alone is not None
    assert (names(alone), alone.alone) == (["a"], True)
    assert board.pick(partial=True) is None
    board.landed(alone)
    second = board.pick(partial=True)
    assert (names(second), second is not None and second.alone) == (["b"], True)
    assert board.pick(partial=True) is None  # the last suspect is gone from the list, and flies
    assert second is not None
    board.landed(second)
    assert names(board.pick(partial=True)) == ["later"]


def test_what_did_not_fly_is_the_next_again() -> None:
    board = Board()
    for number in range(4):
        board.add(job(str(number)))
    batch = board.pick(partial=True)
    assert batch is not None
    board.landed(batch)
    board.put_back(batch.jobs[2:])
    assert names(board.pick(partial=True)) == ["2", "3"]


def test_who_waits_for_a_plugin_that_is_left_out_is_given_back() -> None:
    board = Board()
    board.add(job("a"))
    board.suspect([job("b")])
    board.add(job("c", B))
    assert sorted(each.path for each in board.drop(A.plugin_id)) == [b"a", b"b"]
    assert names(board.pick(partial=True)) == ["c"]
    assert board.drop(A.plugin_id) == []


def test_idle_is_when_nothing_waits_and_nothing_flies() -> None:
    board = Board()
    seen = [board.idle]
    board.add(job("a"))
    seen.append(board.idle)
    batch = board.pick(partial=True)
    seen.append(board.idle)
    assert batch is not None
    board.landed(batch)
    seen.append(board.idle)
    assert seen == [True, False, False, True]
