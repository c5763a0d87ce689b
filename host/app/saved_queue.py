"""A queue as the lines of a file, and back: one for the queue, one for each entry. Pure.

Written line by line, so that a thread that writes a long queue lets others in between. What is read is believed only
where it all fits together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from host.jsontext import Json, JsonObject, dump_json, parse_json
from host.playback import Entry, Excerpt, Modes, QueueState, Repeat, ShuffleState
from host.playlists import Hints
from host.where import SourceTrack, source_track

__all__ = ["queue_lines", "read_queue"]

SCHEMA = "stellatune.saved-queue/1"
#: Times are written exactly; a numerator and a denominator of more digits are of no cue sheet.
MAX_TIME_CHARS = 60

T = TypeVar("T")


def queue_lines(state: QueueState) -> Iterator[bytes]:
    """The lines of the file. Names of files are absolute, and keep their bytes."""
    yield _line(_head(state))
    for entry in state.entries:
        yield _line(_entry(entry))


def read_queue(data: bytes) -> QueueState:
    """What such lines hold. Raises: ValueError, also for what no queue can have been."""
    head, *rows = [_object(line) for line in data.split(b"\n") if line]
    if head.get("schema") != SCHEMA:
        raise ValueError("not a saved queue")
    modes = _member(head, "modes", dict)
    shuffle = _member(head, "shuffle", dict) if head.get("shuffle") is not None else None
    state = QueueState(
        version=_member(head, "version", int),
        next_id=_member(head, "next_id", int),
        entries=tuple(_read_entry(row) for row in rows),
        modes=Modes(
            Repeat(_member(modes, "repeat", str)), _member(modes, "shuffle", bool), _member(modes, "consume", bool)
        ),
        current=_id_or_none(head, "current"),
        stands_before=_id_or_none(head, "stands_before"),
        underway=_member(head, "underway", bool),
        shuffle=None if shuffle is None else _read_shuffle(shuffle),
    )
    if len(rows) != _member(head, "entries", int):
        raise ValueError("entries are missing")
    _check(state)
    return state


def _head(state: QueueState) -> JsonObject:
    shuffle: JsonObject | None = None
    if state.shuffle is not None:
        orders = {name: list(getattr(state.shuffle, name)) for name in ("played", "promised", "ahead", "bygone")}
        shuffle = {**orders, "opening": state.shuffle.opening}
    modes = state.modes
    return {
        "schema": SCHEMA,
        "version": state.version,
        "next_id": state.next_id,
        "entries": len(state.entries),
        "modes": {"repeat": modes.repeat.value, "shuffle": modes.shuffle, "consume": modes.consume},
        "current": state.current,
        "stands_before": state.stands_before,
        "underway": state.underway,
        "shuffle": shuffle,
    }


def _entry(entry: Entry) -> JsonObject:
    where = entry.where
    row: JsonObject = {"id": entry.id}
    row |= {"uri": where.uri} if isinstance(where, SourceTrack) else {"path": str(where.absolute())}
    if entry.excerpt.start_s:
        row["start"] = str(entry.excerpt.start_s)
    if entry.excerpt.length_s is not None:
        row["length"] = str(entry.excerpt.length_s)
    hints = entry.hints
    told = {"title": hints.title, "artist": hints.artist, "album": hints.album, "trouble": entry.trouble}
    row.update({name: text for name, text in told.items() if text})
    return row


def _read_entry(row: JsonObject) -> Entry:
    where = source_track(_member(row, "uri", str)) if "uri" in row else Path(_member(row, "path", str))
    entry = Entry(_member(row, "id", int), where)
    if len(row) == 2:  # as most are
        return entry
    length = row.get("length")
    excerpt = Excerpt(_time(row.get("start", "0")), None if length is None else _time(length))
    title, artist, album, trouble = (_text(row, name) for name in ("title", "artist", "album", "trouble"))
    return replace(entry, excerpt=excerpt, hints=Hints(title, artist, album), trouble=trouble)


def _read_shuffle(shuffle: JsonObject) -> ShuffleState:
    played, promised, ahead, bygone = (_ids(shuffle, name) for name in ("played", "promised", "ahead", "bygone"))
    return ShuffleState(played, promised, ahead, bygone, _id_or_none(shuffle, "opening"))


def _check(state: QueueState) -> None:
    ids = {entry.id for entry in state.entries}
    if len(ids) != len(state.entries) or (ids and not 0 < min(ids) <= max(ids) < state.next_id):
        raise ValueError("ids of entries are not what they must be")
    known = {None, *ids}
    if state.current not in known or state.stands_before not in known:
        raise ValueError("its current entry is none")
    if (state.shuffle is not None) != state.modes.shuffle:
        raise ValueError("a random order is missing, or one too many")
    if state.shuffle is not None:
        others = ids - {state.current}
        order = (*state.shuffle.played, *state.shuffle.promised, *state.shuffle.ahead)
        bygone = state.shuffle.bygone
        if set(order) != others or len(order) != len(others):
            raise ValueError("the random order is not one of the entries")
        if not known.issuperset({*bygone, state.shuffle.opening}) or len(set(bygone)) != len(bygone):
            raise ValueError("the random order remembers what is not there")


def _line(row: JsonObject) -> bytes:
    return dump_json(row).encode("utf-8", "surrogateescape") + b"\n"


def _object(line: bytes) -> JsonObject:
    value = parse_json(line.decode("utf-8", "surrogateescape"))
    if not isinstance(value, dict):
        raise ValueError("a line is no object")
    return value


def _member(row: JsonObject, name: str, kind: type[T]) -> T:
    value = row.get(name)
    if type(value) is not kind:
        raise ValueError(f"{name} is missing, or of the wrong kind")
    return value


def _text(row: JsonObject, name: str) -> str:
    return _member(row, name, str) if name in row else ""


def _id_or_none(row: JsonObject, name: str) -> int | None:
    return None if row.get(name) is None else _member(row, name, int)


def _ids(row: JsonObject, name: str) -> tuple[int, ...]:
    values: Iterable[Json] = _member(row, name, list)
    return tuple(_member({"id": value}, "id", int) for value in values)


def _time(value: Json) -> Fraction:
    if not isinstance(value, str) or len(value) > MAX_TIME_CHARS:
        raise ValueError("a time is none")
    try:
        time_s = Fraction(value)
    except ZeroDivisionError as error:
        raise ValueError("a time is none") from error
    if time_s < 0:
        raise ValueError("a time is negative")
    return time_s
