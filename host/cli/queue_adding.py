"""Names on their way into the queue of a running host: sent in portions, their progress shown, refusals told."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from host.cli.console import Console, plain
from host.cli.exits import Exit
from host.cli.progress import BAR_CELLS, CLEAR, PLAIN_S
from host.cli.rows import number, objects, text
from host.cli.talking import RENEW_S, running_host
from host.control.client import ControlClient
from host.control.queue_verbs import MAX_AT_ONCE
from host.errors import MediaError
from host.jsontext import Json, JsonObject
from host.playlists import is_uri, uri_of

__all__ = ["absolute", "add_names"]

#: Of the names in one request, which has room for 64 KiB with all that is around them.
MAX_NAME_BYTES = 40 << 10
SHOWN_CHARS = 60


def add_names(console: Console, names: Sequence[str], spot: JsonObject) -> int:
    """Adds what they lead to at ``spot``, as ``queue.add`` takes it; gives the exit code.

    Raises:
        MediaError: nothing could be added. And what the host answers.
    """
    told = _Told(console)
    done: JsonObject = {}
    try:
        with running_host(console) as client:
            for portion in _portions([absolute(name) for name in names]):
                done = _add(client, {"names": [*portion], **spot}, told)
                if isinstance(done.get("last"), int):
                    spot = {"after": done["last"]}
    finally:
        told.finish()
    if not told.added:
        raise MediaError("nothing could be added", remedy="see the reason of each name")
    if console.json:
        summary = {name: done.get(name) for name in ("version", "length", "current", "modes")}
        document = {"live": True, **summary, "added": told.added, "refused": told.refused}
        console.document("stellatune.queue-change/1", document)
    else:
        console.result(f"added {told.added}, {text(done, 'length')} entries")
    return Exit.PARTLY_PLAYED if told.refused else Exit.DONE


def absolute(name: str) -> str:
    """As any process would find it, and as text; the bytes of a name that are none go as a URI."""
    if is_uri(name):
        return name
    path = Path(name).absolute()
    return str(path) if _is_text(str(path)) else uri_of(path)


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name)


def _portions(names: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for name in names:
        length = len(name.encode("utf-8", "surrogatepass"))
        if portion and (size + length > MAX_NAME_BYTES or len(portion) == MAX_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += length
    yield portion


def _add(client: ControlClient, wish: JsonObject, told: _Told) -> JsonObject:
    progress = client.ask("queue.add", wish, RENEW_S)
    job: Json = progress.get("job")
    added, refused = told.added, told.refused
    while True:
        told.take(progress, added, refused)
        if progress.get("done"):
            return progress
        progress = client.ask("queue.adding", {"job": job}, RENEW_S)


class _Told:
    """What was said of the additions of one command, and what came of them."""

    def __init__(self, console: Console) -> None:
        self.added = 0
        self.refused = 0
        self._reasons = 0
        self._console = console
        self._draws = console.draws() and not console.json
        self._drawn = 0
        self._said_s = time.monotonic()

    def take(self, progress: JsonObject, added: int, refused: int) -> None:
        """``added``, ``refused``: of the portions before this one."""
        reasons = objects(progress, "reasons")
        if reasons:
            self.clear()
        for each in reasons:
            self._reasons += 1
            self._console.failed(text(each, "reason"))
        self.added = added + int(number(progress, "added") or 0)
        self.refused = refused + int(number(progress, "refused") or 0)
        if self._draws:
            self._draw(text(progress, "found"))
        elif time.monotonic() - self._said_s >= PLAIN_S:
            self._said_s = time.monotonic()
            self._console.note(f"{self.added} added")

    def clear(self) -> None:
        """The drawn line goes."""
        if self._draws and self._drawn:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    def finish(self) -> None:
        """Reasons that nobody kept are counted."""
        self.clear()
        if self.refused > self._reasons:
            self._console.failed(f"and {self.refused - self._reasons} more could not be added")

    def _draw(self, found: str) -> None:
        """How many there will be, nobody knows: the bar only shows that it goes on."""
        cell = self._drawn % (BAR_CELLS - 2)
        bar = f"{' ' * cell}==={' ' * (BAR_CELLS - 3 - cell)}"
        sys.stderr.write(f"{CLEAR}[{bar}] {self.added} added  {plain(found)[-SHOWN_CHARS:]}")
        sys.stderr.flush()
        self._drawn += 1
