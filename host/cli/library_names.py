"""What of the library is meant on a command line: searches and playlists, as names of files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from host.cli.completing import playlist_names, query_words
from host.cli.console import Console
from host.cli.library_open import library_store
from host.cli.library_search import tell_instead
from host.errors import NotFound
from host.library import Playlists, Search
from host.records import record

__all__ = ["Wanted", "from_library", "library_options"]

#: Of one search on the command line; the query's own limit: goes before it.
MAX_FOUND = 10_000


@record
class Wanted:
    """Searches and playlists, each in the order given."""

    searches: tuple[str, ...] = ()
    playlists: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.searches or self.playlists)


def library_options(command: Callable[..., int]) -> Callable[..., int]:
    """``--search`` and ``--playlist``, which the command gets as one, `wanted`."""

    @click.option(
        "--search",
        "searches",
        metavar="QUERY",
        multiple=True,
        shell_complete=query_words,
        help="What the library has for it; see `library search --help`.",
    )
    @click.option(
        "--playlist",
        "playlists",
        metavar="NAME",
        multiple=True,
        shell_complete=playlist_names,
        help="A playlist of the library; that of what is liked is called liked.",
    )
    @wraps(command)
    def taking(*args: object, searches: tuple[str, ...], playlists: tuple[str, ...], **others: object) -> int:
        return command(*args, wanted=Wanted(searches, playlists), **others)

    return taking


def from_library(console: Console, wanted: Wanted) -> tuple[str, ...]:
    """The files, the playlists' first.

    Raises:
        NotFound: no such playlist, or a search found nothing. Usage, LibraryError.
    """
    if not wanted:
        return ()
    names: list[str] = []
    with library_store(console) as store:
        for name in wanted.playlists:
            entries = Playlists(store.database).entries(name)
            if not entries:
                raise NotFound(
                    f"the playlist {name} is empty", remedy=f"`stellatune library playlists add {name} FILE`"
                )
            names += (str(each.path) for each in entries)
        for query in wanted.searches:
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
