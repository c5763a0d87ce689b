"""What the player is, in the words of MPRIS 2.2, from what a status says. Pure; times are whole microseconds there."""

from __future__ import annotations

from pathlib import Path

from host.jsontext import JsonObject
from host.playback import Repeat
from host.records import record
from host.where import scheme_of

__all__ = ["LOOPS", "NO_TRACK", "Shown", "shown"]

NO_TRACK = "/org/mpris/MediaPlayer2/TrackList/NoTrack"
LOOPS = {Repeat.OFF: "None", Repeat.ONE: "Track", Repeat.ALL: "Playlist"}

_STATES = {"playing": "Playing", "paused": "Paused"}
#: The type of each member of the metadata.
_SIGNATURES = {
    "mpris:trackid": "o",
    "mpris:length": "x",
    "xesam:title": "s",
    "xesam:artist": "as",
    "xesam:album": "s",
    "xesam:url": "s",
}


@record
class Shown:
    """``metadata``: name, type and value of each member. ``volume`` is linear; ``position_us`` is never signalled."""

    playback_status: str
    loop_status: str
    shuffle: bool
    volume: float
    metadata: tuple[tuple[str, str, object], ...]
    can_play: bool
    can_seek: bool
    position_us: int
    length_us: int | None
    track_id: str


def shown(playback: JsonObject) -> Shown:
    """From the object ``playback`` of a status; what is missing there is as if nothing played."""
    queue, track = _object(playback, "queue"), _object(playback, "track")
    volume_db = playback.get("volume_db")
    entry, total_s, done_s = track.get("entry"), track.get("total_s"), track.get("done_s")
    repeat = queue.get("repeat")
    length_us = _us(total_s) if isinstance(total_s, int | float) else None
    track_id = f"/org/stellatune/queue/{entry}" if isinstance(entry, int) else NO_TRACK
    return Shown(
        _STATES.get(str(playback.get("state")), "Stopped"),
        LOOPS[Repeat(repeat)] if isinstance(repeat, str) and repeat in tuple(Repeat) else "None",
        bool(queue.get("shuffle")),
        10 ** (volume_db / 20) if isinstance(volume_db, int | float) else 1.0,
        tuple((name, _SIGNATURES[name], value) for name, value in _metadata(track, track_id, length_us)),
        can_play=bool(queue.get("length")),
        can_seek=bool(track),
        position_us=_us(done_s) if isinstance(done_s, int | float) else 0,
        length_us=length_us,
        track_id=track_id,
    )


def _metadata(track: JsonObject, track_id: str, length_us: int | None) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [("mpris:trackid", track_id)]
    if length_us is not None:
        found.append(("mpris:length", length_us))
    label, title = track.get("label"), track.get("title")
    if isinstance(label, str):
        found.append(("xesam:title", title if isinstance(title, str) and title else Path(label).name))
        if Path(label).is_absolute():
            found.append(("xesam:url", Path(label).as_uri()))
        elif scheme_of(label):
            found.append(("xesam:url", label))
    if isinstance(artist := track.get("artist"), str):
        found.append(("xesam:artist", [artist]))
    if isinstance(album := track.get("album"), str):
        found.append(("xesam:album", album))
    return found


def _us(seconds: float) -> int:
    return round(seconds * 1e6)


def _object(members: JsonObject, name: str) -> JsonObject:
    found = members.get(name)
    return found if isinstance(found, dict) else {}
