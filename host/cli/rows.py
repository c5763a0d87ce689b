"""Reading the members of an answer: what is missing or of another type shows as nothing, and never raises."""

from __future__ import annotations

from host.cli.console import plain
from host.jsontext import JsonObject

__all__ = ["number", "objects", "refusals", "text", "texts"]


def text(row: JsonObject, name: str) -> str:
    """A member for people, safe to print; a dash where there is none."""
    value = row.get(name)
    return "-" if value is None or value == "" else plain(str(value))


def number(row: JsonObject, name: str) -> float | None:
    """A number, or None."""
    value = row.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def objects(row: JsonObject, name: str) -> list[JsonObject]:
    """The objects in a list."""
    value = row.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts(row: JsonObject, name: str) -> list[str]:
    """The texts in a list, safe to print."""
    value = row.get(name)
    return [plain(each) for each in value if isinstance(each, str)] if isinstance(value, list) else []


def refusals(generation: JsonObject) -> str:
    """How many calls of a generation were refused because the instance was in one; empty for none."""
    count = number(generation, "concurrent_calls")
    return f"  {count:.0f} concurrent calls refused" if count else ""
