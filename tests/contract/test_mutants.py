"""Every patch of ``tests/mutants`` still takes something out of the product, and the tests that must miss it are there.

That they do miss it is seen by ``./tools/mutants``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.mutant import ROOT, Mutant, MutantError, mutants
from tests.mutants.run import judged
from tests.mutants.tree import Seen

MUTANTS = mutants()
TEST = "tests/unit/test_x.py::test_x"


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_it_applies_and_its_tests_are_there(mutant: Mutant) -> None:
    mutant.apply(ROOT, check=True)
    assert mutant.missing_tests() == []
    assert [file for file in mutant.touches if file.startswith("tests/")] == [], "it must change the product"


def test_there_are_defences() -> None:
    assert len(MUTANTS) >= 40
    assert len({mutant.removes for mutant in MUTANTS}) == len(MUTANTS)


def test_one_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(MutantError, match=f"{MUTANTS[0].name} does not apply"):
        MUTANTS[0].apply(tmp_path, check=True)
    assert replace(MUTANTS[0], tests=("tests/unit/test_none.py::test_x", f"{Path(__file__)}::test_x")).missing_tests()


def seen(
    outcome: str = "failed", when: str = "call", error: str = "AssertionError", text: str = "assert 1 == 2"
) -> Seen:
    return Seen(f"{TEST}[a]", when, outcome, error, error in ("AssertionError", "Failed"), text)


@pytest.mark.parametrize(
    ("rows", "caught"),
    [
        ([seen()], True),
        ([seen("passed"), seen()], True),
        ([seen(error="Failed", text="DID NOT RAISE")], True),
        ([seen("passed")], False),
        ([], False),
        ([seen(error="Failed", text="Timeout >60.0s")], False),
        ([seen(error="ImportError")], False),
        ([seen(when="setup")], False),
        ([seen(when="teardown")], False),
    ],
    ids=["asserts", "one of two", "raises nothing", "passes", "not run", "hangs", "import", "setup", "teardown"],
)
def test_only_an_assertion_of_the_test_itself_counts(rows: list[Seen], caught: bool) -> None:
    mutant = replace(MUTANTS[0], tests=(TEST,), shows="")
    assert (not judged(mutant, rows, "").complaints) is caught
    assert bool(judged(mutant, rows, "").caught) is caught


def test_each_of_its_tests_must_miss_it() -> None:
    mutant = replace(MUTANTS[0], tests=(TEST, "tests/unit/test_x.py::test_y"), shows="")
    assert len(judged(mutant, [seen()], "").complaints) == 1
    other = replace(mutant, tests=(TEST,), shows="WorkerLost")
    assert not judged(other, [seen(error="WorkerLost")], "").complaints
    assert judged(other, [seen(error="RequestTimeout")], "").complaints
