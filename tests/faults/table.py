"""Prints the matrix: a table per capability and occasion, what cannot be and why, and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.faults.cell_run import Outcome
from tests.faults.cells import CAPABILITIES, Absent, Cell, Occasion

__all__ = ["print_absent", "print_tables", "print_totals"]

LEGEND = """A absorbed: every frame as without the fault   B the effect left out, span reported   C output opened again
D refused, with code and reason; what played plays on    E track given up, the next whole    N a query fails
- cannot be    ! surprise    blank: not run"""


def print_tables(cells: Sequence[Cell], outcomes: Mapping[str, Outcome]) -> None:
    """Kinds as rows, phases as columns."""
    print(f"\n{LEGEND}")
    for occasion in Occasion:
        for capability in CAPABILITIES:
            mine = [cell for cell in cells if (cell.capability, cell.occasion) == (capability, occasion)]
            if mine:
                _print_table(f"{capability}, {occasion}", mine, outcomes)


def _print_table(title: str, cells: Sequence[Cell], outcomes: Mapping[str, Outcome]) -> None:
    phases = list(dict.fromkeys(cell.phase for cell in cells))
    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    letters = {(cell.kind, cell.phase): _letter(outcomes.get(cell.name)) for cell in cells}
    width = max(map(len, (title, *kinds)))
    print(f"\n{title:{width}}  {'  '.join(phases)}")
    for kind in kinds:
        row = "  ".join(f"{letters.get((kind, phase), '-'):^{len(phase)}}" for phase in phases)
        print(f"{kind:{width}}  {row.rstrip()}")


def _letter(outcome: Outcome | None) -> str:
    if outcome is None:
        return " "
    return "!" if outcome.problems else outcome.observed


def print_absent(pairs: Sequence[Absent]) -> None:
    """Grouped by reason."""
    print(f"\ncannot be: {len(pairs)} pairs")
    reasons: dict[str, list[Absent]] = {}
    for pair in pairs:
        reasons.setdefault(pair.why, []).append(pair)
    for why, mine in reasons.items():
        kinds = ", ".join(dict.fromkeys(pair.kind for pair in mine))
        phases = ", ".join(dict.fromkeys(pair.phase for pair in mine))
        print(f"  {len(mine):3} {why}: {kinds} in {phases}")


def print_totals(cells: Sequence[Cell], outcomes: Mapping[str, Outcome], wall_s: float) -> None:
    """One line for people, and what it is made of."""
    found = list(outcomes.values())
    classes = Counter(outcome.observed for outcome in found if not outcome.problems)
    fired = sum(outcome.fired > 0 for outcome in found)
    print(
        f"\n{len(found)} of {len(cells)} cells in {wall_s:.0f} s: {fired} fired, "
        f"{sum(outcome.frames for outcome in found)} frames compared, "
        f"{sum(bool(outcome.problems) for outcome in found)} surprises, "
        f"{sum(outcome.host_died for outcome in found)} host deaths, {sum(outcome.leaks for outcome in found)} leaks"
    )
    print("classes: " + ", ".join(f"{letter} {classes[letter]}" for letter in sorted(classes)))
