"""Each model is searched to its end without a violation, and each planted bug is found."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.models.cases import BUGS, CASES, MODELS, SOUND, Case
from tests.models.spin import FOLDER, Outcome, available, read, verify_all

ROOT = FOLDER.parents[1]
SOURCES = ("shm_audio", "plugin_worker", "host/playback", "host/capabilities", "abi/wire")
MIN_STATES = 10_000

needs_spin = pytest.mark.skipif(not available(), reason="spin is missing: apt-get install spin")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Outcome]]:
    """All of them, side by side: together they take a minute or two."""
    yield {outcome.case: outcome for outcome in verify_all(CASES, tmp_path_factory.mktemp("models"))}


@needs_spin
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", SOUND, ids=str)
def test_it_is_searched_to_the_end_and_holds(case: Case, outcomes: dict[Case, Outcome]) -> None:
    outcome = outcomes[case]
    assert not outcome.violation
    assert outcome.complete, outcome.said
    assert outcome.states > MIN_STATES


@needs_spin
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", BUGS, ids=str)
def test_a_planted_bug_is_found(case: Case, outcomes: dict[Case, Outcome]) -> None:
    assert re.match("assertion violated|invalid end state", outcomes[case].violation)


@pytest.mark.parametrize("model", MODELS)
def test_every_bug_in_a_model_is_on_the_list(model: str) -> None:
    planted = set(re.findall(r"\bBUG_(\w+)", (FOLDER / f"{model}.pml").read_text()))
    assert planted == {case.bug for case in BUGS if case.model == model}
    assert len(planted) >= 5
    assert any(case.model == model for case in SOUND)


@pytest.mark.parametrize("model", MODELS)
def test_what_a_model_names_is_there(model: str) -> None:
    """Functions and messages by which a model's head says what it models."""
    head = (FOLDER / f"{model}.pml").read_text().split("*/")[0]
    names = set(re.findall(r"\b(?:st_\w+|[A-Z][a-z]+(?:Dsp|Stage|Stopped)|ring_\w+|move_block)\b", head))
    code = "\n".join(
        path.read_text() for top in SOURCES for path in (ROOT / top).rglob("*") if path.suffix in (".c", ".h", ".py")
    )
    assert len(names) >= 3
    assert {name for name in names if not re.search(rf"\b{name}\b", code)} == set()


@pytest.mark.parametrize(
    "words",
    [
        "error: max search depth too small",
        "pan: reached -DMEMLIM bound",
        "pan: out of memory",
        "Warning: Search not completed",
        "Bit statespace search for:",
    ],
)
def test_a_search_that_was_cut_short_is_not_complete(words: str) -> None:
    full = "Full statespace search for:\nState-vector 8, errors: 0\n 5 states, stored\npan: elapsed time 0.1 seconds\n"
    assert read(SOUND[0], full).complete
    assert not read(SOUND[0], f"{words}\n{full}").complete


def test_words_that_cannot_be_read_are_no_finding() -> None:
    with pytest.raises(RuntimeError, match="nothing that can be read"):
        read(BUGS[0], "Segmentation fault")
