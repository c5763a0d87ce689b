"""What of the library is meant on a command line: searches and playlists. The library is read only where one is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from host.cli.completing import playlist_names, query_words
from host.cli.console import Console
from host.records import record

__all__ = ["Wanted", "from_library", "library_options"]


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
    from host.cli.library_found import files_of

    return files_of(console, wanted.searches, wanted.playlists)
