"""``stellatune queue list`` and its kin: what is to be played, and in which order."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.clock import clock
from host.cli.console import Console
from host.cli.library_names import Wanted, from_library, library_options
from host.cli.params import file_name, file_path, parsed
from host.cli.queue_adding import absolute, add_names
from host.cli.rows import number, objects, text
from host.cli.talking import ANSWER_S, RENEW_S, running_host
from host.cli.transport import PLAYBACK_SCHEMA, state_line
from host.control.client import ControlClient
from host.errors import NotFound
from host.jsontext import Json, JsonObject

__all__ = ["queue"]

PAGE = 1000
#: Of a queue that changes while it is listed.
MOST_TRIES = 3
SCHEMA = "stellatune.queue/1"
CHANGE_SCHEMA = "stellatune.queue-change/1"

names_argument = click.argument("names", metavar="FILE|DIR|PLAYLIST|URL...", type=parsed("FILE", file_name), nargs=-1)
places_argument = click.argument("places", metavar="PLACE|FIRST-LAST...", nargs=-1, required=True)
by_id_option = click.option("--id", "by_id", is_flag=True, help="The numbers are ids, which never change.")


@click.group()
def queue() -> None:
    """What is to be played, and in which order. Places count from 1; ids are shown in brackets."""


@queue.command("list")
@click.option("--first", type=click.IntRange(min=1), default=1, help="Begin at this place.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.pass_obj
def list_entries(console: Console, first: int, limit: int | None) -> int:
    """All entries; > is the current one, ! could not be played."""
    with running_host(console) as client:
        found = entries_of(client, first, limit)
    if console.json:
        console.document(SCHEMA, {"live": True, **found})
        return 0
    for entry in objects(found, "entries"):
        console.result(entry_line(entry))
    console.note(summary_line(found))
    return 0


def entries_of(client: ControlClient, first: int, limit: int | None) -> JsonObject:
    """So many entries in one document, as they were at one moment if that can be had."""
    found = _pages(client, first, limit)
    for _ in range(MOST_TRIES):
        again = client.ask("queue.list", {"first": first, "limit": 1}, ANSWER_S)
        if again.get("version") == found.get("version"):
            break
        found = _pages(client, first, limit)
    return found


def _pages(client: ControlClient, first: int, limit: int | None) -> JsonObject:
    """``version`` is that of the first page."""
    told: JsonObject = {}
    rows: list[Json] = []
    more = True
    while more:
        wanted = PAGE if limit is None else min(PAGE, limit - len(rows))
        found = client.ask("queue.list", {"first": first + len(rows), "limit": wanted}, ANSWER_S)
        page = objects(found, "entries")
        rows += page
        told = told or found
        more = len(page) == PAGE and len(rows) != limit
    return {**told, "first": first, "entries": rows}


def entry_line(entry: JsonObject) -> str:
    """``>    3 [17]  Artist - Title  (/music/album.flac from 02:13.0)  ! no such file``"""
    shown = " - ".join(text(entry, name) for name in ("artist", "title") if entry.get(name))
    label, start_s = text(entry, "label"), number(entry, "start_s")
    begin = f" from {clock(start_s)}" if start_s else ""
    where = f"  ({label}{begin})" if shown and entry.get("title") else ""
    trouble = f"  ! {text(entry, 'trouble')}" if entry.get("trouble") else ""
    name = shown if where else f"{label}{begin}"
    return (
        f"{'>' if entry.get('current') else ' '}{text(entry, 'place'):>5} [{text(entry, 'id')}]  {name}{where}{trouble}"
    )


def summary_line(found: JsonObject) -> str:
    """``12 entries, repeat all, shuffle``"""
    modes = found.get("modes")
    told = [f"{text(found, 'length')} entries"]
    if isinstance(modes, dict):
        told += [f"repeat {text(modes, 'repeat')}", *(name for name in ("shuffle", "consume") if modes.get(name))]
    return ", ".join(told)


@queue.command()
@names_argument
@library_options
@click.pass_obj
def add(console: Console, names: tuple[str, ...], wanted: Wanted) -> int:
    """Add files, directories, playlists and URLs at the end; or what the library has."""
    return add_names(console, _all_names(console, names, wanted), {})


@queue.command()
@names_argument
@library_options
@click.option("--at", type=click.IntRange(min=1), help="Before the entry at this place, instead of next.")
@click.pass_obj
def insert(console: Console, names: tuple[str, ...], wanted: Wanted, at: int | None) -> int:
    """Add files, directories, playlists and URLs so that they come next, shuffled or not; or what the library has."""
    names = _all_names(console, names, wanted)
    if at is None:
        return add_names(console, names, {"next": True})
    with running_host(console) as client:
        there = objects(client.ask("queue.list", {"first": at, "limit": 1}, ANSWER_S), "entries")
    return add_names(console, names, {"before": there[0]["id"]} if there else {})


@queue.command()
@click.argument("name", metavar="PLAYLIST", type=parsed("FILE", file_name))
@click.pass_obj
def load(console: Console, name: str) -> int:
    """Take what a playlist lists instead of all that is there; if nothing of it can be had, that stays."""
    return add_names(console, (name,), {"replace": True})


@queue.command()
@click.argument("place", type=click.IntRange(min=1))
@click.option("--id", "by_id", is_flag=True, help="It is an id, not a place.")
@click.pass_obj
def play(console: Console, place: int, by_id: bool) -> int:
    """Go to this entry, and play it."""
    with running_host(console) as client:
        if not by_id:
            there = objects(client.ask("queue.list", {"first": place, "limit": 1}, ANSWER_S), "entries")
            if not there:
                raise NotFound(f"no entry at place {place}", remedy="see `stellatune queue list`")
            place = int(number(there[0], "id") or 0)
        playback = client.ask("transport.goto", {"id": place}, ANSWER_S)
    if console.json:
        console.document(PLAYBACK_SCHEMA, playback)
    else:
        console.result(state_line(playback))
    return 0


@queue.command()
@click.argument("path", metavar="PLAYLIST", type=parsed("FILE", file_path))
@click.pass_obj
def save(console: Console, path: Path) -> int:
    """Write all entries as a playlist: .m3u8, .m3u or .xspf."""
    return _change(console, "queue.save", {"name": absolute(str(path))}, RENEW_S)


@queue.command()
@places_argument
@by_id_option
@click.pass_obj
def remove(console: Console, places: tuple[str, ...], by_id: bool) -> int:
    """Take entries out; what plays goes on with what would have followed."""
    return _change(console, "queue.remove", _which(places, by_id))


@queue.command()
@places_argument
@click.argument("to", type=click.IntRange(min=1))
@by_id_option
@click.pass_obj
def move(console: Console, places: tuple[str, ...], to: int, by_id: bool) -> int:
    """Put entries so that the first of them stands at place TO then."""
    return _change(console, "queue.move", {**_which(places, by_id), "to": to})


@queue.command()
@click.pass_obj
def clear(console: Console) -> int:
    """Take all entries out."""
    return _change(console, "queue.clear", {})


@queue.command()
@click.option("--repeat", type=click.Choice(["off", "one", "all"]), help="What is played again by itself.")
@click.option("--shuffle/--no-shuffle", default=None, help="In random order, each once before any twice.")
@click.option("--consume/--no-consume", default=None, help="Take out what was played or skipped.")
@click.pass_obj
def mode(console: Console, repeat: str | None, shuffle: bool | None, consume: bool | None) -> int:
    """Show how the order of play is made, or change it."""
    return _change(console, "queue.mode", {"repeat": repeat, "shuffle": shuffle, "consume": consume})


def _all_names(console: Console, names: tuple[str, ...], wanted: Wanted) -> tuple[str, ...]:
    """What was named, then what the library has. Raises: UsageError: neither; and as ``from_library``."""
    if not names and not wanted:
        raise click.UsageError("Missing argument 'FILE|DIR|PLAYLIST|URL...', or --search, or --playlist")
    return (*names, *from_library(console, wanted))


def _which(words: tuple[str, ...], by_id: bool) -> JsonObject:
    if not by_id:
        return {"places": list(words)}
    if not all(word.isdecimal() for word in words):
        raise click.UsageError("an id is a number; see `stellatune queue list`")
    return {"ids": [int(word) for word in words]}


def _change(console: Console, verb: str, wish: JsonObject, within_s: float = ANSWER_S) -> int:
    with running_host(console) as client:
        done = client.ask(verb, wish, within_s)
    if console.json:
        console.document(CHANGE_SCHEMA, {"live": True, **done})
        return 0
    did = [f"{word} {text(done, word)}, " for word in ("removed", "moved") if word in done]
    saved = f"{text(done, 'path')}: " if "path" in done else ""
    console.result(f"{saved}{''.join(did)}{summary_line(done)}")
    return 0
