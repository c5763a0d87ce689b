"""From what people type to what can be played: directories and playlists are opened up, URIs told from paths. Blocks:
call it off the loop.

A name that leads nowhere stays in the list with its reason, so that the others still play. What is in a source is not
known here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from host.errors import MediaError
from host.media import open_regular, why_not
from host.playback.tracks import WHOLE, Excerpt
from host.playlists import NO_HINTS, Found, Hints, follow, is_playlist, is_uri, locate
from host.records import record
from host.where import SourceTrack, Where, extension_of, scheme_of

__all__ = ["Input", "expand", "natural_key"]

MAX_PLAYLIST_BYTES = 64 << 20
#: Of a URL in a playlist that most likely leads to more of them.
CATALOGUES = frozenset({"m3u", "m3u8", "pls", "xspf", "rss", "xml"})
_DIGITS = re.compile(r"(\d+)")


@record
class Input:
    """One thing to play, or a part of one; or why there is none.

    ``lists``: it may be a catalogue of a source, which is asked first what is in it.
    """

    where: Where
    refused: MediaError | None = None
    excerpt: Excerpt = WHOLE
    hints: Hints = NO_HINTS
    lists: bool = False


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts ``2 b`` before ``10 a``, and without regard to case."""
    parts = _DIGITS.split(text)
    return tuple(
        (0, int(part), "") if index % 2 else (1, 0, part.casefold()) for index, part in enumerate(parts) if part
    )


def expand(names: Iterable[str], extensions: frozenset[str], schemes: frozenset[str] = frozenset()) -> Iterator[Input]:
    """All in order, as it is found.

    ``extensions`` (lowercase, no dot): what counts as audio. ``schemes``: of the URLs that sources open.
    """
    world = _World(schemes)
    for name in names:
        yield from _expand_one(name, extensions, world)


class _World:
    """What there is, as playlists see it: the file system, and sources by what they claim."""

    def __init__(self, schemes: frozenset[str]) -> None:
        self._schemes = schemes

    def read(self, path: Path) -> bytes:
        with open_regular(path) as media:
            if media.size_bytes > MAX_PLAYLIST_BYTES:
                raise MediaError(f"{path}: too long for a playlist", remedy="split it")
            return os.pread(media.fd, media.size_bytes, 0)

    def refusal(self, where: Where) -> MediaError | None:
        if isinstance(where, SourceTrack):
            scheme = "" if where.source else scheme_of(where.id)
            if not scheme or scheme in self._schemes:
                return None
            known = " ".join(sorted(self._schemes)) or "none"
            return MediaError(f"{where}: no source opens {scheme}://", remedy=f"those of the sources here: {known}")
        try:
            where.stat()
        except (OSError, ValueError) as error:
            return why_not(where, error)
        return None


def _expand_one(name: str, extensions: frozenset[str], world: _World) -> Iterator[Input]:
    try:
        (where, *_) = locate(Path(), name) if is_uri(name) else (Path(name),)
    except MediaError as error:
        yield Input(Path(name), error)
        return
    refused = world.refusal(where)
    if refused is not None:
        yield Input(where, refused)
    elif isinstance(where, SourceTrack):
        yield Input(where, lists=bool(where.source) or extension_of(where.file_name) not in extensions)
    elif where.is_dir():
        yield from _directory(where, extensions)
    elif is_playlist(where):
        yield from (_input(found) for found in follow(where, world))
    else:
        yield Input(where)


def _input(found: Found) -> Input:
    where, listed = found.where, found.listed
    if listed is None:
        return Input(where, found.refused)
    lists = isinstance(where, SourceTrack) and extension_of(where.file_name) in CATALOGUES and found.refused is None
    return Input(where, found.refused, Excerpt(listed.start_s, listed.length_s), listed.hints, lists)


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
