"""From a playlist to the files it leads to, through playlists inside it, within limits.

Files are looked at through ``PlaylistFiles`` alone. What leads nowhere is found, too, with its reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from host.errors import MediaError
from host.playlists.formats import is_playlist, read_playlist
from host.playlists.listed import Listed
from host.playlists.locating import locate
from host.records import record
from host.where import Where

__all__ = ["Found", "PlaylistFiles", "follow"]

MAX_DEPTH = 8
MAX_PLAYLISTS = 1000
MAX_ENTRIES = 500_000


class PlaylistFiles(Protocol):
    """The file system, as far as playlists need it."""

    def read(self, path: Path) -> bytes:
        """All of a playlist file. Raises: MediaError."""

    def refusal(self, where: Where) -> MediaError | None:
        """Why nothing is there; None: something is, or nobody knows before it is opened."""


@record
class Found:
    """One thing that a playlist leads to; ``listed``: what was said about it, when it was said."""

    where: Where
    listed: Listed | None = None
    refused: MediaError | None = None


def follow(path: Path, files: PlaylistFiles) -> Iterator[Found]:
    """All that a playlist lists, in order."""
    return _Following(files).playlist(path, ())


class _Following:
    """One walk through playlists; what it has met counts for all of them together."""

    def __init__(self, files: PlaylistFiles) -> None:
        self._files = files
        self._playlists = 0
        self._entries = 0

    def playlist(self, path: Path, above: tuple[str, ...]) -> Iterator[Found]:
        """``above``: the names of those that lead to this one."""
        name = os.path.normpath(path)
        self._playlists += 1
        try:
            if name in above:
                raise MediaError(f"{path}: the playlist leads back to itself", remedy="take the line out that names it")
            if len(above) >= MAX_DEPTH or self._playlists > MAX_PLAYLISTS:
                raise MediaError(f"{path}: too many playlists inside playlists", remedy="name it on its own")
            listed = read_playlist(path, self._files.read(path))
        except MediaError as error:
            yield Found(path, None, error)
            return
        for each in listed:
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                if self._entries == MAX_ENTRIES + 1:
                    too_many = MediaError(f"{path}: more than {MAX_ENTRIES} entries", remedy="split it")
                    yield Found(path, None, too_many)
                return
            yield from self._entry(path.parent, each, (*above, name))

    def _entry(self, folder: Path, listed: Listed, above: tuple[str, ...]) -> Iterator[Found]:
        try:
            ways = locate(folder, listed.name)
        except MediaError as error:
            yield Found(Path(listed.name), listed, error)
            return
        refusals = {way: self._files.refusal(way) for way in ways}
        there = next((way for way, refused in refusals.items() if refused is None), None)
        if there is None:
            yield Found(ways[0], listed, refusals[ways[0]])
        elif isinstance(there, Path) and is_playlist(there):
            yield from self.playlist(there, above)
        else:
            yield Found(there, listed)
