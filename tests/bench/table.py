"""Rows as a table for people and as JSON for comparison."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.clocks import median, percentile
from tests.bench.rows import Distribution, Row

__all__ = ["print_tables", "write_json"]

SCHEMA = "stellatune.bench/1"
SPREAD_HEADER = ("#", "quantity", "samples", "min", "p50", "p90", "p99", "max")
HEADER = ("#", "quantity", "ours", "reference", "ratio (min..max)", "prototype", "reach", "moonshot", "verdict")


def line_of(row: Row) -> tuple[str, ...]:
    """Medians over rounds; the ratio is the median of the rounds' ratios."""
    rounds, target = row.rounds, row.target
    sign = target.better.value
    return (
        target.number,
        row.quantity,
        f"{_short(median(rounds.ours))} {row.unit}",
        f"{_short(median(rounds.reference))} {row.unit}",
        f"{rounds.ratio:.2f} ({min(rounds.ratios):.2f}..{max(rounds.ratios):.2f})",
        target.prototype,
        f"{sign} {target.reach:g}",
        f"{sign} {target.moonshot:g}",
        row.verdict,
    )


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def spread_of(found: Distribution) -> tuple[str, ...]:
    """Percentiles over all samples."""
    shares = [percentile(found.samples, share) for share in (0.5, 0.9, 0.99)]
    values = (min(found.samples), *shares, max(found.samples))
    return (
        found.number,
        found.quantity,
        str(len(found.samples)),
        *(f"{_short(value)} {found.unit}" for value in values),
    )


def print_tables(rows: Sequence[Row], distributions: Sequence[Distribution]) -> None:
    """Ratios, then what spreads."""
    if rows:
        _print([HEADER, *(line_of(row) for row in rows)])
    if distributions:
        _print([SPREAD_HEADER, *(spread_of(found) for found in distributions)])


def _print(lines: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def write_json(
    folder: Path, machine: dict[str, str | int], rows: Sequence[Row], distributions: Sequence[Distribution]
) -> Path:
    """All rounds of all rows and all samples; says where."""
    folder.mkdir(exist_ok=True)
    path = folder / time.strftime("%Y%m%d-%H%M%S.json")
    document = {
        "schema": SCHEMA,
        "machine": machine,
        "rows": [_document(row) for row in rows],
        "distributions": [asdict(found) for found in distributions],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path


def _document(row: Row) -> dict[str, object]:
    rounds = row.rounds
    return {
        "number": row.target.number,
        "quantity": row.quantity,
        "unit": row.unit,
        "ours": rounds.ours,
        "reference": rounds.reference,
        "ratio": rounds.ratio,
        "ratios": rounds.ratios,
        "better": row.target.better.value,
        "reach": row.target.reach,
        "moonshot": row.target.moonshot,
        "verdict": row.verdict,
    }
