"""What online providers answered, and what the user chose, in a file of its own: nobody is asked twice for nothing.

It is a convenience: what cannot be read is not there, and what cannot be written is not remembered; the caller is told
once in a line. A file that is damaged, or no database at all, is set aside and begun anew; one of a newer host is left
alone. Several hosts may have it open. Every call opens the file, in a thread with a deadline, and closes it again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from host.patience import off_loop
from host.records import record

__all__ = ["Cached", "LyricsCache"]

CACHE_FILE = "lyrics.db"
VERSION = 1
HIT_S = 30 * 86_400.0
MISS_S = 86_400.0
MAX_ROWS = 20_000
MAX_BYTES = 64 << 20
#: What goes when it is too much: this part of the rows, the oldest first.
_SHARE = 10
_LOCKED_S = 2.0
_CALL_S = 5.0
_ROOM = ("page_count", "freelist_count", "page_size")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answer (
    key TEXT NOT NULL,
    provider TEXT NOT NULL,
    words TEXT,            -- null: the provider has none
    label TEXT NOT NULL,
    of_file INTEGER NOT NULL,
    chosen INTEGER NOT NULL,
    at_s REAL NOT NULL,
    PRIMARY KEY (key, provider)
);
CREATE INDEX IF NOT EXISTS answer_by_age ON answer (chosen, at_s);
"""

T = TypeVar("T")


@record
class Cached:
    """``words`` None: the provider had none. ``chosen``: by the user, and never too old. The rest as in ``Found``."""

    provider: str
    words: str | None
    label: str = ""
    of_file: bool = False
    chosen: bool = False


class LyricsCache:
    """In a folder that need not exist. ``now_s`` is the wall clock; ``tell`` gets lines for the user."""

    def __init__(
        self, folder: Path, tell: Callable[[str], None] = lambda _: None, now_s: Callable[[], float] = time.time
    ) -> None:
        self.path = folder / CACHE_FILE
        self._tell = tell
        self._now_s = now_s
        self._told: set[str] = set()

    async def answers(self, key: str) -> tuple[Cached, ...]:
        """What is remembered under a name and has not grown old; what was chosen comes first."""
        return await self._call(lambda db: self._read(db, key), ())

    async def forget(self, key: str) -> None:
        """All that is remembered under a name, what was chosen too."""
        await self._call(lambda db: _forget(db, key), None)

    async def remember(self, key: str, answer: Cached) -> None:
        """Takes the place of what the provider answered before; a choice also that of another choice."""
        await self._call(lambda db: self._write(db, key, answer), None)

    # ---- in a thread ----

    def _read(self, db: sqlite3.Connection, key: str) -> tuple[Cached, ...]:
        now_s = self._now_s()
        rows = db.execute(
            "SELECT provider, words, label, of_file, chosen FROM answer WHERE key = ? AND (chosen OR at_s BETWEEN"
            " ? - CASE WHEN words IS NULL THEN ? ELSE ? END AND ?) ORDER BY chosen DESC, provider",
            (key, now_s, MISS_S, HIT_S, now_s),
        )
        return tuple(_cached(row) for row in rows)

    def _write(self, db: sqlite3.Connection, key: str, answer: Cached) -> None:
        with db:
            if answer.chosen:
                db.execute("UPDATE answer SET chosen = 0 WHERE key = ?", (key,))
            db.execute(
                "INSERT OR REPLACE INTO answer (key, provider, words, label, of_file, chosen, at_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (key, answer.provider, answer.words, answer.label, answer.of_file, answer.chosen, self._now_s()),
            )
            db.execute("DELETE FROM answer WHERE NOT chosen AND at_s < ?", (self._now_s() - HIT_S,))
            while _is_too_much(db):
                db.execute(
                    "DELETE FROM answer WHERE rowid IN (SELECT rowid FROM answer ORDER BY chosen, at_s"
                    f" LIMIT (SELECT COUNT(*) / {_SHARE} + 1 FROM answer))"
                )

    async def _call(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        try:
            return await off_loop(lambda: self._with_database(work), _CALL_S)
        except TimeoutError:
            self._tell_once("it did not answer in time")
        except (OSError, sqlite3.Error, UnicodeError) as error:
            self._tell_once(str(error))
        return otherwise

    def _tell_once(self, why: str) -> None:
        if why not in self._told:
            self._told.add(why)
            self._tell(f"{self.path}: lyrics are not remembered: {why}")

    def _with_database(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._opened() as db:
                return work(db)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
        self._set_aside()
        with self._opened() as db:
            return work(db)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=_LOCKED_S)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise OSError(f"it is of a newer version of this program ({version}); move it away to begin anew")
            if version < VERSION:
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            db.execute("PRAGMA synchronous = NORMAL")
            yield db

    def _set_aside(self) -> None:
        """The file of before is kept under another name, for whoever wants to look."""
        self.path.replace(self.path.with_suffix(".damaged"))
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).unlink()


def _cached(row: tuple[str, str | None, str, int, int]) -> Cached:
    provider, words, label, of_file, chosen = row
    return Cached(str(provider), None if words is None else str(words), str(label), bool(of_file), bool(chosen))


def _forget(db: sqlite3.Connection, key: str) -> None:
    with db:
        db.execute("DELETE FROM answer WHERE key = ?", (key,))


def _is_too_much(db: sqlite3.Connection) -> bool:
    (count,) = db.execute("SELECT COUNT(*) FROM answer").fetchone()
    pages, free, page_bytes = (db.execute(f"PRAGMA {what}").fetchone()[0] for what in _ROOM)
    return bool(count > MAX_ROWS or (pages - free) * page_bytes > MAX_BYTES)
