"""The crash history on disk: one JSON line per fault, in a file that never grows beyond two times its limit.

Every method blocks on the file system and belongs to a thread, never to the event loop's.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from host.jsontext import JsonObject, dump_json, parse_json

__all__ = ["CrashHistory"]

ROTATE_BYTES = 1 << 20
_MAX_LINE_BYTES = 256 << 10


class CrashHistory:
    """Rows in ``path``, older ones in ``path`` + ``.1``. Safe for several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        """Touches nothing yet."""
        self._path = path
        self._old = path.with_name(path.name + ".1")

    def append(self, row: JsonObject) -> None:
        """Adds one row. A line that a crash of the host left torn is closed first, so that only that one is lost.

        Raises:
            OSError: the state folder cannot be written.
            ValueError: the row is no JSON, or longer than 256 KiB.
        """
        line = dump_json(row).encode("utf-8", "backslashreplace") + b"\n"
        if len(line) > _MAX_LINE_BYTES:
            raise ValueError(f"a row of {len(line)} bytes; at most {_MAX_LINE_BYTES} are kept")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked(len(line)) as fd:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                line = b"\n" + line
            os.write(fd, line)

    def rows(self, plugin_id: str | None, limit: int) -> list[JsonObject]:
        """The newest ``limit`` rows, of one plugin or of all, oldest first; what is no row is skipped."""
        found: deque[JsonObject] = deque(maxlen=max(limit, 0))
        for path in (self._old, self._path):
            with suppress(FileNotFoundError):
                for line in path.read_bytes().splitlines():
                    row = _row(line)
                    if row is not None and plugin_id in (None, row.get("plugin")):
                        found.append(row)
        return list(found)

    @contextmanager
    def _locked(self, room_bytes: int) -> Iterator[int]:
        """The current file, open for appending and held against others, with room for so many bytes."""
        while True:
            fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if not self._is_current(fd):
                    continue  # somebody rotated it before the lock was ours
                if os.fstat(fd).st_size + room_bytes <= ROTATE_BYTES:
                    yield fd
                    return
                self._path.replace(self._old)
            finally:
                os.close(fd)

    def _is_current(self, fd: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(fd), self._path.stat())
        return False


def _row(line: bytes) -> JsonObject | None:
    try:
        value = parse_json(line.decode("utf-8"))
    except ValueError:  # torn, or not ours
        return None
    return value if isinstance(value, dict) else None
