"""The policy against an oracle that was written from FAULTS alone, on all short histories of small alphabets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.supervise.policy import (
    CLEAN,
    Fault,
    History,
    Quarantine,
    Restart,
    Rules,
    State,
    Verdict,
    after,
    judge,
    turned_audible,
)

EXACT = Rules(jitter=0.0)
#: The same policy with numbers that short histories reach.
SMALL = Rules(
    delays_s=(0.0, 1.0, 5.0), jitter=0.0, row=3, most_audible=1, most_faults=3, window_s=10.0, health_s=10.0,
    terms_s=(10.0, 30.0),
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """A fault so many seconds after the one before it."""

    gap_s: float
    progress: bool
    audible: bool = False
    paced: bool = False
    lived_s: float = math.inf


def faults_of(word: Sequence[Letter]) -> list[Fault]:
    at_s, found = 0.0, []
    for letter in word:
        at_s += letter.gap_s
        found.append(Fault(at_s, letter.progress, letter.audible, letter.paced, letter.lived_s))
    return found


def oracle(faults: Sequence[Fault], rules: Rules) -> list[tuple[str, float | None]]:
    """Every verdict, from the whole past each time: no counters are carried along."""
    verdicts: list[tuple[str, float | None]] = []
    arrests: list[tuple[int, float | None]] = []  # of which fault, and until when
    begin = 0  # since the last time that all was forgotten
    for index, fault in enumerate(faults):
        held = next((end for _, end in arrests if end is None or fault.at_s < end), -1.0)
        quiet_s = fault.at_s - faults[index - 1].at_s if index else math.inf
        if held == -1.0 and quiet_s >= rules.health_s and fault.lived_s >= rules.health_s:
            begin = index
        if held != -1.0:
            verdicts.append(("quarantine", held))
            continue
        past = faults[begin : index + 1]
        row = 0
        while row < len(past) and not past[-1 - row].progress:
            row += 1
        near = [one for one in past if one.paced and fault.at_s - one.at_s < rules.window_s]
        heard = [one for one in near if one.audible]
        if row >= rules.row or len(heard) > rules.most_audible or len(near) > rules.most_faults:
            terms = [*(fault.at_s + term for term in rules.terms_s), None]
            served = sum(of >= begin for of, _ in arrests)
            arrests.append((index, terms[min(served, len(terms) - 1)]))
            verdicts.append(("quarantine", arrests[-1][1]))
        elif fault.progress:
            verdicts.append(("restart", 0.0))
        else:
            failed = sum(not one.progress for one in past)
            verdicts.append(("restart", rules.delays_s[min(failed, len(rules.delays_s)) - 1]))
    return verdicts


def plain(verdict: Verdict) -> tuple[str, float | None]:
    return ("restart", verdict.delay_s) if isinstance(verdict, Restart) else ("quarantine", verdict.until_s)


def run(faults: Sequence[Fault], rules: Rules, history: History = CLEAN) -> tuple[History, list[Verdict]]:
    verdicts: list[Verdict] = []
    for fault in faults:
        history, verdict = after(history, fault, rules)
        verdicts.append(verdict)
    return history, verdicts


DEFAULT_ALPHABET = (
    Letter(0.2, progress=False),
    Letter(0.2, progress=True, audible=True, paced=True),
    Letter(61.0, progress=False),
    Letter(61.0, progress=False, audible=True, paced=True, lived_s=1.0),
)
SMALL_ALPHABET = (
    *(
        Letter(gap_s, progress, audible, paced)
        for gap_s, progress, (audible, paced) in product(
            (0.5, 11.0), (False, True), ((False, False), (False, True), (True, True))
        )
    ),
    Letter(11.0, progress=False, lived_s=3.0),
)


@pytest.mark.parametrize(
    ("rules", "alphabet", "length", "words"),
    [(EXACT, DEFAULT_ALPHABET, 7, 21_844), (SMALL, SMALL_ALPHABET, 4, 30_940)],
    ids=["the numbers of FAULTS", "small numbers"],
)
def test_all_short_histories(rules: Rules, alphabet: Sequence[Letter], length: int, words: int) -> None:
    """Depth first, so that each history is judged once; the last verdict of each is compared."""
    seen = dict.fromkeys(("restart now", "restart later", "term", "for ever"), 0)
    tried = 0

    def walk(word: tuple[Letter, ...], history: History) -> Iterator[None]:
        for letter in alphabet:
            longer = (*word, letter)
            faults = faults_of(longer)
            now, verdict = after(history, faults[-1], rules)
            kind, number = expected = oracle(faults, rules)[-1]
            assert plain(verdict) == expected, longer
            if kind == "restart":
                seen["restart later" if number else "restart now"] += 1
            else:
                seen["for ever" if number is None else "term"] += 1
            yield
            if len(longer) < length:
                yield from walk(longer, now)

    for _ in walk((), CLEAN):
        tried += 1
    assert tried == words
    assert seen["restart now"] > 100
    assert seen["restart later"] > 100
    assert seen["term"] > 100


FAULTS = st.lists(
    st.builds(
        Letter,
        st.sampled_from([0.0, 0.1, 0.9, 5.0, 9.9, 10.0, 31.0, 100.0]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0.5, 9.9, 10.0, math.inf]),
    ),
    min_size=1,
    max_size=40,
)


@given(FAULTS)
@settings(max_examples=400, deadline=None)
def test_long_histories(word: list[Letter]) -> None:
    faults = faults_of(word)
    assert [plain(verdict) for verdict in run(faults, SMALL)[1]] == oracle(faults, SMALL)


@given(FAULTS)
@settings(max_examples=200, deadline=None)
def test_no_delay_is_negative_and_no_quarantine_gets_shorter(word: list[Letter]) -> None:
    history, rules = CLEAN, replace(SMALL, jitter=0.1)
    for fault in faults_of(word):
        held_until = history.until_s if history.held(fault.at_s) else -math.inf
        history, verdict = after(history, fault, rules)
        standing = judge(history, fault.at_s)
        match verdict:
            case Restart(delay_s):
                assert 0 <= delay_s <= rules.delays_s[-1] * 1.1
                assert standing.state is (State.WAIT if delay_s > 0 else State.READY)
            case Quarantine(until_s):
                assert standing.state is State.QUARANTINED
                assert standing.until_s == until_s
                assert until_s is None or (held_until is not None and until_s >= held_until)


@given(FAULTS)
@settings(max_examples=200, deadline=None)
def test_what_was_heard_later_counts_as_if_it_had_been_heard_at_once(word: list[Letter]) -> None:
    history = CLEAN
    for fault in faults_of(word):
        at_once, verdict = after(history, fault, SMALL)
        history, later = after(history, replace(fault, audible=False), SMALL)
        if fault.audible:
            history, heard = turned_audible(history, fault.at_s, SMALL)
            later = heard or later
        assert plain(later) == plain(verdict)
        assert replace(history, not_before_s=0, last=None) == replace(at_once, not_before_s=0, last=None)


def test_the_delays_grow_and_the_sixth_is_out() -> None:
    history, delays = CLEAN, []
    for at_s in (0.0, 1.0, 2.0, 3.0, 4.0):
        history, verdict = after(history, Fault(at_s, False, False, False, 0.0), EXACT)
        assert isinstance(verdict, Restart)
        delays.append(verdict.delay_s)
    assert delays == [0.0, 0.1, 0.4, 1.6, 5.0]
    terms = []
    for at_s in (5.0, 66.0, 667.0):
        history, out = after(history, Fault(at_s, False, False, False, 0.0), EXACT)
        assert isinstance(out, Quarantine)
        terms.append(out.until_s)
    assert terms == [65.0, 666.0, None]
    assert judge(history, 1e12).state is State.QUARANTINED
    assert judge(CLEAN, 0.0).state is State.READY


def test_progress_leaves_the_delay_where_it_is_and_breaks_the_row() -> None:
    word = [Letter(1.0, progress=number % 3 == 2, lived_s=0.0) for number in range(30)]
    verdicts = run(faults_of(word), EXACT)[1]
    delays = [verdict.delay_s for verdict in verdicts if isinstance(verdict, Restart)]
    assert len(delays) == 30
    assert delays[:9] == [0.0, 0.1, 0.0, 0.4, 1.6, 0.0, 5.0, 5.0, 0.0]


@pytest.mark.parametrize(("audible", "paced", "most"), [(True, True, 5), (False, True, 100), (True, False, 150)])
def test_with_progress_only_paced_faults_can_be_too_many(audible: bool, paced: bool, most: int) -> None:
    word = [Letter(0.1, progress=True, audible=audible, paced=paced)] * 150
    verdicts = run(faults_of(word), EXACT)[1]
    assert [isinstance(verdict, Restart) for verdict in verdicts] == [number < most for number in range(150)]


def test_jitter_is_a_tenth_and_chosen_by_the_seed() -> None:
    def delays(seed: int) -> list[float]:
        word = [Letter(0.0, progress=False)] * 5
        verdicts = run(faults_of(word), Rules(), History(seed=seed))[1]
        return [verdict.delay_s for verdict in verdicts if isinstance(verdict, Restart)]

    assert delays(1) == delays(1)
    assert len({tuple(delays(seed)) for seed in range(20)}) == 20
    for seed in range(200):
        for found, wanted in zip(delays(seed), EXACT.delays_s, strict=True):
            assert found == pytest.approx(wanted, rel=0.1)


def test_the_history_stays_small() -> None:
    history = run(faults_of([Letter(0.001, progress=True, paced=True)] * 5000), EXACT)[0]
    assert len(history.recent) == 101
    assert history.total == 5000
