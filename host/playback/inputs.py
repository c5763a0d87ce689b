"""From what people type to a list of files: directories and playlists are opened up. Blocks: call it off the loop.

A name that leads nowhere stays in the list with its reason, so that the others still play.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from host.capabilities import extension_of
from host.errors import MediaError
from host.playback.media import open_regular, why_not
from host.playback.tracks import WHOLE, Excerpt
from host.playlists import NO_HINTS, Hints

__all__ = ["Input", "expand", "natural_key"]

PLAYLIST_SUFFIXES = frozenset({".m3u", ".m3u8", ".pls"})
MAX_PLAYLIST_BYTES = 4 << 20
#: Share of control characters in what is not UTF-8: text of any code page has none to speak of, noise has a ninth.
MAX_CONTROLS = 0.03
_DIGITS = re.compile(r"(\d+)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLS_ENTRY = re.compile(r"File\d+\s*=\s*(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Input:
    """One file to play, or a part of one; or why there is none."""

    path: Path
    refused: MediaError | None = None
    excerpt: Excerpt = WHOLE
    hints: Hints = NO_HINTS


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts ``2 b`` before ``10 a``, and without regard to case."""
    parts = _DIGITS.split(text)
    return tuple(
        (0, int(part), "") if index % 2 else (1, 0, part.casefold()) for index, part in enumerate(parts) if part
    )


def expand(names: Iterable[str], extensions: frozenset[str]) -> tuple[Input, ...]:
    """Files in order; ``extensions`` (lowercase, no dot) are those that count as audio in a directory."""
    return tuple(found for name in names for found in _expand_one(name, extensions))


def _expand_one(name: str, extensions: frozenset[str]) -> Iterator[Input]:
    path = Path(name)
    try:
        is_directory = path.is_dir()
    except (OSError, ValueError) as error:
        yield Input(path, why_not(path, error))
        return
    if is_directory:
        yield from _directory(path, extensions)
    elif path.suffix.lower() in PLAYLIST_SUFFIXES:
        yield from _playlist(path)
    elif _SCHEME.match(name):
        yield _locate(Path(), name)
    else:
        yield Input(path)


def _directory(top: Path, extensions: frozenset[str]) -> Iterator[Input]:
    refusals: list[Input] = []

    def refuse(error: OSError) -> None:
        folder = Path(error.filename or top)
        refusals.append(Input(folder, why_not(folder, error)))

    found: list[Path] = []
    for folder, below, files in os.walk(top, onerror=refuse):
        below[:] = [name for name in below if not name.startswith(".")]
        found += [Path(folder, name) for name in files if not name.startswith(".") and extension_of(name) in extensions]
    found.sort(key=lambda path: [natural_key(part) for part in path.parts])
    yield from (Input(path) for path in found)
    yield from refusals
    if not found and not refusals:
        known = " ".join(sorted(extensions)) or "none: no decoder is installed"
        error = MediaError(f"{top}: no audio file in this directory", remedy=f"audio is, by the decoders here: {known}")
        yield Input(top, error)


def _playlist(path: Path) -> Iterator[Input]:
    try:
        with open_regular(path) as media:
            if media.size_bytes > MAX_PLAYLIST_BYTES:
                raise MediaError(f"{path}: too long for a playlist", remedy="split it")
            data = os.pread(media.fd, media.size_bytes, 0)
    except MediaError as error:
        yield Input(path, error)
        return
    text = _text(data)
    if text is None:
        yield Input(path, MediaError(f"{path}: not a playlist", remedy="a playlist is a text file, in UTF-8 at best"))
        return
    entries = _pls_entries(text) if path.suffix.lower() == ".pls" else _m3u_entries(text)
    if not entries:
        yield Input(path, MediaError(f"{path}: the playlist names no file", remedy="add a line with a file name"))
    yield from (_locate(path.parent, entry) for entry in entries)


def _text(data: bytes) -> str | None:
    """The text of a playlist; None when these bytes are none."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    controls = sum(char < " " and char not in "\t\r\n" for char in text)
    return None if controls > len(text) * MAX_CONTROLS else text


def _m3u_entries(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _pls_entries(text: str) -> list[str]:
    matches = (_PLS_ENTRY.fullmatch(line.strip()) for line in text.splitlines())
    return [match[1].strip() for match in matches if match]


def _locate(folder: Path, entry: str) -> Input:
    """A playlist's entry, relative to the folder of the playlist."""
    if not _SCHEME.match(entry):
        return _entry(folder / entry)
    parts = urlsplit(entry)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return _entry(Path(unquote(parts.path)))
    return Input(Path(entry), MediaError(f"{entry}: not a local file", remedy="download it first"))


def _entry(path: Path) -> Input:
    if path.suffix.lower() not in PLAYLIST_SUFFIXES:
        return Input(path)
    error = MediaError(f"{path}: a playlist inside a playlist is not followed", remedy="name it on the command line")
    return Input(path, error)
