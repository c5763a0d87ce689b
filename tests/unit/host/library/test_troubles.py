"""What earlier scans had trouble with is left alone until file or plugin change, and not a moment longer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from host.capabilities import Candidate
from host.ids import PluginId, TypeId
from host.library.facts import FileStamp, Problem, ProblemKind
from host.library.troubles import Troubles, joint_mark, mark_text, with_others

A = Candidate(PluginId("a"), TypeId("x"), 2)
B = Candidate(PluginId("b"), TypeId("y"), 1)
MARKS = {("a", "x"): "mark a", ("b", "y"): "mark b"}
STAMP = FileStamp(10, 20)
PATH = Path("/music/a.flac")
RAW = bytes(PATH)
CRASH = Problem(PATH, STAMP, "a", "x", "mark a", ProblemKind.CRASHED, "SIGSEGV")
SAID_NO = replace(CRASH, kind=ProblemKind.UNREADABLE, mark=joint_mark(["mark a", "mark b"]))


def troubles(*problems: Problem) -> Troubles:
    return Troubles(problems, lambda _: (A, B), lambda plugin, type_id: MARKS.get((plugin, type_id), ""))


def test_whom_a_file_killed_is_not_asked_and_the_next_one_is() -> None:
    found = troubles(CRASH)
    assert found.allowed(RAW, STAMP) == [B]
    assert found.allowed(RAW, FileStamp(10, 21)) == [A, B]
    assert found.allowed(b"/music/other", STAMP) == [A, B]
    assert (found.hopeless(), found.outdated()) == ({}, frozenset())


def test_what_killed_one_and_was_refused_by_the_rest_is_hopeless() -> None:
    told = replace(CRASH, mark=with_others("mark a", joint_mark(["mark b"])))
    assert troubles(told).hopeless() == {RAW: RAW + b"//10//20"}
    assert troubles(replace(told, mark=with_others("mark a", joint_mark(["older"])))).hopeless() == {}


def test_what_killed_another_build_is_tried_again() -> None:
    old = replace(CRASH, mark="older")
    assert troubles(old).allowed(RAW, STAMP) == [A, B]
    assert troubles(old).outdated() == {RAW}
    gone = replace(CRASH, plugin_id="uninstalled")
    assert troubles(gone).allowed(RAW, STAMP) == [A, B]


def test_what_nobody_reads_is_hopeless_until_somebody_is_another() -> None:
    assert list(troubles(SAID_NO).hopeless()) == [RAW]
    assert troubles(replace(SAID_NO, mark=joint_mark(["mark a"]))).hopeless() == {}
    assert troubles(SAID_NO).outdated() == frozenset()


def test_whom_it_killed_all_is_hopeless() -> None:
    both = (CRASH, replace(CRASH, plugin_id="b", type_id="y", mark="mark b", kind=ProblemKind.HUNG))
    assert list(troubles(*both).hopeless()) == [RAW]


def test_a_mark_is_another_for_every_change() -> None:
    files = ((1, 2, 3, 4),)
    marks = {
        mark_text("1.0", files, {}),
        mark_text("1.1", files, {}),
        mark_text("1.0", ((1, 2, 3, 5),), {}),
        mark_text("1.0", files, {"x": 1}),
        mark_text("1|0", files, {}),
    }
    assert len(marks) == 5
    assert all("|" not in mark for mark in marks)
