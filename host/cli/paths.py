"""``stellatune paths``: where files are read and written."""

from __future__ import annotations

import click

from host.cli.console import Console
from host.library import cover_folder, database_file
from host.packages import search_path
from host.settings import Paths, load_settings

__all__ = ["paths"]


@click.command()
@click.pass_obj
def paths(console: Console) -> int:
    """Where files are read and written."""
    places = Paths.of_user()
    config_file = console.config_file or places.config_file
    settings = load_settings(config_file).library
    database = database_file(settings, places)
    named = {
        "config": str(config_file),
        "state": str(places.state_dir),
        "log": str(console.log_file or places.log_file),
        "data": str(places.data_dir),
        "cache": str(places.cache_dir),
        "runtime": str(places.runtime_dir),
        "library": str(database),
        "covers": str(cover_folder(settings, database).folder),
    }
    plugins = [str(folder) for folder in search_path(places)]
    if console.json:
        console.document("stellatune.paths/1", {**named, "plugins": plugins})
        return 0
    for name, place in named.items():
        console.result(f"{name:8} {place}")
    for folder in plugins:
        console.result(f"{'plugins':8} {folder}")
    return 0
