"""What can be asked about the queue, and done to it, whether anything plays or not.

Belongs to the event loop's thread. Results are JSON, as the control socket carries them. Places count from 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from host.app.queue_adding import Adding, Find, Spot
from host.errors import NotFound, OutputError, Usage
from host.jsontext import Json, JsonObject
from host.patience import off_loop
from host.playback import Entry, Queue, Repeat, TargetFile
from host.playlists import Listed, is_uri, locate, playlist_lines
from host.where import SourceTrack, label_of

__all__ = ["QueueCommands"]

#: How long a request waits for news of an addition.
NEWS_S = 0.5
SAVE_TIMEOUT_S = 30.0
#: Additions at once, each with a thread; and such as are over and may still be asked for.
MOST_ADDING = 4
MOST_REMEMBERED = 64


class QueueCommands:
    """Of one host. ``find``: what names lead to; ``heard``: the entry that plays, or would."""

    def __init__(self, queue: Queue, find: Find, heard: Callable[[], Entry | None]) -> None:
        self._queue = queue
        self._heard = heard
        self._find = find
        self._numbers = count(1)
        self._additions: dict[int, Adding] = {}

    def rows(self, offset: int, limit: int) -> JsonObject:
        """So many entries from there on, and what is true of all."""
        queue = self._queue
        current = self._heard()
        shown = queue.entries[offset : offset + limit]
        rows: list[Json] = [_facts(place, each, current) for place, each in enumerate(shown, offset + 1)]
        return {**self._summary(), "first": offset + 1, "entries": rows}

    async def add(
        self, names: Sequence[str], *, comes_next: bool, before: int | None, after: int | None, replaces: bool
    ) -> JsonObject:
        """Adds what the names lead to; answers when that is done or takes longer, and goes on in any case.

        Raises:
            Usage: a name is not absolute, or too many additions are under way. NotFound: ``before``, ``after``.
        """
        for name in names:
            if not is_uri(name) and not Path(name).is_absolute():
                raise Usage(f"the name {name!r} is not absolute", remedy="name it from the root on")
        for beside in (before, after):
            if beside is not None:
                self._queue.entry(beside)
        if sum(each.busy for each in self._additions.values()) >= MOST_ADDING:
            raise Usage(f"{MOST_ADDING} additions are under way", remedy="wait until one of them is done")
        job = next(self._numbers)
        spot = Spot(comes_next, before, after, replaces)
        adding = Adding(job, self._queue, names, self._find, spot)
        self._additions[job] = adding
        for old in list(self._additions)[:-MOST_REMEMBERED]:
            del self._additions[old]
        return await self._progress(adding)

    async def add_next(self, name: str) -> int:
        """Adds what a name leads to behind what plays, and gives the first entry, as soon as it is there.

        Raises:
            NotFound: there is none. And what ``add`` raises.
        """
        done = await self.add((name,), comes_next=True, before=None, after=None, replaces=False)
        while done["first"] is None and not done["done"]:
            done = await self.adding(int(str(done["job"])))
        if not isinstance(done["first"], int):
            raise NotFound(f"{name}: nothing to play is there", remedy="name a file")
        return done["first"]

    async def adding(self, job: int) -> JsonObject:
        """How far that addition is, as soon as there is news. Raises: NotFound, and what ended it."""
        adding = self._additions.get(job)
        if adding is None:
            raise NotFound(f"no addition {job}", remedy="it may be long done: see `stellatune queue list`")
        return await self._progress(adding)

    def remove(self, ids: Sequence[int], places: Sequence[tuple[int, int]]) -> JsonObject:
        """These go; when the current one does, what would have followed it follows. Raises: NotFound."""
        chosen = self._chosen(ids, places)
        self._queue.remove(chosen)
        return {**self._summary(), "removed": len(chosen)}

    def move(self, ids: Sequence[int], places: Sequence[tuple[int, int]], to: int) -> JsonObject:
        """These, in order, so that the first of them stands at place ``to`` then. Raises: NotFound."""
        chosen = self._chosen(ids, places)
        moved = set(chosen)
        rest = [each.id for each in self._queue.entries if each.id not in moved]
        self._queue.move(chosen, rest[to - 1] if to <= len(rest) else None)
        return {**self._summary(), "moved": len(chosen)}

    def clear(self) -> JsonObject:
        """All go."""
        removed = len(self._queue)
        self._queue.clear()
        return {**self._summary(), "removed": removed}

    def set_modes(self, repeat: str | None, *, shuffle: bool | None, consume: bool | None) -> JsonObject:
        """What is not None, from now on. Raises: Usage."""
        modes = self._queue.modes
        if repeat is not None:
            try:
                modes = replace(modes, repeat=Repeat(repeat))
            except ValueError:
                raise Usage(f"nothing repeats {repeat!r}", remedy=f"there are: {', '.join(Repeat)}") from None
        modes = replace(
            modes,
            shuffle=modes.shuffle if shuffle is None else shuffle,
            consume=modes.consume if consume is None else consume,
        )
        self._queue.set_modes(modes)
        return self._summary()

    async def save(self, name: str) -> JsonObject:
        """Writes all entries as a playlist file. Raises: Usage, NotFound, OutputError."""
        path = locate(Path(), name)[0]
        if not isinstance(path, Path) or not path.is_absolute():
            raise Usage(f"the name {name!r} is not absolute", remedy="name it from the root on")
        entries = self._queue.entries
        if not entries:
            raise NotFound("the queue is empty", remedy="`stellatune queue add FILE` adds to it")
        lines = playlist_lines(path, (_listed(each) for each in entries))
        try:
            await off_loop(lambda: _write(path, lines), SAVE_TIMEOUT_S)
        except TimeoutError as error:
            raise OutputError(f"{path}: not written within {SAVE_TIMEOUT_S:g} s", remedy="look at the disk") from error
        return {**self._summary(), "path": label_of(path)}

    async def close(self) -> None:
        """Additions that are under way end where they are."""
        for adding in self._additions.values():
            await adding.close()

    async def _progress(self, adding: Adding) -> JsonObject:
        return {**await adding.progress(NEWS_S), **self._summary()}

    def _summary(self) -> JsonObject:
        queue = self._queue
        modes, current = queue.modes, self._heard()
        told: JsonObject = {"repeat": modes.repeat.value, "shuffle": modes.shuffle, "consume": modes.consume}
        return {
            "version": queue.version,
            "length": len(queue),
            "current": None if current is None else current.id,
            "modes": told,
        }

    def _chosen(self, ids: Sequence[int], places: Sequence[tuple[int, int]]) -> list[int]:
        entries = self._queue.entries
        for first, last in places:
            if last > len(entries):
                wrong = first if first > len(entries) else last
                raise NotFound(f"the queue has no place {wrong}", remedy=f"it has {len(entries)} entries")
        named = [each.id for first, last in places for each in entries[first - 1 : last]]
        return list(dict.fromkeys((*ids, *named)))


def _facts(place: int, entry: Entry, current: Entry | None) -> JsonObject:
    length_s = entry.excerpt.length_s
    return {
        "place": place,
        "id": entry.id,
        "label": label_of(entry.where),
        "title": entry.hints.title or None,
        "artist": entry.hints.artist or None,
        "album": entry.hints.album or None,
        "start_s": round(float(entry.excerpt.start_s), 6),
        "length_s": None if length_s is None else round(float(length_s), 6),
        "current": current is not None and current.id == entry.id,
        "trouble": entry.trouble or None,
    }


def _listed(entry: Entry) -> Listed:
    where = entry.where
    name = where.uri if isinstance(where, SourceTrack) else str(where.absolute())
    return Listed(name, entry.hints, entry.excerpt.start_s, entry.excerpt.length_s)


def _write(path: Path, lines: Iterable[bytes]) -> None:
    with TargetFile.create(path) as target:
        try:
            with os.fdopen(target.fd, "wb", closefd=False) as stream:
                stream.writelines(lines)
        except OSError as error:
            raise OutputError(
                f"{path}: the playlist cannot be written: {error.strerror}", remedy="free some space"
            ) from error
        target.commit()
