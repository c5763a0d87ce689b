"""Linear gains and decibels below full scale. Pure."""

from __future__ import annotations

import math

__all__ = ["LEAST_DB", "decibels", "gain_of"]

#: Nothing is heard of what is this quiet: it is silence.
LEAST_DB = -100.0


def decibels(gain: float) -> float:
    """Of a linear gain; that of silence is the least."""
    return LEAST_DB if gain <= 0 else max(LEAST_DB, 20 * math.log10(gain))


def gain_of(db: float) -> float:
    """The linear gain."""
    return 0.0 if db <= LEAST_DB else 10.0 ** (db / 20)
