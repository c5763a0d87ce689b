"""What is in flight, written down before it flies: whoever finds this file after a crash knows whom to suspect.

Not forced to the disk: what a process wrote survives that process, and a lost line after a power cut costs a suspicion,
never a track. One scan, which holds the lock, writes it from several threads; blocking, a few microseconds.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from host.errors import LibraryBusy, LibraryError, LibraryFull
from host.records import record
from host.where import label_of

__all__ = ["Flight", "Journal"]

_MAX_BYTES = 4 << 20


@record
class Flight:
    """Files that one decoder was given at once. ``alone``: while nothing else was in its worker."""

    decoder: str
    paths: tuple[bytes, ...]
    alone: bool = False


class Journal:
    """The file beside the database, and the lock that keeps a second scan out. Closed in order, it suspects nobody."""

    def __init__(self, path: Path) -> None:
        """Opens it, and reads what a scan left that did not end in order.

        Raises: LibraryBusy: another scan has it. LibraryError: it cannot be written there.
        """
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LibraryError(f"{label_of(path)}: {error.strerror}", remedy="make its folder writable") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise LibraryBusy(
                f"{label_of(path)}: another scan or watch is at work",
                remedy="wait until a scan is done; a watch reads what is new by itself",
            ) from error
        left = _read(os.pread(self._fd, _MAX_BYTES, 0))
        #: Decoder and path of what was in flight when the last scan died, to be taken out when it was seen to.
        self.suspected = {(flight.decoder, path) for flight in left for path in flight.paths}
        #: Those of them that were alone in flight.
        self.blamed = {(flight.decoder, path) for flight in left if flight.alone for path in flight.paths}
        self._flying: dict[int, str] = {}
        self._lock = threading.Lock()

    @staticmethod
    def of(database: Path) -> Journal:
        """That of a library. Raises: as the constructor."""
        return Journal(database.with_name(f"{database.name}.in-flight"))

    def begin(self, slot: int, flight: Flight) -> None:
        """Before the call; any thread. ``slot``: whose flight it is; it has one at a time. Raises: LibraryFull."""
        row = json.dumps([flight.decoder, flight.alone, [path.hex() for path in flight.paths]])
        with self._lock:  # who writes last has all that fly
            self._flying[slot] = row
            self._write()

    def end(self, slot: int) -> None:
        """After the call; any thread, never waits.

        The file follows with the next one that begins: a suspicion too many harms nobody.
        """
        self._flying.pop(slot, None)

    def close(self) -> None:
        """Nothing flies any more; twice is fine."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with suppress(OSError):
                os.ftruncate(fd, 0)
            os.close(fd)

    def _write(self) -> None:
        rows = list(self._flying.values())  # in one step: others end meanwhile
        data = f"[{', '.join(rows)}]\n".encode()
        try:
            os.pwrite(self._fd, data, 0)  # one call: the end of the process cannot come between
            os.ftruncate(self._fd, len(data))
        except OSError as error:
            raise LibraryFull(
                f"{label_of(self._path)}: {error.strerror}", remedy="make room on its file system"
            ) from error


def _read(data: bytes) -> tuple[Flight, ...]:
    """Nothing where it is damaged: then nobody is suspected."""
    try:
        rows = json.loads(data.partition(b"\n")[0] or b"[]")
        return tuple(_flights(rows))
    except (ValueError, TypeError, RecursionError):
        return ()


def _flights(rows: Iterable[tuple[object, object, Iterable[str]]]) -> Iterable[Flight]:
    for decoder, alone, paths in rows:
        if not isinstance(decoder, str):
            raise TypeError("no name of a decoder")
        yield Flight(decoder, tuple([bytes.fromhex(path) for path in paths]), alone is True)
