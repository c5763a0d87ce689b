"""Medians and percentiles, and what the kernel says of a process's processor time."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

__all__ = ["cpu_ns", "median", "percentile", "thread_ids"]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def thread_ids(pid: int) -> set[int]:
    """All threads of a process."""
    return {int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()}


def cpu_ns(pid: int) -> int:
    """Nanoseconds on a processor, over all threads that live."""
    return sum(int(Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()[0]) for tid in thread_ids(pid))
