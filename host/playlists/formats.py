"""Which playlist formats there are, by the endings of their names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from host.errors import MediaError, Usage
from host.playlists.cue import read_cue
from host.playlists.listed import Listed
from host.playlists.locating import is_uri, uri_of
from host.playlists.m3u import read_m3u, write_m3u
from host.playlists.pls import read_pls
from host.playlists.text import text_of
from host.playlists.xspf import read_xspf, write_xspf

__all__ = ["WRITTEN_SUFFIXES", "is_playlist", "playlist_lines", "read_playlist"]

XSPF = ".xspf"
#: XSPF says its own encoding; the others are text of some kind.
_TEXTS = {".m3u": read_m3u, ".m3u8": read_m3u, ".pls": read_pls, ".cue": read_cue}
#: What can be written.
WRITTEN_SUFFIXES = (".m3u8", ".m3u", XSPF)


def is_playlist(path: Path) -> bool:
    """Whether a file of this name is one."""
    suffix = path.suffix.lower()
    return suffix in _TEXTS or suffix == XSPF


def read_playlist(path: Path, data: bytes) -> list[Listed]:
    """What the content of a file of that name lists. Raises: MediaError when it is no playlist, or lists nothing."""
    try:
        listed = _read(path, data)
    except ValueError as error:
        raise MediaError(f"{path}: not a playlist: {error}", remedy="is it whole?") from error
    if not listed:
        raise MediaError(f"{path}: the playlist names no file", remedy="add a line with a file name")
    return listed


def _read(path: Path, data: bytes) -> list[Listed]:
    suffix = path.suffix.lower()
    if suffix == XSPF:
        return read_xspf(data)
    text = text_of(data)
    if text is None:
        raise MediaError(f"{path}: not a playlist", remedy="a playlist is a text file, in UTF-8 at best")
    return _TEXTS[suffix](text)


def playlist_lines(path: Path, tracks: Iterable[Listed]) -> Iterator[bytes]:
    """The content of a playlist file of that name, in UTF-8; the tracks' names are absolute paths, or URIs.

    Raises: Usage when nothing of that kind can be written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITTEN_SUFFIXES:
        raise Usage(f"{path}: a playlist to write ends in {' or '.join(WRITTEN_SUFFIXES)}", remedy="choose one of them")
    if suffix == XSPF:
        lines = write_xspf(replace(track, name=_as_uri(track.name)) for track in tracks)
    else:
        lines = write_m3u(replace(track, name=_as_line(track.name)) for track in tracks)
    return (line.encode("utf-8", "replace") + b"\n" for line in lines)


def _as_line(name: str) -> str:
    """The path itself where that is one line of text, else its URI."""
    return name if name.isprintable() and name == name.strip() else _as_uri(name)


def _as_uri(name: str) -> str:
    return name if is_uri(name) else uri_of(Path(name))
