"""What there is in the library: albums, artists, one file, numbers. Blocks, like the database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from host.errors import NotFound
from host.library.database import Database, Row
from host.library.found import FOUND_COLUMNS, Found, found_of
from host.library.words import words_of
from host.records import record
from host.where import label_of

__all__ = ["Album", "Artist", "Overview", "Stats"]


@record
class Album:
    """``artist``: whose it is, or Various Artists. ``cover``: as in ``Found``."""

    album: str
    artist: str
    year: int | None
    tracks: int
    duration_ms: int | None
    cover: str | None


@record
class Artist:
    """As the tracks call them."""

    artist: str
    albums: int
    tracks: int
    duration_ms: int | None


@record
class Stats:
    """Counts; ``formats``: tracks by the word for their format, most first."""

    tracks: int
    albums: int
    artists: int
    duration_ms: int
    size_bytes: int
    covers: int
    problems: int
    playlists: int
    formats: tuple[tuple[str, int], ...]


class Overview:
    """Answers out of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def albums(self, words: str = "") -> list[Album]:
        """All whose name or artist has the words, by artist and name. Raises: as ``Database.rows``."""
        rows = self._database.rows("SELECT album, artist, year, tracks, duration_ms, cover FROM albums ORDER BY place")
        made = [Album(*row) for row in rows]  # type: ignore[arg-type]  # the schema's types
        return [each for each in made if _has(words, each.album, each.artist)]

    def artists(self, words: str = "") -> list[Artist]:
        """All whose name has the words, by name. Raises: as ``Database.rows``."""
        rows = self._database.rows(
            "SELECT artist, albums, tracks, duration_ms FROM artists ORDER BY artist COLLATE NOCASE"
        )
        made = [Artist(*row) for row in rows]  # type: ignore[arg-type]  # the schema's types
        return [each for each in made if _has(words, each.artist)]

    def track(self, path: Path) -> Found:
        """One file. Raises: NotFound: the library does not have it. And as ``Database.rows``."""
        row = self._database.one(f"SELECT {', '.join(FOUND_COLUMNS)} FROM tracks WHERE path = ?", (os.fsencode(path),))
        if row is None:
            raise NotFound(
                f"{label_of(path)} is not in the library", remedy="`stellatune library scan` reads what its roots hold"
            )
        return found_of(row)

    def stats(self) -> Stats:
        """How much of what. Raises: as ``Database.rows``."""
        (tracks, duration_ms, size_bytes, covers), *_ = self._database.rows(
            "SELECT count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size_bytes), 0), count(DISTINCT cover) "
            "FROM tracks"
        )
        formats: Sequence[Row] = self._database.rows(
            "SELECT container, count(*) FROM tracks GROUP BY container ORDER BY 2 DESC, 1"
        )
        count = self._database.count
        return Stats(
            tracks=_int(tracks),
            albums=count("SELECT count(DISTINCT album_key) FROM tracks WHERE album <> ''"),
            artists=count("SELECT count(DISTINCT artist) FROM tracks WHERE artist <> ''"),
            duration_ms=_int(duration_ms),
            size_bytes=_int(size_bytes),
            covers=_int(covers),
            problems=count("SELECT count(*) FROM problems"),
            playlists=count("SELECT count(*) FROM playlists"),
            formats=tuple((str(name), _int(number)) for name, number in formats),
        )


def _has(words: str, *texts: str) -> bool:
    """Every word begins one of the texts' words."""
    there = [word for text in texts for word in words_of(text)]
    return all(any(word.startswith(wanted) for word in there) for wanted in words_of(words))


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
