"""``stellatune lyrics``: the words of a file, or of what plays, and which line is sung now."""

from __future__ import annotations

from pathlib import Path

import click

from host.app import LyricsCommands
from host.cli.clock import clock
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.lyrics_follow import follow
from host.cli.params import file_path, parsed
from host.cli.rows import number, objects, text
from host.cli.session import application
from host.cli.talking import running_host
from host.errors import NotFound, Usage
from host.jsontext import JsonObject

__all__ = ["lyrics"]

#: All providers may be asked one after the other, each for as long as it is allowed to take.
ANSWER_S = 300.0
_TIMED: dict[object, str] = {True: "timed", False: "plain"}


@click.command()
@click.argument("file", metavar="[FILE]", required=False, type=parsed("FILE", file_path))
@click.option("--current", is_flag=True, help="Of what the running host plays; so it is when no FILE is named.")
@click.option("--follow", "follows", is_flag=True, help="Each line when it is due, as long as the host runs.")
@click.option("--candidates", is_flag=True, help="List what there is to choose from.")
@click.option("--pick", type=click.IntRange(0, 1000), help="Take this candidate from now on; 0: look anew.")
@click.option("--lrc", "as_lrc", is_flag=True, help="As it was found, with its times.")
@click.pass_obj
def lyrics(
    console: Console,
    file: Path | None,
    current: bool,
    follows: bool,
    candidates: bool,
    pick: int | None,
    as_lrc: bool,
) -> int:
    """The words of a track: from the file beside it, from itself, and from whom [lyrics] names."""
    if file is not None and (current or follows):
        raise Usage("--current and --follow are about what plays", remedy="leave out FILE")
    if follows + candidates + (pick is not None) > 1:
        raise Usage("more than one thing to do was named", remedy="say one of: --follow, --candidates, --pick")
    if follows:
        return follow(console)
    if file is None:
        return _show(console, _of_current(console, candidates, pick), as_lrc=as_lrc)
    if not file.exists():
        raise NotFound(f"{file}: no such file", remedy="name a track")
    path = file.absolute()

    async def work(_interrupts: Interrupts) -> int:
        async with application(console) as app:
            found = await _of_file(app.lyrics, path, candidates, pick)
        return _show(console, found, as_lrc=as_lrc)

    return run_interruptible(work)


async def _of_file(of: LyricsCommands, path: Path, candidates: bool, pick: int | None) -> JsonObject:
    if candidates:
        return await of.file_candidates(path)
    return await (of.of_file(path) if pick is None else of.choose_for_file(path, pick))


def _of_current(console: Console, candidates: bool, pick: int | None) -> JsonObject:
    with running_host(console) as client:
        if candidates:
            return client.ask("lyrics.candidates", {}, ANSWER_S)
        if pick is not None:
            return client.ask("lyrics.pick", {"number": pick} if pick else {"anew": True}, ANSWER_S)
        return client.ask("lyrics.current", {}, ANSWER_S)


def _show(console: Console, found: JsonObject, *, as_lrc: bool) -> int:
    problems = found.pop("problems", [])
    for problem in problems if isinstance(problems, list) else ():
        console.warn(str(problem))
    if "candidates" in found:
        _show_candidates(console, found)
    elif console.json:
        console.document("stellatune.lyrics/2", found)
    elif as_lrc:
        for line in str(found.get("text", "")).splitlines():
            console.result(plain(line))
    else:
        lines = objects(found, "lines")
        for each in lines:
            console.result(plain(str(each.get("text", ""))))
        if not lines:
            console.note("it has no words: an instrumental")
    return 0


def _show_candidates(console: Console, found: JsonObject) -> None:
    if console.json:
        console.document("stellatune.lyrics-candidates/1", found)
        return
    for each in objects(found, "candidates"):
        duration_ms, score = number(each, "duration_ms"), number(each, "score") or 0.0
        timed = _TIMED.get(each.get("timed"), "-")
        name = " - ".join(text(each, part) for part in ("artist", "title", "album") if each.get(part)) or "of the file"
        seconds = None if duration_ms is None else duration_ms / 1000
        facts = f"{text(each, 'number'):>3}  {score:4.0%}  {clock(seconds)}  {timed:5}  {text(each, 'provider'):10}"
        console.result(f"{facts} {name}")
    if not objects(found, "candidates"):
        console.note("nobody has any")
