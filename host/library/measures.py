"""Numbers as people type them into a query: amounts, durations, sizes, ages, days. Pure.

Each parser gives the lowest and the highest value that is meant, and raises ValueError with a text for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["parse_age", "parse_amount", "parse_day", "parse_duration", "parse_range", "parse_size"]

MAX_NUMBER = 2**53
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)(k?)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2})")
_SPANS = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([kmg]?)(?:i?b)?", re.IGNORECASE)
_AGE = re.compile(r"(\d{1,5})([hdwmy])", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
#: The end of the year after it is no date.
_LAST_YEAR = 9998
_AGES_S = {"h": 3600, "d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400, "y": 365 * 86_400}
_OPERATORS = (">=", "<=", ">", "<", "=")

Span = tuple[int, int]


def parse_range(text: str, parse: Callable[[str], Span]) -> tuple[int | None, int | None]:
    """``5``, ``>5``, ``<=5``, ``1..5``, ``1..``, ``..5``: the least and the most, None where there is no limit.

    Raises:
        ValueError: it is none of these, or its begin lies behind its end.
    """
    text = text.strip()
    for operator in _OPERATORS:
        if text.startswith(operator):
            low, high = parse(text[len(operator) :].strip())
            match operator:
                case ">":
                    return high + 1, None
                case ">=":
                    return low, None
                case "<":
                    return None, low - 1
                case "<=":
                    return None, high
                case _:
                    return low, high
    first, dots, last = text.partition("..")
    if not dots:
        return parse(text)
    if not first.strip() and not last.strip():
        raise ValueError("a range has a begin or an end")
    least = parse(first.strip())[0] if first.strip() else None
    most = parse(last.strip())[1] if last.strip() else None
    if least is not None and most is not None and least > most:
        raise ValueError(f"{first} lies behind {last}")
    return least, most


def parse_amount(text: str) -> Span:
    """``16``, ``44.1k``."""
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no number")
    value = round(float(found[1]) * (1000 if found[2] else 1))
    return _sane(value, text), value


def parse_duration(text: str) -> Span:
    """``4:03``, ``1:02:03``, ``5m``, ``1h30m``, ``90s``, ``90``: in ms, to the second."""
    if found := _CLOCK.fullmatch(text) or _SPANS.fullmatch(text or "-"):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
    else:
        raise ValueError(f"{text!r} is no duration")
    whole_ms = (hours * 3600 + minutes * 60 + seconds) * 1000
    return whole_ms, whole_ms + 999


def parse_size(text: str) -> Span:
    """``700k``, ``10M``, ``1.5GiB``: in bytes."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no size")
    value = round(float(found[1]) * 1024 ** " kmg".index(found[2].lower() or " "))
    return _sane(value, text), value


def parse_age(text: str) -> Span:
    """``12h``, ``7d``, ``2w``, ``6m``, ``1y``: in seconds."""
    found = _AGE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no age; known are h, d, w, m, y after a number")
    age_s = int(found[1]) * _AGES_S[found[2].lower()]
    return age_s, age_s


def parse_day(text: str) -> Span:
    """``2026``, ``2026-11``, ``2026-11-28``: from its first second to its last, since 1970."""
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no day")
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if year > _LAST_YEAR:
        raise ValueError(f"{text!r} is too late")
    begin = datetime(year, month or 1, day or 1, tzinfo=UTC)  # ValueError names what is out of range
    if day:
        end = begin + timedelta(days=1)
    else:
        end = datetime(year + (month in (0, 12)), month % 12 + 1 if month else 1, 1, tzinfo=UTC)
    return int(begin.timestamp()), int(end.timestamp()) - 1


def _sane(value: int, text: str) -> int:
    if value > MAX_NUMBER:
        raise ValueError(f"{text!r} is too large")
    return value
