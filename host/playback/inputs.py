"""From what people type to a list of files: directories and playlists are opened up. Blocks: call it off the loop.

A name that leads nowhere stays in the list with its reason, so that the others still play.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from host.capabilities import extension_of
from host.errors import MediaError
from host.media import open_regular, why_not
from host.playback.tracks import WHOLE, Excerpt
from host.playlists import NO_HINTS, Found, Hints, follow, is_playlist, is_uri, locate
from host.records import record

__all__ = ["Input", "expand", "natural_key"]

MAX_PLAYLIST_BYTES = 64 << 20
_DIGITS = re.compile(r"(\d+)")


@record
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


def expand(names: Iterable[str], extensions: frozenset[str]) -> Iterator[Input]:
    """Files in order, as they are found; ``extensions`` (lowercase, no dot): what counts as audio in a directory."""
    for name in names:
        yield from _expand_one(name, extensions)


class _Disk:
    """The file system, as playlists see it."""

    def read(self, path: Path) -> bytes:
        with open_regular(path) as media:
            if media.size_bytes > MAX_PLAYLIST_BYTES:
                raise MediaError(f"{path}: too long for a playlist", remedy="split it")
            return os.pread(media.fd, media.size_bytes, 0)

    def refusal(self, path: Path) -> MediaError | None:
        try:
            path.stat()
        except (OSError, ValueError) as error:
            return why_not(path, error)
        return None


_DISK = _Disk()


def _expand_one(name: str, extensions: frozenset[str]) -> Iterator[Input]:
    try:
        (path, *_) = locate(Path(), name) if is_uri(name) else (Path(name),)
    except MediaError as error:
        yield Input(Path(name), error)
        return
    refused = _DISK.refusal(path)
    if refused is not None:
        yield Input(path, refused)
    elif path.is_dir():
        yield from _directory(path, extensions)
    elif is_playlist(path):
        yield from (_input(found) for found in follow(path, _DISK))
    else:
        yield Input(path)


def _input(found: Found) -> Input:
    listed = found.listed
    if listed is None:
        return Input(found.path, found.refused)
    return Input(found.path, found.refused, Excerpt(listed.start_s, listed.length_s), listed.hints)


def _directory(top: Path, extensions: frozenset[str]) -> Iterator[Input]:
    empty = True
    for found in _walk(top, extensions):
        empty = False
        yield found
    if empty:
        known = " ".join(sorted(extensions)) or "none: no decoder is installed"
        error = MediaError(f"{top}: no audio file in this directory", remedy=f"audio is, by the decoders here: {known}")
        yield Input(top, error)


def _walk(top: Path, extensions: frozenset[str]) -> Iterator[Input]:
    """Audio files below, those of a folder where its name stands in the order; links to folders are not followed."""
    waiting = [(top, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield Input(path)
            continue
        try:
            with os.scandir(path) as listing:
                shown = [entry for entry in listing if not entry.name.startswith(".")]
                folders = [(entry.name, True) for entry in shown if entry.is_dir(follow_symlinks=False)]
                files = [(entry.name, False) for entry in shown if _is_audio(entry, extensions)]
        except OSError as error:
            yield Input(path, why_not(path, error))
            continue
        inside = sorted((*folders, *files), key=lambda one: (natural_key(one[0]), one[0]), reverse=True)
        waiting += [(path / name, is_folder) for name, is_folder in inside]


def _is_audio(entry: os.DirEntry[str], extensions: frozenset[str]) -> bool:
    return extension_of(entry.name) in extensions and not entry.is_dir()
