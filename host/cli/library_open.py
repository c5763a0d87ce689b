"""The library for one command: found by the settings, opened, what had to be mended told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host.cli.config import paths_of, settings_of
from host.cli.console import Console
from host.library import CoverFolder, Store, cover_folder, database_file
from host.settings import load_settings

__all__ = ["as_kept", "library_and_covers", "library_store", "tidy"]


@contextmanager
def library_store(console: Console) -> Iterator[Store]:
    """The store, made when there is none yet. Raises: LibraryError."""
    paths = paths_of(console)
    with Store.open(database_file(settings_of(console, paths).library, paths)) as store:
        if store.database.notice:
            console.warn(store.database.notice)
        yield store


@contextmanager
def library_and_covers(console: Console) -> Iterator[tuple[Store, CoverFolder]]:
    """The same, and the covers beside it."""
    with library_store(console) as store:
        yield store, cover_folder(load_settings(paths_of(console).config_file).library, store.database.path)


def tidy(store: Store, covers: CoverFolder) -> None:
    """What only tracks had that are gone: words and pictures. Raises: LibraryError."""
    store.tidy()
    covers.sweep(store.database)


def as_kept(path: Path) -> Path:
    """As the library keeps a path: absolute, without ``..``; links are not followed, for their names are kept."""
    return Path(os.path.normpath(path.absolute()))
