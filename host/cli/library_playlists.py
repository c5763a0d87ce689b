"""``stellatune library playlists`` and ``like``: lists of files that stay, in the order they were put in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from host.cli.completing import files, playlist_names
from host.cli.config import paths_of
from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.cli.library_names import Wanted, from_library, library_options
from host.cli.library_open import as_kept, library_store
from host.cli.library_words import duration_words, path_members, track_line, track_members
from host.cli.params import file_name, file_path, parsed
from host.errors import MediaError, OutputError, Usage
from host.library import Entry, Playlists
from host.where import label_of

__all__ = ["like", "playlists", "unlike"]

CHANGE_SCHEMA = "stellatune.library-playlist-change/1"

_name = click.argument("name", shell_complete=playlist_names)
_files = click.argument(
    "names", metavar="FILE|DIR|PLAYLIST...", type=parsed("FILE", file_name), nargs=-1, shell_complete=files
)
_places = click.argument("places", metavar="PLACE|FIRST-LAST...", nargs=-1, required=True)


@click.group()
def playlists() -> None:
    """Lists of files that stay. Places count from 1; the one named liked is always there."""


@playlists.command("list")
@click.pass_obj
def list_all(console: Console) -> int:
    """All playlists."""
    with library_store(console) as store:
        found = Playlists(store.database).all()
    if console.json:
        told = [{"name": each.name, "entries": each.entries, "duration_ms": each.duration_ms} for each in found]
        console.document("stellatune.library-playlists/1", {"playlists": told})
        return 0
    for each in found:
        console.result(f"{plain(each.name)}  {each.entries} entries  {duration_words(each.duration_ms)}")
    return 0


@playlists.command()
@_name
@click.pass_obj
def show(console: Console, name: str) -> int:
    """The entries of one; ! is not in the library."""
    with library_store(console) as store:
        found = Playlists(store.database).entries(name)
    if console.json:
        console.document("stellatune.library-playlist/1", {"name": name, "entries": [_members(each) for each in found]})
        return 0
    for each in found:
        told = track_line(each.track) if each.track else f"{plain(label_of(each.path))}  !"
        console.result(f"{each.place:>5}  {told}")
    return 0


def _members(entry: Entry) -> dict[str, object]:
    known = track_members(entry.track) if entry.track else path_members(entry.path)
    return {"place": entry.place, "known": entry.track is not None, **known}


@playlists.command()
@click.argument("name")
@click.pass_obj
def create(console: Console, name: str) -> int:
    """Make an empty one."""
    with library_store(console) as store:
        Playlists(store.database).create(name)
    return _tell(console, name, "created", 1, f"created {name}")


@playlists.command()
@_name
@click.pass_obj
def delete(console: Console, name: str) -> int:
    """The list goes, the files stay."""
    with library_store(console) as store:
        Playlists(store.database).delete(name)
    return _tell(console, name, "deleted", 1, f"deleted {name}")


@playlists.command()
@_name
@_files
@library_options
@click.pass_obj
def add(console: Console, name: str, names: tuple[str, ...], wanted: Wanted) -> int:
    """Put files at the end: named, found, or of other playlists."""
    paths, refused = _paths(console, names, wanted)
    with library_store(console) as store:
        count = Playlists(store.database).add(name, paths)
    _tell(console, name, "added", count, f"added {count} to {name}")
    return Exit.PARTLY_PLAYED if refused else Exit.DONE


@playlists.command()
@_name
@_places
@click.pass_obj
def remove(console: Console, name: str, places: tuple[str, ...]) -> int:
    """Take entries out."""
    with library_store(console) as store:
        count = Playlists(store.database).remove(name, _numbers(places))
    return _tell(console, name, "removed", count, f"removed {count} from {name}")


@playlists.command()
@_name
@_places
@click.argument("to", type=click.IntRange(min=1))
@click.pass_obj
def move(console: Console, name: str, places: tuple[str, ...], to: int) -> int:
    """Put entries so that the first of them stands at place TO then."""
    with library_store(console) as store:
        count = Playlists(store.database).move(name, _numbers(places), to)
    return _tell(console, name, "moved", count, f"moved {count} in {name}")


@playlists.command()
@_name
@click.argument("path", metavar="FILE", type=parsed("FILE", file_path), shell_complete=files)
@click.pass_obj
def export(console: Console, name: str, path: Path) -> int:
    """Write one as a file: .m3u8, .m3u or .xspf."""
    from host.playback import TargetFile
    from host.playlists import NO_HINTS, Hints, Listed, playlist_lines

    with library_store(console) as store:
        found = Playlists(store.database).entries(name)
    listed = (
        Listed(str(each.path), Hints(each.track.title, each.track.artist, each.track.album) if each.track else NO_HINTS)
        for each in found
    )
    lines = playlist_lines(path, listed)
    with TargetFile.create(path) as target:
        try:
            with os.fdopen(target.fd, "wb", closefd=False) as stream:
                stream.writelines(lines)
        except OSError as error:
            raise OutputError(
                f"{label_of(path)}: cannot be written: {error.strerror}", remedy="free some space"
            ) from error
        target.commit()
    return _tell(console, name, "exported", len(found), f"{label_of(path)}: {len(found)} entries")


@click.command()
@_files
@library_options
@click.pass_obj
def like(console: Console, names: tuple[str, ...], wanted: Wanted) -> int:
    """Put files into the playlist of what is liked, each once."""
    paths, refused = _paths(console, names, wanted)
    with library_store(console) as store:
        count = Playlists(store.database).like(paths)
    _tell(console, "liked", "added", count, f"{count} more liked")
    return Exit.PARTLY_PLAYED if refused else Exit.DONE


@click.command()
@click.argument("names", metavar="FILE...", type=parsed("FILE", file_path), nargs=-1, shell_complete=files)
@library_options
@click.pass_obj
def unlike(console: Console, names: tuple[Path, ...], wanted: Wanted) -> int:
    """Take files out of it, whether they are there or not."""
    paths = [*map(as_kept, names), *map(Path, from_library(console, wanted))]
    if not paths:
        raise Usage("nothing is named", remedy="name files, or --search QUERY")
    with library_store(console) as store:
        count = Playlists(store.database).unlike(paths)
    return _tell(console, "liked", "removed", count, f"{count} liked no more")


def _paths(console: Console, names: Sequence[str], wanted: Wanted) -> tuple[list[Path], bool]:
    """The files behind the names, and whether some could not be had, which is told.

    Raises:
        MediaError, NotFound: there is none. Usage: nothing was named.
    """
    if not names and not wanted:
        raise Usage("nothing is named", remedy="name files, or --search QUERY")
    from host.capabilities import known_extensions
    from host.packages import discover, search_path
    from host.playback import expand

    plugins = discover(search_path(paths_of(console))).plugins.values() if names else ()
    schemes = frozenset(scheme for plugin in plugins for each in plugin.capabilities for scheme in each.schemes)
    found = [Path(each) for each in from_library(console, wanted)]
    refused = 0
    for each in expand(names, frozenset(known_extensions(plugins)), schemes):
        if each.refused is None and isinstance(each.where, Path):
            found.append(as_kept(each.where))
            continue
        refused += 1
        console.failed(str(each.refused or f"{label_of(each.where)}: only files are kept in playlists of the library"))
    if not found:
        raise MediaError("nothing could be added", remedy="see the reason of each name")
    return found, bool(refused)


def _numbers(words: Sequence[str]) -> list[int]:
    """Places as typed: ``3``, ``5-9``."""
    places: list[int] = []
    for word in words:
        first, dash, last = word.partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash) and len(word) < 20):
            raise click.UsageError(f"{word!r} is no place; places are as 3 or 5-9")
        begin, end = int(first), int(last or first)
        if end < begin or end - begin > 1_000_000:
            raise click.UsageError(f"{word!r} is no place; places are as 3 or 5-9")
        places += range(begin, end + 1)
    return places


def _tell(console: Console, name: str, done: str, count: int, told: str) -> int:
    if console.json:
        console.document(CHANGE_SCHEMA, {"name": name, "done": done, "count": count})
    else:
        console.result(plain(told))
    return 0
