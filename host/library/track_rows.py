"""A track as a row of the database, and as the words by which it is found: pure."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache

from host.library.database import Row
from host.library.facts import Track, folder_of
from host.library.words import words_of

__all__ = ["COLUMNS", "TEXT_COLUMNS", "PART", "album_key", "place_of", "row_of", "spoken_texts", "texts_of"]

COLUMNS = (
    "path",
    "size_bytes",
    "mtime_ns",
    "decoder",
    "decoder_mark",
    "container",
    "rate_hz",
    "channels",
    "bits",
    "duration_ms",
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
    "has_lyrics",
    "track_gain_db",
    "track_peak",
    "album_gain_db",
    "album_peak",
    "cover",
    "added_s",
    "album_key",
    "place",
    "title_key",
    "folder",
)
TEXT_COLUMNS = ("title", "artist", "album", "album_artist", "composer", "genre", "file", "folder")

_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_REMEMBERED = 1024
#: Between parts of keys; no word has it.
PART = "\x1f"


def row_of(track: Track, now_s: int) -> Row:
    """The values of ``COLUMNS``. ``now_s``: seconds since 1970, for a track that is new."""
    tags = track.tags
    path = os.fsencode(track.path)
    year = _YEAR.search(tags.date)
    return (
        path,
        track.stamp.size_bytes,
        track.stamp.mtime_ns,
        track.decoder,
        track.decoder_mark,
        track.container,
        track.rate_hz,
        track.channels,
        track.bits,
        track.duration_ms,
        tags.title,
        tags.artist,
        tags.album,
        tags.album_artist,
        tags.composer,
        tags.genre,
        tags.date,
        int(year[0]) if year else None,
        tags.disc_number,
        tags.track_number,
        int(bool(tags.lyrics)),
        tags.track.gain_db,
        tags.track.peak,
        tags.whole_album.gain_db,
        tags.whole_album.peak,
        track.cover,
        now_s,
        album_key(tags.album, tags.album_artist, path),
        place_of(tags.album_artist or tags.artist, tags.album, tags.disc_number or 0, tags.track_number or 0, path),
        _folded(tags.title),
        folder_of(path),
    )


def texts_of(path: bytes, spoken: Sequence[str]) -> Row:
    """The values of ``TEXT_COLUMNS``: words with blanks between. ``spoken``: the texts of all but the last two."""
    folder, _, file = path.decode("utf-8", "replace").rpartition("/")
    stem = file.rpartition(".")[0] or file
    return tuple([_words(text) for text in (*spoken, stem, folder)])


def spoken_texts(track: Track) -> tuple[str, ...]:
    """Its texts, in the order of ``TEXT_COLUMNS``."""
    tags = track.tags
    return (tags.title, tags.artist, tags.album, tags.album_artist, tags.composer, tags.genre)


def _folded(text: str) -> str:
    return _words(text) or text


@lru_cache(_REMEMBERED)
def _words(text: str) -> str:
    """Albums, artists and folders come again and again."""
    return " ".join(words_of(text))


def album_key(album: str, album_artist: str, path: bytes) -> str:
    """Tracks of one album have it in common: its name with whose it is, or without that with the folder."""
    if not album:
        return ""
    whose = _folded(album_artist) if album_artist else path.rpartition(b"/")[0].decode("utf-8", "backslashreplace")
    return f"{_folded(album)}{PART}{whose}"


def place_of(artist: str, album: str, disc: int, track: int, path: bytes) -> str:
    """Sorted by it, albums stand together and their tracks in order."""
    name = path.rpartition(b"/")[2].decode("utf-8", "backslashreplace")
    return PART.join((_folded(artist), _folded(album), f"{disc:04}{track:04}", name))
