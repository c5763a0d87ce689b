"""Tracks, albums and durations of the library, for people and as JSON: pure."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

from host.cli.console import plain
from host.jsontext import JsonObject
from host.library import Found
from host.where import label_of

__all__ = ["NO_ROOTS", "counted", "duration_words", "path_members", "track_line", "track_members"]

NO_ROOTS = "no roots yet: `stellatune library add DIR` makes one"


def counted(count: int, what: str) -> str:
    """``1 track``, ``2 tracks``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def duration_words(duration_ms: int | None) -> str:
    """``4:03``, ``1:02:03``, ``12 d 3 h``; a dash for what is not known."""
    if duration_ms is None:
        return "-"
    minutes, seconds = divmod(duration_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, rest = divmod(hours, 24)
    if days:
        return f"{days} d {rest} h"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def track_line(track: Found) -> str:
    """``Artist - Title  (Album, 1994)  4:03  flac``; the name of the file where no title is known."""
    if not track.title:
        return f"{plain(label_of(track.path))}  {duration_words(track.duration_ms)}"
    name = " - ".join(plain(text) for text in (track.artist, track.title) if text)
    origin = ", ".join(plain(str(text)) for text in (track.album, track.year) if text)
    return f"{name}{f'  ({origin})' if origin else ''}  {duration_words(track.duration_ms)}  {plain(track.container)}"


def path_members(path: Path) -> JsonObject:
    """``path`` as text; where its bytes are none, they come as ``path_base64`` as well."""
    raw = os.fsencode(path)
    label = label_of(path)
    return {"path": label} if label.encode() == raw else {"path": label, "path_base64": b64encode(raw).decode()}


def track_members(track: Found) -> JsonObject:
    """All that is known of a track. Durations in ms, ``added_s`` in seconds since 1970."""
    return {
        **path_members(track.path),
        "title": track.title,
        "artist": track.artist,
        "album": track.album,
        "album_artist": track.album_artist,
        "composer": track.composer,
        "genre": track.genre,
        "date": track.date,
        "disc": track.disc,
        "track": track.track,
        "duration_ms": track.duration_ms,
        "format": track.container,
        "rate_hz": track.rate_hz,
        "channels": track.channels,
        "bits": track.bits,
        "decoder": track.decoder,
        "cover": track.cover,
        "added_s": track.added_s,
    }
