"""The state machine of a generation, searched exhaustively within small counts."""

from __future__ import annotations

from collections import Counter

import pytest

from host.runtime.generation import START, GenerationState, Happening, IllegalStep, Phase, step

MOST = 3


def neighbours(state: GenerationState) -> dict[Happening, GenerationState]:
    found: dict[Happening, GenerationState] = {}
    for happening in Happening:
        try:
            found[happening] = step(state, happening)
        except IllegalStep:
            continue
    return found


def search() -> dict[GenerationState, dict[Happening, GenerationState]]:
    """Every state reachable from the start with counts up to MOST."""
    seen: dict[GenerationState, dict[Happening, GenerationState]] = {}
    frontier = [START]
    while frontier:
        state = frontier.pop()
        if state not in seen and max(state.live, state.inflight, state.handles) <= MOST:
            seen[state] = neighbours(state)
            frontier.extend(seen[state].values())
    return seen


GRAPH = search()


def test_the_search_saw_every_phase_and_every_step_both_ways() -> None:
    phases = Counter(state.phase for state in GRAPH)
    assert set(phases) == set(Phase)
    assert phases[Phase.RETIRED] == 1
    assert len(GRAPH) > 100
    for happening in Happening:
        possible = sum(happening in steps for steps in GRAPH.values())
        assert possible > 0, happening
        if happening is not Happening.DRAIN:
            assert possible < len(GRAPH), happening


def test_counts_are_never_impossible() -> None:
    for state in GRAPH:
        assert min(state.live, state.inflight, state.handles) >= 0
        assert state.handles <= state.live


def test_only_a_draining_generation_without_anything_is_quiet() -> None:
    quiet = [state for state in GRAPH if state.quiet]
    assert quiet == [GenerationState(Phase.DRAINING, 0, 0, 0)]


def test_phases_move_one_way() -> None:
    allowed = {
        Phase.STARTING: {Phase.STARTING, Phase.ACTIVE, Phase.DRAINING, Phase.LOST},
        Phase.ACTIVE: {Phase.ACTIVE, Phase.DRAINING, Phase.LOST},
        Phase.DRAINING: {Phase.DRAINING, Phase.RETIRED, Phase.LOST},
        Phase.RETIRED: {Phase.RETIRED},
        Phase.LOST: {Phase.LOST},
    }
    seen: dict[Phase, set[Phase]] = {phase: set() for phase in Phase}
    for state, steps in GRAPH.items():
        seen[state.phase] |= {after.phase for after in steps.values()}
    assert seen == allowed


def test_retired_means_that_nothing_was_taken_along() -> None:
    entries = 0
    for state, steps in GRAPH.items():
        for after in steps.values():
            if after.phase is Phase.RETIRED and state.phase is not Phase.RETIRED:
                entries += 1
                assert state.quiet
    assert entries == 1


def test_instances_and_handles_come_only_where_they_may() -> None:
    for state, steps in GRAPH.items():
        if Happening.HANDLE_TAKEN in steps:
            assert state.phase is Phase.ACTIVE
        if Happening.INSTANCE_BORN in steps:
            assert state.inflight > 0
            assert state.phase in (Phase.ACTIVE, Phase.DRAINING)


def test_a_final_state_is_left_by_nothing_and_empties() -> None:
    for state, steps in GRAPH.items():
        if state.over:
            for after in steps.values():
                assert after.over
                assert (after.live, after.inflight, after.handles) <= (state.live, state.inflight, state.handles)


def test_every_living_state_can_come_to_its_end() -> None:
    """From anywhere, letting go of everything and draining makes it quiet."""
    tried = 0
    for state in GRAPH:
        if state.over:
            continue
        tried += 1
        at = state
        for happening, times in (
            (Happening.HANDLE_DROPPED, at.handles),
            (Happening.INSTANCE_GONE, at.live),
            (Happening.CALL_ENDED, at.inflight),
            (Happening.DRAIN, 1),
        ):
            for _ in range(times):
                at = step(at, happening)
        assert at.quiet
    assert tried > 60


def test_an_impossible_step_names_itself() -> None:
    with pytest.raises(IllegalStep, match="call ended"):
        step(START, Happening.CALL_ENDED)
