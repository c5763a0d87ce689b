"""``stellatune library add`` and its kin: which folders are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from host.cli.completing import files, library_roots
from host.cli.console import Console, plain
from host.cli.library_open import as_kept, library_and_covers, library_store, tidy
from host.cli.library_words import NO_ROOTS, counted, path_members
from host.cli.params import file_path, parsed
from host.errors import NotFound
from host.library import Store
from host.where import label_of

__all__ = ["add", "exclude", "include", "remove", "roots"]

SCHEMA = "stellatune.library-roots/1"

_folder = click.argument("folder", metavar="DIR", type=parsed("DIR", file_path), shell_complete=files)
_root = click.argument("folder", metavar="DIR", type=parsed("DIR", file_path), shell_complete=library_roots)


@click.command()
@_folder
@click.pass_obj
def add(console: Console, folder: Path) -> int:
    """Make a folder a root of the library: `library scan` reads it."""
    kept = as_kept(folder)
    if not kept.is_dir():
        raise NotFound(f"{label_of(kept)} is not a directory", remedy="check the spelling")
    with library_store(console) as store:
        inner = store.add_root(kept)
    return _tell(
        console,
        kept,
        "added",
        {"within": [label_of(each) for each in inner]},
        "".join(f", which holds the root {label_of(each)}" for each in inner) + "; `stellatune library scan` reads it",
    )


@click.command()
@_root
@click.pass_obj
def remove(console: Console, folder: Path) -> int:
    """A folder is no root any more, and what is in it no part of the library. The files stay, and so do playlists."""
    return _leave_out(console, folder, "removed", Store.remove_root)


@click.command()
@_folder
@click.pass_obj
def exclude(console: Console, folder: Path) -> int:
    """Leave a folder out, though it is in a root."""
    return _leave_out(console, folder, "excluded", Store.exclude)


@click.command()
@_folder
@click.pass_obj
def include(console: Console, folder: Path) -> int:
    """Leave a folder out no longer: the next scan finds what is in it."""
    kept = as_kept(folder)
    with library_store(console) as store:
        store.include(kept)
    return _tell(console, kept, "included", {}, "; `stellatune library scan` reads it")


def _leave_out(console: Console, folder: Path, done: str, leave: Callable[[Store, Path], int]) -> int:
    kept = as_kept(folder)
    with library_and_covers(console) as (store, covers):
        tracks = leave(store, kept)
        tidy(store, covers)
    return _tell(console, kept, done, {"tracks": tracks}, f", {counted(tracks, 'track')}")


def _tell(console: Console, folder: Path, done: str, members: dict[str, object], told: str) -> int:
    if console.json:
        console.document("stellatune.library-change/1", {**path_members(folder), "done": done, **members})
    else:
        console.result(plain(f"{done} {label_of(folder)}{told}"))
    return 0


@click.command()
@click.pass_obj
def roots(console: Console) -> int:
    """Which folders are read, and which in them are left out."""
    with library_store(console) as store:
        read, left_out = store.roots(), store.excluded()
    if console.json:
        told = {"roots": [path_members(each) for each in read], "excluded": [path_members(each) for each in left_out]}
        console.document(SCHEMA, told)
        return 0
    for each in read:
        console.result(plain(label_of(each)))
    for each in left_out:
        console.result(f"{plain(label_of(each))}  [excluded]")
    if not read:
        console.note(NO_ROOTS)
    return 0
