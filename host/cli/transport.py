"""``stellatune pause``, ``seek`` and their kin: what steers the music of the running host; each says what plays."""

from __future__ import annotations

import re

import click

from host.cli.chain_options import parse_time
from host.cli.clock import clock
from host.cli.console import Console, plain
from host.cli.params import parsed
from host.cli.rows import number, text
from host.cli.talking import ANSWER_S, running_host
from host.jsontext import JsonObject

__all__ = [
    "PLAYBACK_SCHEMA",
    "following",
    "pause",
    "previous",
    "resume",
    "seek",
    "state_line",
    "stop",
    "toggle",
    "volume",
]

PLAYBACK_SCHEMA = "stellatune.playback/1"
_VOLUME = re.compile(r"([+-]?)(\d+(?:\.\d+)?)(%|dB|db)?")


def parse_seek(word: str) -> JsonObject:
    """``1:02.5``, ``+10``, ``-10`` or ``50%``. Raises: ValueError with a text for people."""
    if word.endswith("%"):
        try:
            percent = float(word[:-1])
        except ValueError:
            percent = -1.0
        if not 0 <= percent <= 100:
            raise ValueError(f'"{word}" is no part of a track; write 0% to 100%')
        return {"percent": percent}
    sign = {"+": 1.0, "-": -1.0}.get(word[:1])
    if sign is not None:
        return {"by": sign * float(parse_time(word[1:]))}
    return {"to": float(parse_time(word))}


def parse_volume_wish(word: str) -> JsonObject:
    """``80``, ``80%``, ``-6dB``, ``+3`` or ``-3`` (dB). Raises: ValueError with a text for people."""
    found = _VOLUME.fullmatch(word)
    if found is None or (found[1] and found[3] == "%"):
        raise ValueError(f'"{word}" is no volume; write 80% of full scale, -6dB below it, or +3 or -3 dB from now')
    amount = float(found[2])
    if found[3] in ("dB", "db"):
        if found[1] == "+" and amount:
            raise ValueError(f'"{word}" is louder than full scale; 0dB is the most')
        return {"db": -amount}
    if found[1]:
        return {"by_db": amount if found[1] == "+" else -amount}
    if amount > 100:
        raise ValueError(f'"{word}" is louder than full scale; 100 is the most')
    return {"percent": amount}


def state_line(playback: JsonObject) -> str:
    """``paused 01:12.4/04:03.0  song.flac  -6.0 dB``"""
    state = text(playback, "state")
    loud = f"{number(playback, 'volume_db') or 0.0:.1f} dB"
    track = playback.get("track")
    if not isinstance(track, dict):
        failure = playback.get("failure")
        return f"{state}  {loud}" + (f"  {plain(str(failure))}" if failure else "")
    done, total = clock(number(track, "done_s")), clock(number(track, "total_s"))
    return f"{state} {done}/{total}  {plain(str(track.get('title') or track.get('label')))}  {loud}"


def _tell(console: Console, verb: str, arguments: JsonObject) -> int:
    with running_host(console) as client:
        playback = client.ask(verb, arguments, ANSWER_S)
    if console.json:
        console.document(PLAYBACK_SCHEMA, playback)
    else:
        console.result(state_line(playback))
    return 0


def _command(name: str, verb: str, help_text: str) -> click.Command:
    @click.pass_obj
    def run(console: Console) -> int:
        return _tell(console, verb, {})

    return click.command(name, help=help_text)(run)


pause = _command("pause", "transport.pause", "Stand still; a device fades out.")
resume = _command("resume", "transport.play", "Go on where it stood; begin where nothing plays.")
toggle = _command("toggle", "transport.toggle", "Pause what plays, play what does not.")
stop = _command("stop", "transport.stop", "End the music; a `play` ends with it, a `serve` waits for more.")
following = _command("next", "transport.next", "To the track after this one.")
previous = _command("prev", "transport.prev", "To the begin of this track, or to the one before.")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("place", metavar="T|+T|-T|N%", type=parsed("PLACE", parse_seek))
@click.pass_obj
def seek(console: Console, place: JsonObject) -> int:
    """To a place of the track: a time, so much on or back, or a part of it."""
    return _tell(console, "transport.seek", place)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("loudness", metavar="N%|-NdB|+N|-N", type=parsed("VOLUME", parse_volume_wish))
@click.pass_obj
def volume(console: Console, loudness: JsonObject) -> int:
    """How loud: in percent of full scale, in dB below it, or by so many dB."""
    return _tell(console, "transport.volume", loudness)
