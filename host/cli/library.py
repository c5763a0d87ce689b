"""``stellatune library``: what music there is."""

from __future__ import annotations

import click

from host.cli.lazy_commands import LazyCommands

__all__ = ["library"]

#: As ``LazyCommands`` takes them: who searches wants nothing of what scans need.
COMMANDS = {
    "add": ("host.cli.library_roots", "add", "Make a folder a root of the library."),
    "remove": ("host.cli.library_roots", "remove", "A folder is no root any more."),
    "roots": ("host.cli.library_roots", "roots", "Which folders are read, and which in them are left out."),
    "exclude": ("host.cli.library_roots", "exclude", "Leave a folder out, though it is in a root."),
    "include": ("host.cli.library_roots", "include", "Leave a folder out no longer."),
    "scan": ("host.cli.library_scan", "scan", "Read what is new or changed in the roots."),
    "watch": ("host.cli.library_scan", "watch", "Scan, then keep the library as its roots are."),
    "search": ("host.cli.library_search", "search", "Find tracks, the best first."),
    "info": ("host.cli.library_search", "info", "All that the library knows of a file."),
    "problems": ("host.cli.library_search", "problems", "Files that a decoder could not read, or died of."),
    "stats": ("host.cli.library_search", "stats", "How much of what there is."),
    "albums": ("host.cli.library_search", "albums", "All albums, or those with such words."),
    "artists": ("host.cli.library_search", "artists", "All artists, or those with such words."),
    "playlists": ("host.cli.library_playlists", "playlists", "Lists of files that stay."),
    "like": ("host.cli.library_playlists", "like", "Put files into the playlist of what is liked, each once."),
    "unlike": ("host.cli.library_playlists", "unlike", "Take files out of it, whether they are there or not."),
}


@click.group(cls=LazyCommands, table=COMMANDS)
def library() -> None:
    """The music that is there: scan it, search it."""
