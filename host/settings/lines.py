"""On which line of a TOML text each value begins: neither reader tells, and people who mend a file want to know."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TypeAlias

__all__ = ["KeyPath", "lines_of"]

KeyPath: TypeAlias = tuple[str, ...]


def lines_of(text: str) -> dict[KeyPath, int]:
    """Every table and value by its path, with the line it begins on, counted from 1. The text must be TOML as a whole.

    A statement is the fewest lines that are TOML by themselves, so no line inside a string or list is taken for one.
    """
    found: dict[KeyPath, int] = {}
    section: KeyPath = ()
    for number, statement in _statements(text):
        content = tomllib.loads(statement)
        header = statement.lstrip().startswith("[")
        if header:
            section = _header_path(content)
            found.setdefault(section, number)
        else:
            for path in _paths(content):
                found.setdefault((*section, *path), number)
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each with the number of its first line."""
    begun = 0
    statement = ""
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), start=1):
        begun = begun or number
        statement += line
        try:
            tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        yield begun, statement
        begun, statement = 0, ""


def _header_path(content: dict[str, object]) -> KeyPath:
    """The path that a lone header leads to."""
    path: list[str] = []
    inside: object = content
    while isinstance(inside, dict) and inside:
        ((name, inside),) = inside.items()
        path.append(name)
    return tuple(path)


def _paths(content: dict[str, object]) -> Iterator[KeyPath]:
    for name, value in content.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *rest) for rest in _paths(value))
