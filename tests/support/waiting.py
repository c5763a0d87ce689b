"""A bounded wait for something that happens by itself, such as the end of a process: never a pause of fixed length."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["until"]

_LOOK_AGAIN_S = 0.002


def until(condition: Callable[[], bool], within_s: float) -> bool:
    """Looks until the condition holds; says whether it did before the time was up."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_AGAIN_S)
    return True
