"""Distributions and tables of a trial, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["spread", "table"]


def spread(seconds: Iterable[float]) -> str:
    """``p50 12.1  p90 20.5  max 41.0 ms (n=60)``; a dash when there is nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return "-"
    middle, high = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.9))
    return f"p50 {middle * 1e3:.1f}  p90 {high * 1e3:.1f}  max {ordered[-1] * 1e3:.1f} ms (n={len(ordered)})"


def table(rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their widest cell; the first row is the head."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
