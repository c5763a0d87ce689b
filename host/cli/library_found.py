"""Searches and playlists of the library as names of files, in the order given."""

from __future__ import annotations

from collections.abc import Iterable

from host.cli.console import Console
from host.cli.library_open import library_store
from host.cli.library_search import tell_instead
from host.errors import NotFound
from host.library import Playlists, Search

__all__ = ["files_of"]

#: Of one search on the command line; the query's own limit: goes before it.
MAX_FOUND = 10_000


def files_of(console: Console, searches: Iterable[str], playlists: Iterable[str]) -> tuple[str, ...]:
    """The files, the playlists' first.

    Raises:
        NotFound: no such playlist, or a search found nothing. Usage, LibraryError.
    """
    names: list[str] = []
    with library_store(console) as store:
        for name in playlists:
            entries = Playlists(store.database).entries(name)
            if not entries:
                raise NotFound(
                    f"the playlist {name} is empty", remedy=f"`stellatune library playlists add {name} FILE`"
                )
            names += (str(each.path) for each in entries)
        for query in searches:
            answer = Search(store.database).find(query, MAX_FOUND)
            tell_instead(console, answer)
            if not answer.tracks:
                raise NotFound(
                    f"the library has nothing for {query!r}", remedy="`stellatune library search` shows what it has"
                )
            if answer.more:
                console.warn(f"of what the library has for {query!r}, the first {len(answer.tracks)} are taken")
            names += (str(each.path) for each in answer.tracks)
    return tuple(names)
