"""``stellatune library``: what music there is."""

from __future__ import annotations

import click

from host.cli.library_playlists import like, playlists, unlike
from host.cli.library_roots import add, exclude, include, remove, roots
from host.cli.library_scan import scan, watch
from host.cli.library_search import albums, artists, info, problems, search, stats

__all__ = ["library"]


@click.group()
def library() -> None:
    """The music that is there: scan it, search it."""


for _command in (add, remove, roots, exclude, include, scan, watch, search, info, problems, stats, albums, artists):
    library.add_command(_command)
for _command in (playlists, like, unlike):
    library.add_command(_command)
