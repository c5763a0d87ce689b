"""The library's file: opened, brought to this version, set aside when it is damaged; SQLite's errors as the host's.

Blocks: whoever has a loop calls it off the loop. Any thread may use it, one at a time. It must never lose what a user
typed: of a damaged file, roots and playlists are taken over as far as they can be read.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from host.errors import LibraryBusy, LibraryDamaged, LibraryError, LibraryFull
from host.library.facts import folder_of
from host.library.schema import APPLICATION_ID, MIGRATIONS, VERSION
from host.library.typed import TYPED, Typed, put_rows
from host.where import label_of

__all__ = ["BUSY_MS", "Database", "Row", "Value"]

Value: TypeAlias = str | bytes | int | float | None
Row: TypeAlias = tuple[Value, ...]

#: So long one waits for another process that writes.
BUSY_MS = 5000
_MOST_NAME = 255
_BESIDE = ("", "-wal", "-shm")
_SCAN_FINDS = "`stellatune library scan` finds the rest"
_DAMAGES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """One connection and the transactions on it. ``notice``: what had to be done to open it, for people."""

    def __init__(self, path: Path, connection: sqlite3.Connection, notice: str = "") -> None:
        self.path = path
        self.notice = notice
        self._connection = connection
        self._lock = threading.RLock()
        self._typed = Typed(path)
        self._depth = 0

    @staticmethod
    def open(path: Path, busy_ms: int = BUSY_MS) -> Database:
        """The database at ``path``, made when there is none.

        Raises:
            LibraryError: it cannot be opened or made, is of another program or of a newer version; LibraryBusy.
        """
        with _translated(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _marker(path).exists():
                try:
                    return _opened(path, busy_ms)
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
            return _mended(path, busy_ms)

    def close(self) -> None:
        """Ends the connection; twice is fine."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing. Within another it is a part of that.

        Raises:
            LibraryBusy, LibraryFull, LibraryDamaged, LibraryError: nothing was changed.
        """
        with self._lock, _translated(self.path):
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._typed.keep(self._connection)
                    self._connection.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:
                    with suppress(sqlite3.Error):  # a full disk has rolled it back by itself
                        self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """All rows of an answer. Raises: as ``writing``."""
        with self._lock, _translated(self.path):
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row, or None. Raises: as ``writing``."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def count(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The one number that is asked for. Raises: as ``writing``."""
        found = self.one(sql, values)
        return found[0] if found and isinstance(found[0], int) else 0

    def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Changes rows, inside ``writing``; says how many. Raises: as ``writing``."""
        return self._connection.execute(sql, values).rowcount

    def change_all(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """The same for each of many. Raises: as ``writing``."""
        self._connection.executemany(sql, rows)

    def stream(self, sql: str, values: Sequence[Value] = (), *, texts_as_bytes: bool = False) -> Iterator[Row]:
        """Rows one after the other as they were at the begin, whatever is written meanwhile: on a connection of its
        own. Raises: as ``writing``."""
        with _translated(self.path), closing(_reader(self.path)) as connection:
            if texts_as_bytes:
                connection.text_factory = bytes
            yield from connection.execute(sql, values)


def _reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = on")
    return connection


def _opened(path: Path, busy_ms: int) -> Database:
    """Of a file that is not there, or is empty, but for a text beside it, that is taken over."""
    connection, saved = _connect(path, busy_ms, restores=True)
    if not any(saved.values()):
        return Database(path, connection)
    notice = f"{label_of(path)} was empty; {_taken_over(saved)} from {Typed(path).path.name}; {_SCAN_FINDS}"
    return Database(path, connection, notice)


def _connect(path: Path, busy_ms: int, *, restores: bool) -> tuple[sqlite3.Connection, Mapping[str, int]]:
    """``restores``: a new one gets what a user typed into the one before; gives how many rows of each table."""
    saved: Mapping[str, int] = {}
    connection = sqlite3.connect(path, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False)
    try:
        connection.create_function("folder_of", 1, folder_of, deterministic=True)
        connection.execute("PRAGMA foreign_keys = on")
        connection.execute("PRAGMA secure_delete = off")
        connection.execute("PRAGMA cache_size = -32768")  # KiB; a search goes through much of the index
        version = _version_of(path, connection)
        if version < VERSION:
            connection.execute("PRAGMA journal_mode = wal")
            saved = _migrate(path, connection, restores=restores)
        connection.execute(
            "PRAGMA synchronous = normal"
        )  # in WAL mode a power cut costs the last batch, never the rest
        connection.execute("SELECT count(*) FROM roots").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection, saved


def _version_of(path: Path, connection: sqlite3.Connection) -> int:
    """0: nothing is in it yet."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (objects or version):
        raise LibraryError(
            f"{label_of(path)}: is a database of another program", remedy="name another file in [library] database"
        )
    if version > VERSION:
        raise LibraryError(
            f"{label_of(path)}: was made by a newer StellaTune (schema {version}, this one knows {VERSION})",
            remedy="update StellaTune, or name another file in [library] database",
        )
    assert isinstance(version, int)
    return version


def _migrate(path: Path, connection: sqlite3.Connection, *, restores: bool) -> Mapping[str, int]:
    """All steps that are missing, in one transaction; two that come at once take turns. Gives what was restored."""
    connection.execute("BEGIN IMMEDIATE")
    version, typed = _version_of(path, connection), Typed(path)
    for step in MIGRATIONS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    saved = typed.restore(connection) if restores and version == 0 else {}
    if version or any(saved.values()):
        typed.keep(connection)
    connection.execute("COMMIT")
    return saved


def _marker(path: Path) -> Path:
    """Stands while damage was seen that nobody has mended yet."""
    return path.with_name(f"{path.name}.damaged")


def _mended(path: Path, busy_ms: int) -> Database:
    """A fresh database in place of a damaged one. Those who meet the damage at once take turns.

    The mark stands, with the name that the damaged file has by then, until all that can be had of it is taken over:
    whoever finds it begins where another one failed.
    """
    marker = _marker(path)
    with marker.open("a+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        if not marker.exists():
            return _opened(path, busy_ms)  # it was another one's turn
        mark.seek(0)
        aside = path.with_name(mark.read(_MOST_NAME) or _free_name(path))
        mark.truncate(0)
        mark.write(aside.name)
        mark.flush()
        _set_aside(path, aside)
        connection, _ = _connect(path, busy_ms, restores=False)
        try:
            saved = _salvage(aside, connection, Typed(path))
        except BaseException:
            connection.close()
            raise
        marker.unlink()
    notice = f"{label_of(path)} was damaged and is now {aside.name}; {saved}; {_SCAN_FINDS}"
    return Database(path, connection, notice)


def _free_name(path: Path) -> str:
    """For a damaged file: one under which nothing stands yet."""
    stem = f"{path.name}.corrupt-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
    number = 0
    while path.with_name(f"{stem}-{number}" if number else stem).exists():
        number += 1
    return f"{stem}-{number}" if number else stem


def _set_aside(path: Path, aside: Path) -> None:
    """Gives the file and what belongs to it that name. Where it has it already, what stands here is half a new one."""
    half_made = aside.exists() and path.exists()
    for ending in _BESIDE:
        file = path.with_name(path.name + ending)
        with suppress(FileNotFoundError):
            if half_made:
                file.unlink()
            else:
                file.rename(aside.with_name(aside.name + ending))


def _salvage(aside: Path, connection: sqlite3.Connection, typed: Typed) -> str:
    """What a user typed, row by row until one cannot be read; then what stands beside the database."""
    saved: dict[str, int] = {}
    with closing(sqlite3.connect(aside, isolation_level=None)) as old:
        connection.execute("BEGIN IMMEDIATE")
        for table, columns in TYPED.items():
            read: list[Row] = []
            whole = False
            with suppress(sqlite3.DatabaseError):
                for row in old.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                    read.append(row)
                whole = True
            saved[table] = put_rows(connection, table, read if whole else (*read, *typed.rows(table)))
        typed.keep(connection)
        connection.execute("COMMIT")
    if not saved["roots"]:
        return "its roots could not be read, `stellatune library add` them again"
    return _taken_over(saved)


def _taken_over(saved: Mapping[str, int]) -> str:
    return f"{saved['roots']} roots and {saved['entries']} entries of playlists were taken over"


def _is_damage(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGES


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as lines that name the file and the remedy."""
    name = label_of(path)
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if _is_damage(error):
            with suppress(OSError):
                _marker(path).touch()
            raise LibraryDamaged(
                f"{name}: is damaged ({error})",
                remedy="the next `stellatune library scan` sets it aside and rebuilds it",
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise LibraryBusy(
                f"{name}: another process is writing to it", remedy="try again when the scan or command there is done"
            ) from error
        if code == sqlite3.SQLITE_FULL or _no_room(error):
            raise LibraryFull(
                f"{name}: no room is left; what was there before is whole", remedy="make room on its file system"
            ) from error
        raise LibraryError(f"{name}: {error}", remedy=_remedy(path, code)) from error
    except OSError as error:
        raise LibraryError(f"{name}: {error.strerror or error}", remedy=_remedy(path, 0)) from error


def _no_room(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_WRITE


def _remedy(path: Path, code: int) -> str:
    if code == sqlite3.SQLITE_READONLY or not os.access(path.parent, os.W_OK):
        return "make its folder writable for you, or name another file in [library] database"
    return "see the system's message, or name another file in [library] database"
