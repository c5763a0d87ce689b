"""Reads a TOML table key by key, and complains about file and key when something is not as it should be."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TypeVar

from host.errors import ManifestError

__all__ = ["Table"]

Kind = TypeVar("Kind", str, int, bool)

_WORDS: dict[type, str] = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table"}


class Table:
    """One table of one file. Keys are taken; what is left at the end is unknown."""

    def __init__(self, file: Path, name: str, content: object) -> None:
        self._file = file
        self._name = name
        if not isinstance(content, dict):
            raise ManifestError(f"{file}: {name or 'the file'} must be a table", remedy=f"write [{name}]")
        self._content: dict[str, object] = dict(content)
        self._asked: list[str] = []

    def wrong(self, key: str, what: str, remedy: str = "") -> ManifestError:
        """The error to raise about a key."""
        where = f"{self._name}.{key}" if self._name else key
        return ManifestError(f"{self._file}: {where} {what}", remedy=remedy)

    def has(self, key: str) -> bool:
        """Whether the key is there and not taken yet."""
        return key in self._content

    def take(self, key: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """A required value of that type, or an optional one where a default is given."""
        self._asked.append(key)
        if key not in self._content:
            if default is None:
                raise self.wrong(key, "is missing", f"add it: {_WORDS[kind]}")
            return default
        value = self._content.pop(key)
        if type(value) is not kind:
            raise self.wrong(key, f"must be {_WORDS[kind]}, not {value!r}")
        return value

    def text(self, key: str, pattern: str, what: str) -> str:
        """A required text that matches the pattern as a whole; `what` describes it."""
        value = self.take(key, str)
        if not re.fullmatch(pattern, value, re.ASCII):
            raise self.wrong(key, f"= {value!r} is not {what}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """An optional list of texts."""
        self._asked.append(key)
        value = self._content.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def table(self, key: str) -> Table:
        """An optional table; empty when absent."""
        self._asked.append(key)
        return Table(self._file, f"{self._name}.{key}" if self._name else key, self._content.pop(key, {}))

    def tables(self, key: str) -> tuple[Table, ...]:
        """A required list of tables ([[key]])."""
        self._asked.append(key)
        value = self._content.pop(key, None)
        if not isinstance(value, list):
            raise self.wrong(key, "is missing or no list of tables", f"add [[{key}]]")
        return tuple(Table(self._file, f"{key}[{index}]", each) for index, each in enumerate(value))

    def numbers(self) -> dict[str, int]:
        """All that is left, as names with whole numbers."""
        return {key: self.take(key, int) for key in list(self._content)}

    def finish(self) -> None:
        """Refuses what nobody asked for."""
        for key in self._content:
            near = difflib.get_close_matches(key, self._asked, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(self._asked)}"
            raise self.wrong(key, "is unknown", remedy)
