"""Playlists of the library: lists of paths in an order that moves cheaply, one of them for what is liked.

Blocks, like the database. Entries are paths, not tracks: what vanishes and comes again is still in its playlists, and
a file need not be in the library. Places count from 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from host.errors import NotFound, Usage
from host.library.database import Database, Row
from host.library.found import FOUND_COLUMNS, Found, found_of
from host.records import record

__all__ = ["LIKED", "Entry", "Playlist", "Playlists"]

#: The one that is always there.
LIKED = "liked"
MAX_NAME_CHARS = 200
#: Between neighbours, so that an entry can be put between two without moving others.
_GAP = 1 << 20
_COLUMNS = ", ".join(f"tracks.{name}" for name in FOUND_COLUMNS)


@record
class Playlist:
    """``duration_ms``: of the entries whose duration is known."""

    name: str
    entries: int
    duration_ms: int


@record
class Entry:
    """``track`` is None where the library does not know the file."""

    place: int
    path: Path
    track: Found | None


class Playlists:
    """Reads and changes them. Every change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Playlist]:
        """All of them; "liked" first, the others by name."""
        rows = self._database.rows(
            "SELECT name, count(entries.id), coalesce(sum(duration_ms), 0) FROM playlists "
            "LEFT JOIN entries ON playlist = playlists.id LEFT JOIN tracks ON tracks.path = entries.path "
            "GROUP BY playlists.id ORDER BY playlists.id <> 1, name"
        )
        return [Playlist(str(name), _int(entries), _int(duration_ms)) for name, entries, duration_ms in rows]

    def create(self, name: str) -> None:
        """An empty one.

        Raises:
            Usage: there is one of that name, or it is none. And as ``Database.writing``.
        """
        if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
            raise Usage(
                f"{name[:40]!r} is no name for a playlist",
                remedy=f"1 to {MAX_NAME_CHARS} characters that can be printed",
            )
        with self._database.writing():
            if self._database.rows("SELECT 1 FROM playlists WHERE name = ?", (name,)):
                raise Usage(f"the playlist {name} exists already", remedy="see `stellatune library playlists list`")
            self._database.change("INSERT INTO playlists (name) VALUES (?)", (name,))

    def delete(self, name: str) -> None:
        """The list goes, the files stay. Raises: Usage for "liked"; NotFound; as ``Database.writing``."""
        with self._database.writing():
            playlist = self._id_of(name)
            if playlist == 1:
                raise Usage(f"the playlist {LIKED} stays", remedy="`stellatune library unlike` takes tracks out of it")
            self._database.change("DELETE FROM playlists WHERE id = ?", (playlist,))

    def entries(self, name: str) -> list[Entry]:
        """All of one, in order. Raises: NotFound; as ``Database.rows``."""
        rows = self._database.rows(
            f"SELECT entries.path, {_COLUMNS} FROM entries LEFT JOIN tracks ON tracks.path = entries.path "
            "WHERE playlist = ? ORDER BY entries.place",
            (self._id_of(name),),
        )
        return [_entry(place, row) for place, row in enumerate(rows, 1)]

    def add(self, name: str, paths: Iterable[Path]) -> int:
        """Puts files at the end, each as often as it is named; gives how many. Raises: NotFound; as ``writing``."""
        with self._database.writing():
            return self._append(self._id_of(name), [os.fsencode(path) for path in paths])

    def like(self, paths: Iterable[Path]) -> int:
        """The same with "liked", each file once; gives how many were not in it. Raises: as ``Database.writing``."""
        names = dict.fromkeys(os.fsencode(path) for path in paths)
        with self._database.writing():
            there = {row[0] for row in self._database.rows("SELECT path FROM entries WHERE playlist = 1")}
            return self._append(1, [name for name in names if name not in there])

    def unlike(self, paths: Iterable[Path]) -> int:
        """Out of "liked"; gives how many were in it. Raises: as ``Database.writing``."""
        with self._database.writing():
            return sum(
                self._database.change("DELETE FROM entries WHERE playlist = 1 AND path = ?", (os.fsencode(path),))
                for path in paths
            )

    def remove(self, name: str, places: Sequence[int]) -> int:
        """Takes entries out; gives how many.

        Raises:
            NotFound: no such playlist, or no entry at one of the places: then all stay. As ``Database.writing``.
        """
        with self._database.writing():
            ids = self._ids_at(name, places)
            self._database.change_all("DELETE FROM entries WHERE id = ?", [(each,) for each in dict.fromkeys(ids)])
        return len(set(ids))

    def move(self, name: str, places: Sequence[int], to: int) -> int:
        """Puts entries, in the order given, so that the first stands at place ``to`` then; gives how many.

        Raises:
            NotFound: no such playlist or entry: then all stay. As ``Database.writing``.
        """
        with self._database.writing():
            playlist = self._id_of(name)
            moving = [*dict.fromkeys(self._ids_at(name, places))]
            rest = [each for each in self._ordered(playlist) if each[0] not in set(moving)]
            at = min(max(to, 1) - 1, len(rest))
            before = rest[at - 1][1] if at else None
            after = rest[at][1] if at < len(rest) else None
            spots = _between(before, after, len(moving))
            if spots is None:
                order = [*(each for each, _ in rest[:at]), *moving, *(each for each, _ in rest[at:])]
                spots = [_GAP * number for number in range(1, len(order) + 1)]
                moving = order
            self._database.change_all("UPDATE entries SET place = ? WHERE id = ?", [*zip(spots, moving, strict=True)])
        return len(set(places))

    def _id_of(self, name: str) -> int:
        found = self._database.one("SELECT id FROM playlists WHERE name = ?", (name,)) if name.isprintable() else None
        if not found:
            raise NotFound(f"no playlist {name}", remedy="see `stellatune library playlists list`")
        return _int(found[0])

    def _ordered(self, playlist: int) -> list[tuple[int, int]]:
        """Ids and places."""
        rows = self._database.rows("SELECT id, place FROM entries WHERE playlist = ? ORDER BY place", (playlist,))
        return [(_int(each), _int(place)) for each, place in rows]

    def _ids_at(self, name: str, places: Sequence[int]) -> list[int]:
        ordered = self._ordered(self._id_of(name))
        for place in places:
            if not 1 <= place <= len(ordered):
                raise NotFound(
                    f"no entry at place {place} of {name}, which has {len(ordered)}",
                    remedy=f"see `stellatune library playlists show {name}`",
                )
        return [ordered[place - 1][0] for place in places]

    def _append(self, playlist: int, paths: Sequence[bytes]) -> int:
        last = self._database.count("SELECT max(place) FROM entries WHERE playlist = ?", (playlist,))
        self._database.change_all(
            "INSERT INTO entries (playlist, place, path) VALUES (?, ?, ?)",
            [(playlist, last + _GAP * number, path) for number, path in enumerate(paths, 1)],
        )
        return len(paths)


def _between(before: int | None, after: int | None, count: int) -> list[int] | None:
    """So many places in a row; None where there is no room."""
    begin = before if before is not None else (after or 0) - _GAP * (count + 1)
    end = after if after is not None else begin + _GAP * (count + 1)
    step = (end - begin) // (count + 1)
    return [begin + step * number for number in range(1, count + 1)] if step else None


def _entry(place: int, row: Row) -> Entry:
    path, *track = row
    assert isinstance(path, bytes)
    return Entry(place, Path(os.fsdecode(path)), found_of(tuple(track)) if track[0] is not None else None)


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
