"""What a user typed, as a text beside the database: roots, what is left out, playlists. The rest a scan finds again.

Written inside of each transaction that changed any of it, and read where the database is damaged. Blocks.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["TYPED", "Typed"]

#: Tables with their columns, in an order in which they can be filled.
TYPED = {
    "roots": ("path", "added_s"),
    "excluded": ("path",),
    "playlists": ("id", "name"),
    "entries": ("id", "playlist", "place", "path"),
}
_MAX_BYTES = 256 << 20


class Typed:
    """The text of one database. ``connection``'s transactions are the caller's."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.typed")
        self._state: object = None

    def keep(self, connection: sqlite3.Connection) -> None:
        """Writes it anew where it is not of this state; where that fails, the next transaction tries again."""
        state = connection.execute("SELECT id, version FROM typed_state").fetchone()
        if state != self._state:
            with suppress(OSError):
                if self._written() != [*state]:
                    self._write([*state], {name: connection.execute(_select(name)).fetchall() for name in TYPED})
                self._state = state

    def rows(self, table: str) -> Sequence[tuple[object, ...]]:
        """Of one table; none where it cannot be read."""
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            return [tuple([_value(each) for each in row]) for row in self._read()["tables"][table]]
        return ()

    def _written(self) -> object:
        """Of which state the text is."""
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            state: object = self._read()["state"]
            return state
        return None

    def _read(self) -> Any:  # noqa: ANN401  whatever stands there: who takes a part of it is ready for all else
        with self._path.open("rb") as file:
            return json.loads(file.read(_MAX_BYTES))

    def _write(self, state: list[object], tables: dict[str, list[tuple[object, ...]]]) -> None:
        text = json.dumps({"state": state, "tables": tables}, default=lambda blob: {"path": os.fsdecode(blob)})
        part = self._path.with_name(f"{self._path.name}.part")
        with part.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)


def _select(table: str) -> str:
    return f"SELECT {', '.join(TYPED[table])} FROM {table}"


def _value(told: object) -> object:
    return os.fsencode(told["path"]) if isinstance(told, dict) else told
