"""What the library knows: roots, excluded folders, tracks and problems, written in transactions and read again.

Blocks: whoever has a loop calls it off the loop. Any thread may use it. It touches no media file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path

from host.errors import NotFound, Usage
from host.library.database import BUSY_MS, Database, Row
from host.library.facts import MARK_PARTS, MARKS_BETWEEN, FileStamp, KnownFile, Problem, ProblemKind, Track, folder_of
from host.library.track_rows import COLUMNS, TEXT_COLUMNS, album_key, place_of, row_of, spoken_texts, texts_of
from host.library.words import padded
from host.where import label_of

__all__ = ["Store", "beneath"]

#: So many words are remembered as written, before it is forgotten and asked again.
MAX_KNOWN_WORDS = 300_000
_SET = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in ("path", "added_s"))
_PUT_TEXTS = (
    f"INSERT OR REPLACE INTO texts (rowid, {', '.join(TEXT_COLUMNS)}) "
    f"VALUES (?, {', '.join('?' for _ in TEXT_COLUMNS)})"
)
_MARKS = (
    f"SELECT group_concat(CAST(path AS TEXT) || '{MARK_PARTS}' || size_bytes || '{MARK_PARTS}' || mtime_ns, "
    f"'{MARKS_BETWEEN.decode()}') FROM tracks WHERE path >= ? AND path < ?"
)
_OF_MOVED = f"SELECT id, disc, track, {', '.join(TEXT_COLUMNS[:-2])} FROM tracks WHERE path = ?"
_PUT_PLACE = "UPDATE tracks SET album_key = ?, place = ?, folder = ? WHERE id = ?"
#: So many tracks go into one statement: the interpreter is let go of and taken back with each.
_TOGETHER = 64
_PUT_WORD = "INSERT INTO words (word) VALUES (?) ON CONFLICT DO NOTHING RETURNING id"


@cache
def _put_statements(count: int) -> tuple[str, str]:
    """Puts that many tracks, and their texts: paths with texts, in whatever order the database finds them."""
    texts = ", ".join(TEXT_COLUMNS)
    return (
        f"INSERT INTO tracks ({', '.join(COLUMNS)}) VALUES {_places(count, len(COLUMNS))} "
        f"ON CONFLICT (path) DO UPDATE SET {_SET}",
        f"WITH spoken (path, {texts}) AS (VALUES {_places(count, 1 + len(TEXT_COLUMNS))}) "
        f"INSERT OR REPLACE INTO texts (rowid, {texts}) "
        f"SELECT tracks.id, {', '.join(f'spoken.{name}' for name in TEXT_COLUMNS)} "
        "FROM spoken CROSS JOIN tracks ON tracks.path = spoken.path",
    )


def _places(rows: int, columns: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)


def beneath(folder: bytes) -> tuple[bytes, bytes]:
    """Every path below a folder is at least the first and less than the second."""
    begin = folder.rstrip(b"/") + b"/"
    return begin, begin[:-1] + b"0"


class Store:
    """The library's contents. A context manager; ``close`` twice is fine."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self._clock = clock
        self._known_words: set[str] = set()
        self._words_version = 0

    @staticmethod
    def open(path: Path, busy_ms: int = BUSY_MS) -> Store:
        """The library in that file. Raises: as ``Database.open``."""
        return Store(Database.open(path, busy_ms))

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All that is changed within is one transaction, done or undone as one."""
        try:
            with self.database.writing():
                yield
        except BaseException:
            self._known_words.clear()  # what was written is not
            raise

    # Folders.

    def roots(self) -> list[Path]:
        """The folders that are scanned, in order."""
        return _paths(self.database.rows("SELECT path FROM roots ORDER BY path"))

    def add_root(self, path: Path) -> list[Path]:
        """A folder to be scanned from now on; gives the roots beneath it, which are parts of it then.

        Raises:
            Usage: it is a root already, or lies in one. And as ``Database.writing``.
        """
        name = os.fsencode(path)
        with self.batch():
            for root in self.roots():
                if root == path or root in path.parents:
                    where = "is a root already" if root == path else f"is within the root {label_of(root)}"
                    raise Usage(f"{label_of(path)} {where}", remedy="`stellatune library scan` reads it")
            inner = _paths(self.database.rows("SELECT path FROM roots WHERE path >= ? AND path < ?", beneath(name)))
            self.database.change("DELETE FROM roots WHERE path >= ? AND path < ?", beneath(name))
            self.database.change("INSERT INTO roots (path, added_s) VALUES (?, ?)", (name, self._now()))
        return inner

    def remove_root(self, path: Path) -> int:
        """No root any more; gives how many tracks went with it. Playlists keep their entries.

        Raises:
            NotFound: it is none. And as ``Database.writing``.
        """
        name = os.fsencode(path)
        with self.batch():
            if not self.database.change("DELETE FROM roots WHERE path = ?", (name,)):
                raise NotFound(f"{label_of(path)} is no root of the library", remedy="see `stellatune library roots`")
            self.database.change("DELETE FROM excluded WHERE path >= ? AND path < ?", beneath(name))
            return self._drop_beneath(name)

    def excluded(self) -> list[Path]:
        """The folders that are left out, in order."""
        return _paths(self.database.rows("SELECT path FROM excluded ORDER BY path"))

    def exclude(self, path: Path) -> int:
        """A folder left out from now on; gives how many tracks went with it. Raises: as ``Database.writing``."""
        name = os.fsencode(path)
        with self.batch():
            self.database.change("INSERT OR IGNORE INTO excluded (path) VALUES (?)", (name,))
            return self._drop_beneath(name)

    def include(self, path: Path) -> None:
        """Left out no more; a scan finds what is in it. Raises: NotFound; as ``Database.writing``."""
        with self.batch():
            if not self.database.change("DELETE FROM excluded WHERE path = ?", (os.fsencode(path),)):
                raise NotFound(f"{label_of(path)} is not excluded", remedy="see `stellatune library roots`")

    def _drop_beneath(self, folder: bytes) -> int:
        self.database.change("DELETE FROM problems WHERE path >= ? AND path < ?", beneath(folder))
        return self.database.change("DELETE FROM tracks WHERE path >= ? AND path < ?", beneath(folder))

    # Tracks.

    def known(self, root: Path) -> Iterator[KnownFile]:
        """Every track beneath a folder, in the order of the bytes of their paths, as it was when this began."""
        return self.database.stream(  # type: ignore[return-value]  # three columns, none of them null
            "SELECT path, size_bytes, mtime_ns FROM tracks WHERE path >= ? AND path < ? ORDER BY path",
            beneath(os.fsencode(root)),
        )

    def known_marks(self, root: Path) -> set[bytes]:
        """The same, each as ``mark_of_file`` has it: joined by the database, which is quick. Raises: as ``stream``."""
        found = self.database.stream(_MARKS, beneath(os.fsencode(root)), texts_as_bytes=True)
        return {mark for (joined,) in found if isinstance(joined, bytes) for mark in joined.split(MARKS_BETWEEN)}

    def put(self, tracks: Iterable[Track]) -> None:
        """Adds tracks, or replaces what was known of their paths. Some hundred at a time are quickest.

        Raises:
            As ``Database.writing``: then none of them is there.
        """
        now_s = self._now()
        with self.batch():
            left = list(tracks)
            while left:
                count = _TOGETHER if len(left) >= _TOGETHER else 1
                self._put_together(left[:count], now_s)
                os.sched_yield()
                del left[:count]

    def _put_together(self, tracks: Sequence[Track], now_s: int) -> None:
        rows = [row_of(track, now_s) for track in tracks]
        named = [(os.fsencode(track.path), track) for track in tracks]
        texts = [(path, *texts_of(path, spoken_texts(track))) for path, track in named]
        put, put_texts = _put_statements(len(rows))
        self.database.change(put, list(chain.from_iterable(rows)))
        self.database.change(put_texts, list(chain.from_iterable(texts)))
        self._put_words(texts)

    def _put_words(self, texts: Iterable[Row]) -> None:
        """``texts``: something else first, then words with blanks between."""
        told = {text for row in texts for text in row[1:] if isinstance(text, str)}
        words = {word for text in told for word in text.split(" ") if word}
        version = self.database.count("PRAGMA data_version")
        if version != self._words_version:  # somebody else has written, and may have tidied
            self._known_words, self._words_version = set(), version
        words -= self._known_words
        fresh: list[Row] = []
        for word in words:
            added = self.database.one(_PUT_WORD, (word,))
            if added:
                fresh.append((added[0], padded(word)))
        self.database.change_all("INSERT INTO trigrams (rowid, word) VALUES (?, ?)", fresh)
        if len(self._known_words) > MAX_KNOWN_WORDS:
            self._known_words.clear()
        self._known_words |= words

    def touch(self, stamps: Iterable[tuple[Path, FileStamp]]) -> None:
        """Other stamps for tracks that are otherwise as known. Raises: as ``Database.writing``."""
        rows = [(stamp.size_bytes, stamp.mtime_ns, os.fsencode(path)) for path, stamp in stamps]
        with self.batch():
            self.database.change_all("UPDATE tracks SET size_bytes = ?, mtime_ns = ? WHERE path = ?", rows)

    def remove(self, paths: Iterable[Path]) -> int:
        """Takes tracks out, and all beneath a path that is a folder; gives how many.

        Raises: as ``Database.writing``.
        """
        removed = 0
        with self.batch():
            for path in paths:
                name = os.fsencode(path)
                self.database.change("DELETE FROM problems WHERE path = ?", (name,))
                removed += self.database.change("DELETE FROM tracks WHERE path = ?", (name,))
                removed += self._drop_beneath(name)
        return removed

    def move(self, old: Path, new: Path) -> int:
        """A file, or a folder with all in it, has another name: ids and playlists stay; gives how many tracks moved.

        Tracks that were known at the new place are replaced. Raises: as ``Database.writing``.
        """
        source, target = os.fsencode(old), os.fsencode(new)
        count = 0
        with self.batch():
            for table in ("tracks", "entries", "problems"):
                moved = self._renamed(table, source, target)
                if table != "entries":
                    self.database.change_all(f"DELETE FROM {table} WHERE path = ?", [(there,) for there, _ in moved])
                self.database.change_all(f"UPDATE {table} SET path = ? WHERE path = ?", moved)
                if table == "tracks":
                    self._moved_texts([there for there, _ in moved])
                    count = len(moved)
        return count

    def _renamed(self, table: str, source: bytes, target: bytes) -> list[tuple[bytes, bytes]]:
        """New and old name of all there is at or beneath ``source``."""
        found = self.database.rows(
            f"SELECT DISTINCT path FROM {table} WHERE path = ? OR (path >= ? AND path < ?)", (source, *beneath(source))
        )
        paths = [row[0] for row in found if isinstance(row[0], bytes)]
        return [(target + path[len(source) :], path) for path in paths]

    def _moved_texts(self, paths: Sequence[bytes]) -> None:
        """What of a track hangs on its path is made again."""
        texts: list[Row] = []
        for path in paths:
            for row in self.database.rows(_OF_MOVED, (path,)):
                track_id, disc, number, *spoken = row
                _title, artist, album, album_artist, *_ = words = [str(text) for text in spoken]
                numbers = (int(disc or 0), int(number or 0))
                place = place_of(album_artist or artist, album, *numbers, path)
                key = album_key(album, album_artist, path)
                self.database.change(_PUT_PLACE, (key, place, folder_of(path), track_id))
                texts.append((track_id, *texts_of(path, words)))
        self.database.change_all(_PUT_TEXTS, texts)
        self._put_words(texts)

    def tidy(self) -> int:
        """Forgets words that no track has any more, so that none of them stands in for another; gives how many.

        Raises: as ``Database.writing``.
        """
        with self.batch():
            self.database.change("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab (main, texts, row)")
            gone = self.database.rows("SELECT id, word FROM words WHERE word NOT IN (SELECT term FROM temp.terms)")
            self.database.change_all(
                "INSERT INTO trigrams (trigrams, rowid, word) VALUES ('delete', ?, ?)",
                [(word_id, padded(str(word))) for word_id, word in gone],
            )
            self.database.change_all("DELETE FROM words WHERE id = ?", [(word_id,) for word_id, _ in gone])
            self._known_words.clear()
        return len(gone)

    # Problems.

    def put_problems(self, problems: Iterable[Problem]) -> None:
        """One for each file and decoder; a newer one replaces it. Raises: as ``Database.writing``."""
        rows = [
            (
                os.fsencode(each.path),
                each.plugin_id,
                each.type_id,
                each.mark,
                each.stamp.size_bytes,
                each.stamp.mtime_ns,
                each.kind.value,
                each.reason.encode("utf-8", "replace").decode(),
            )
            for each in problems
        ]
        with self.batch():
            self.database.change_all("INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def problems(self, folder: Path | None = None) -> list[Problem]:
        """All of them, or those beneath a folder, by path. Raises: as ``Database.rows``."""
        where, values = ("", ()) if folder is None else (" WHERE path >= ? AND path < ?", beneath(os.fsencode(folder)))
        return [_problem(row) for row in self.database.rows(f"SELECT * FROM problems{where} ORDER BY path", values)]

    def forget_problem(self, path: Path) -> int:
        """What was wrong with a file is so no more; gives how many it were. Raises: as ``Database.writing``."""
        with self.batch():
            return self.database.change("DELETE FROM problems WHERE path = ?", (os.fsencode(path),))

    def _now(self) -> int:
        return int(self._clock())


def _paths(rows: Iterable[Row]) -> list[Path]:
    return [Path(os.fsdecode(row[0])) for row in rows if isinstance(row[0], bytes)]


def _problem(row: Row) -> Problem:
    path, plugin_id, type_id, mark, size_bytes, mtime_ns, kind, reason = row
    assert isinstance(path, bytes)
    assert isinstance(size_bytes, int)
    assert isinstance(mtime_ns, int)
    return Problem(
        Path(os.fsdecode(path)),
        FileStamp(size_bytes, mtime_ns),
        str(plugin_id),
        str(type_id),
        str(mark),
        ProblemKind(str(kind)),
        str(reason),
    )
