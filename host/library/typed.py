"""What a user typed, as a text beside the database: roots, what is left out, playlists. The rest a scan finds again.

Written inside of each transaction that changed any of it, and read where the database is damaged. Blocks.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from host.jsontext import Json, JsonObject

__all__ = ["TYPED", "Typed", "put_rows"]

#: Tables with their columns, in an order in which they can be filled.
TYPED = {
    "roots": ("path", "added_s"),
    "excluded": ("path",),
    "playlists": ("id", "name"),
    "entries": ("id", "playlist", "place", "path"),
}
_MAX_BYTES = 256 << 20
_NO_ROW = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, ValueError, OverflowError)


class Typed:
    """The text of one database. ``connection``'s transactions are the caller's."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}.typed")
        self._database = database
        self._inode = _inode_of(database)
        self._mark: object = None

    def keep(self, connection: sqlite3.Connection) -> None:
        """Writes it anew where it is not of this state; where that fails, the next transaction tries again."""
        (mark,) = connection.execute("SELECT mark FROM typed_state").fetchone()
        if mark != self._mark and _inode_of(self._database) == self._inode:  # else it was set aside meanwhile
            with suppress(OSError):
                if self._read().get("mark") != mark:
                    self._write(mark, {name: connection.execute(_select(name)).fetchall() for name in TYPED})
                self._mark = mark

    def restore(self, connection: sqlite3.Connection) -> dict[str, int]:
        """All that stands in the text; gives how many rows of each table that were."""
        return {table: put_rows(connection, table, self.rows(table)) for table in TYPED}

    def rows(self, table: str) -> Sequence[Sequence[object]]:
        """Of one table; those that can be read."""
        tables = self._read().get("tables")
        rows = tables.get(table) if isinstance(tables, dict) else None
        found: list[Sequence[object]] = []
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, list):
                with suppress(ValueError):  # a text that no path can have
                    found.append([_value(each) for each in row])
        return found

    def _read(self) -> JsonObject:
        """Nothing where it cannot be read."""
        with suppress(OSError, ValueError, RecursionError):
            with self.path.open("rb") as file:
                told = json.loads(file.read(_MAX_BYTES))
            return told if isinstance(told, dict) else {}
        return {}

    def _write(self, mark: object, tables: dict[str, list[tuple[object, ...]]]) -> None:
        text = json.dumps({"mark": mark, "tables": tables}, default=lambda blob: {"path": os.fsdecode(blob)})
        part = self.path.with_name(f"{self.path.name}.part")
        with part.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def put_rows(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> int:
    """Gives how many were put. Others are there already, as "liked" is, or belong to a playlist that could not be read,
    or are nothing that the database can hold."""
    columns, put = TYPED[table], 0
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
    for row in rows:
        with suppress(*_NO_ROW):
            connection.execute(statement, row)
            put += 1
    return put


def _inode_of(database: Path) -> int:
    """0: there is none."""
    with suppress(OSError):
        return database.stat().st_ino
    return 0


def _select(table: str) -> str:
    return f"SELECT {', '.join(TYPED[table])} FROM {table}"


def _value(told: Json) -> object:
    """An object that names no path stays one, and the database refuses its row."""
    path = told.get("path") if isinstance(told, dict) else None
    return os.fsencode(path) if isinstance(path, str) else told
