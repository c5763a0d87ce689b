"""The thread that writes the log, and the bounded queue before it: who says something never waits for a file system."""

from __future__ import annotations

import threading
import time
from collections import deque

from abi.kinds import LogLevel
from host.logbook.entry import HOST, Entry
from host.logbook.rotating_file import RotatingFile
from host.records import record

__all__ = ["LogCounts", "LogWriter"]

ROOM_LINES = 2048


@record
class LogCounts:
    """Lines that are in the file, and that found no room or could not be written; ``problem``: why, as told last."""

    written: int
    dropped: int
    problem: str


class LogWriter:
    """Takes lines from any thread. What could not be written is counted, and told by the next line that can be."""

    def __init__(self, file: RotatingFile, room_lines: int = ROOM_LINES) -> None:
        self._file = file
        self._room_lines = room_lines
        self._lines: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._wanted: tuple[int, int] | None = None
        self._written = 0
        self._dropped = 0
        self._told = 0
        self._problem = ""
        # A daemon: a file system that hangs must not hold up the end of the host.
        self._thread = threading.Thread(target=self._main, name="logbook", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Queues one line, without its newline; where there is no room it is dropped and counted."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._changed:
            if len(self._lines) >= self._room_lines:
                self._dropped += 1
                return
            self._lines.append(data)
            self._changed.notify()

    def reopen(self, max_bytes: int, files: int) -> None:
        """Before the next line the file is opened again, with these limits."""
        with self._changed:
            self._wanted = max_bytes, files

    def counts(self) -> LogCounts:
        """As of now."""
        with self._changed:
            return LogCounts(self._written, self._dropped, self._problem)

    def close(self, timeout_s: float) -> None:
        """Writes what is queued; what takes longer is left. Twice is fine."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _main(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._ending)
                line = self._lines.popleft() if self._lines else b""
                missing, wanted = self._dropped - self._told, self._wanted
                self._wanted = None
            if not line:
                self._file.close()
                return
            if wanted is not None:
                self._file.begin_anew(*wanted)
            self._write(line, missing)

    def _write(self, line: bytes, missing: int) -> None:
        problem = ""
        try:
            self._file.write(_note(missing) + line if missing else line)
        except OSError as error:
            problem = f"{self._file.path}: {error.strerror or error}"
        with self._changed:
            self._written += not problem
            self._dropped += bool(problem)
            self._told += 0 if problem else missing
            self._problem = problem


def _note(missing: int) -> bytes:
    return f"{Entry(time.time(), LogLevel.WARN, HOST, f'{missing} lines are missing here').line}\n".encode()
