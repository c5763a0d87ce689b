"""A track as searches and lists give it: pure."""

from __future__ import annotations

import os
from pathlib import Path

from host.library.database import Row
from host.records import record

__all__ = ["FOUND_COLUMNS", "Found", "found_of"]

FOUND_COLUMNS = (
    "id",
    "path",
    "title",
    "artist",
    "album",
    "album_artist",
    "composer",
    "genre",
    "date",
    "year",
    "disc",
    "track",
    "duration_ms",
    "container",
    "rate_hz",
    "channels",
    "bits",
    "decoder",
    "cover",
    "added_s",
)


@record
class Found:
    """One track of the library; empty texts and None where its file does not say. ``added_s``: since 1970."""

    track_id: int
    path: Path
    title: str
    artist: str
    album: str
    album_artist: str
    composer: str
    genre: str
    date: str
    year: int | None
    disc: int | None
    track: int | None
    duration_ms: int | None
    container: str
    rate_hz: int
    channels: int
    bits: int
    decoder: str
    cover: str | None
    added_s: int


def found_of(row: Row) -> Found:
    """A row of ``FOUND_COLUMNS``."""
    track_id, path, *rest = row
    assert isinstance(path, bytes)
    return Found(track_id, Path(os.fsdecode(path)), *rest)  # type: ignore[arg-type]  # the schema's types
