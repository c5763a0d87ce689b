"""``stellatune library``: what music there is."""

from __future__ import annotations

import click

from host.cli.library_scan import scan

__all__ = ["library"]


@click.group()
def library() -> None:
    """The music that is there: scan it, search it."""


library.add_command(scan)
