"""How far a host has played, as a file of a few bytes, and how its last starts ended. Pure.

It is written once a second while it plays, the queue beside it only when that changes.
"""

from __future__ import annotations

import math

from host.jsontext import Json, JsonObject, dump_json, parse_json
from host.playback import PlayState
from host.records import record

__all__ = ["Place", "SavedPosition", "dump_position", "read_position"]

SCHEMA = "stellatune.saved-position/1"
#: Of what is read; far more starts than are ever counted.
MAX_STARTS = 16


@record
class Place:
    """Where it plays: so far into an entry (None: into none), how loud, and whether at all."""

    entry: int | None = None
    position_s: float = 0.0
    volume_db: float = 0.0
    state: PlayState = PlayState.STOPPED


@record
class SavedPosition:
    """``starts_s``: when hosts started that have not ended in order, oldest first; wall clock."""

    place: Place = Place()
    starts_s: tuple[float, ...] = ()


def dump_position(saved: SavedPosition) -> bytes:
    """The content of the file."""
    place = saved.place
    told: JsonObject = {
        "schema": SCHEMA,
        "entry": place.entry,
        "position_s": place.position_s,
        "volume_db": place.volume_db,
        "state": place.state.value,
        "starts": list(saved.starts_s),
    }
    return dump_json(told).encode() + b"\n"


def read_position(data: bytes) -> SavedPosition:
    """What such a file holds. Raises: ValueError."""
    told = parse_json(data.decode())
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise ValueError("not a saved position")
    entry, starts = told.get("entry"), told.get("starts")
    if not (entry is None or type(entry) is int):
        raise ValueError("the entry is none")
    if not isinstance(starts, list):
        raise ValueError("the last starts are missing")
    position_s = max(0.0, _number(told.get("position_s")))
    place = Place(entry, position_s, _number(told.get("volume_db")), PlayState(str(told.get("state"))))
    return SavedPosition(place, tuple(_number(each) for each in starts[-MAX_STARTS:]))


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number is none")
    return float(value)
