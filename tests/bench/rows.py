"""What was measured, what it is measured against, and what PERFORMANCE asks of the ratio."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.bench.clocks import median
from tests.bench.compiled import Programs

__all__ = ["Better", "Context", "Distribution", "Row", "Rounds", "Target"]


class Better(Enum):
    """Which way a ratio should go."""

    LESS = "<="
    MORE = ">="


@dataclass(frozen=True, slots=True)
class Target:
    """One line of PERFORMANCE: the prototype's ratio (as text, it may be a range) and the two marks to reach."""

    number: str
    prototype: str
    better: Better
    reach: float
    moonshot: float

    def verdict(self, ratio: float) -> str:
        """The highest mark that the ratio reaches."""
        for name, mark in (("moonshot", self.moonshot), ("reach", self.reach)):
            if ratio <= mark if self.better is Better.LESS else ratio >= mark:
                return name
        return "short"


@dataclass(frozen=True, slots=True)
class Rounds:
    """One number a round, of ours and of the reference, measured one right after the other."""

    ours: tuple[float, ...]
    reference: tuple[float, ...]
    inverse: bool = False  # times of which the less the better, for a target that counts speed

    @property
    def ratios(self) -> tuple[float, ...]:
        """Round by round, because the machine's speed changes between rounds."""
        pairs = zip(self.ours, self.reference, strict=True)
        return tuple(reference / ours if self.inverse else ours / reference for ours, reference in pairs)

    @property
    def ratio(self) -> float:
        return median(self.ratios)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    target: Target
    quantity: str
    unit: str
    rounds: Rounds

    @property
    def number(self) -> str:
        return self.target.number

    @property
    def verdict(self) -> str:
        return self.target.verdict(self.rounds.ratio)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How one quantity spreads, for what a median does not tell; it has no target of its own."""

    number: str
    quantity: str
    unit: str
    samples: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What every benchmark is given. ``core`` is the one on which everything that shares a core runs."""

    programs: Programs
    folder: Path
    rounds: int
    quick: bool
    core: int
    wanted: frozenset[str]
