"""``stellatune library search`` and its kin: what is in the library."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from host.cli.completing import files, query_words
from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.cli.library_open import as_kept, library_store
from host.cli.library_words import counted, duration_words, path_members, track_line, track_members
from host.cli.params import file_path, parsed
from host.library import Answer, Overview, Search
from host.where import label_of

__all__ = ["albums", "artists", "info", "problems", "search", "stats", "tell_instead"]

DEFAULT_LIMIT = 50
QUERY_HELP = """

    \b
    beatles "abbey road"        words anywhere, begins of words, forgiving typing errors; in quotes as they stand
    artist:foo album:"a b"      in title artist album albumartist composer genre file path
    year:1990..1999 track:1     also disc, rate:>=88.2k, bits:24, channels:>2, duration:>5m, size:<10M
    added:<7d added:2026-01..   for so long, or since
    format:flac playlist:NAME liked:yes cover:no lyrics:yes
    -genre:pop -live artist:""  without; artist:"" has none
    sort:year,-title limit:20   also artist album added duration path random
"""


# Or -genre:pop would be taken for options.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True, shell_complete=query_words)
@click.option("--limit", type=click.IntRange(min=1), help=f"At most so many; {DEFAULT_LIMIT} unless given.")
@click.option("--all", "everything", is_flag=True, help="As many as there are.")
@click.option("--paths", is_flag=True, help="Paths alone, ended by NUL where stdout is no terminal, for xargs -0.")
@click.pass_obj
def search(console: Console, query: tuple[str, ...], limit: int | None, everything: bool, paths: bool) -> int:
    """Find tracks, the best first."""
    most = None if everything else limit or DEFAULT_LIMIT
    with library_store(console) as store:
        answer = Search(store.database).find(" ".join(query), most)
    if console.json:
        document = {
            "tracks": [track_members(each) for each in answer.tracks],
            "more": answer.more,
            "instead": {word: list(others) for word, others in answer.instead.items()},
        }
        console.document("stellatune.library-search/1", document)
        return 0
    tell_instead(console, answer)
    if paths:
        end = b"\n" if sys.stdout.isatty() else b"\0"
        for each in answer.tracks:
            sys.stdout.buffer.write(os.fsencode(each.path) + end)
        sys.stdout.buffer.flush()
    else:
        for each in answer.tracks:
            console.result(track_line(each))
    if answer.more:
        console.note("and more: --limit N or --all shows them")
    elif not answer.tracks:
        console.note("nothing found")
    return 0


search.help = (search.help or "") + QUERY_HELP


def tell_instead(console: Console, answer: Answer) -> None:
    """Which words stood in for those that nothing has."""
    for word, others in answer.instead.items():
        if others:
            console.note(f"nothing has all of the words; for {plain(word)} stood in: {plain(', '.join(others))}")


@click.command()
@click.argument("path", metavar="FILE", type=parsed("FILE", file_path), shell_complete=files)
@click.pass_obj
def info(console: Console, path: Path) -> int:
    """All that the library knows of a file."""
    kept = as_kept(path)
    with library_store(console) as store:
        track = Overview(store.database).track(kept)
        wrong = [each for each in store.problems(kept.parent) if each.path == kept]
    members = track_members(track)
    if console.json:
        told = [
            {"decoder": f"{each.plugin_id}:{each.type_id}", "kind": each.kind.value, "reason": each.reason}
            for each in wrong
        ]
        console.document("stellatune.library-track/1", {**members, "problems": told})
        return 0
    members["duration_ms"] = duration_words(track.duration_ms)
    members["added_s"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(track.added_s))
    for name, value in members.items():
        if value not in (None, "", 0):
            console.result(f"{name.removesuffix('_ms').removesuffix('_s'):13} {plain(str(value))}")
    for each in wrong:
        console.result(f"{'problem':13} {plain(f'{each.plugin_id} {each.kind.value}: {each.reason}')}")
    return 0


@click.command()
@click.pass_obj
def problems(console: Console) -> int:
    """Files that a decoder could not read, or died of: tried again when they or the plugin change."""
    with library_store(console) as store:
        found = store.problems()
    if console.json:
        told = [
            {
                **path_members(each.path),
                "plugin": each.plugin_id,
                "type": each.type_id,
                "kind": each.kind.value,
                "reason": each.reason,
            }
            for each in found
        ]
        console.document("stellatune.library-problems/1", {"problems": told})
    else:
        for each in found:
            console.result(plain(f"{label_of(each.path)}  {each.plugin_id} {each.kind.value}: {each.reason}"))
    return Exit.PROBLEMS_FOUND if found else Exit.DONE


@click.command()
@click.argument("words", nargs=-1)
@click.pass_obj
def albums(console: Console, words: tuple[str, ...]) -> int:
    """All albums, or those that have the words in their name or artist."""
    with library_store(console) as store:
        found = Overview(store.database).albums(" ".join(words))
    if console.json:
        members = ("album", "artist", "year", "tracks", "duration_ms", "cover")
        told = [{name: getattr(each, name) for name in members} for each in found]
        console.document("stellatune.library-albums/1", {"albums": told})
        return 0
    for each in found:
        year = f" ({each.year})" if each.year else ""
        told_line = f"{each.artist or '-'} - {each.album}{year}"
        console.result(f"{plain(told_line)}  {counted(each.tracks, 'track')}  {duration_words(each.duration_ms)}")
    return 0


@click.command()
@click.argument("words", nargs=-1)
@click.pass_obj
def artists(console: Console, words: tuple[str, ...]) -> int:
    """All artists, or those that have the words in their name."""
    with library_store(console) as store:
        found = Overview(store.database).artists(" ".join(words))
    if console.json:
        members = ("artist", "albums", "tracks", "duration_ms")
        told = [{name: getattr(each, name) for name in members} for each in found]
        console.document("stellatune.library-artists/1", {"artists": told})
        return 0
    for each in found:
        console.result(f"{plain(each.artist)}  {counted(each.albums, 'album')}  {counted(each.tracks, 'track')}")
    return 0


@click.command()
@click.pass_obj
def stats(console: Console) -> int:
    """How much of what there is."""
    with library_store(console) as store:
        found = Overview(store.database).stats()
        file_bytes = store.database.path.stat().st_size
    if console.json:
        members = ("tracks", "albums", "artists", "duration_ms", "size_bytes", "covers", "problems", "playlists")
        told = {name: getattr(found, name) for name in members}
        console.document(
            "stellatune.library-stats/1", {**told, "formats": dict(found.formats), "database_bytes": file_bytes}
        )
        return 0
    console.result(f"tracks     {found.tracks}, {duration_words(found.duration_ms)}, {found.size_bytes / 1e9:.1f} GB")
    console.result(f"albums     {found.albums}")
    console.result(f"artists    {found.artists}")
    console.result(f"covers     {found.covers}")
    console.result(f"playlists  {found.playlists}")
    console.result(f"problems   {found.problems}")
    console.result(f"formats    {', '.join(f'{plain(name)} {count}' for name, count in found.formats) or '-'}")
    console.result(f"database   {file_bytes / 1e6:.1f} MB")
    return 0
