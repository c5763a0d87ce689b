"""The last words of a worker: what it wrote to stdout and stderr, bounded and made safe to print."""

from __future__ import annotations

from collections import deque

from host.printable import printable

__all__ = ["LogTail"]

TAIL_BYTES = 64 << 10
_LINE_BYTES = 1024
_WINDOW_S = 0.1
_WINDOW_BYTES = 256 << 10


class LogTail:
    """Lines of at most 1 KiB, the newest 64 KiB of them.

    More than 256 KiB within 100 ms are counted and thrown away unread, so that a flood costs little.
    """

    def __init__(self) -> None:
        #: Bytes thrown away: by the rate, or because newer lines needed the room.
        self.lost_bytes = 0
        self._lines: deque[str] = deque()
        self._kept_bytes = 0
        self._open = b""
        self._window_ends = 0.0
        self._window_bytes = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """Oldest first; a last line without its newline is among them."""
        rest = (printable(self._open.decode("utf-8", "backslashreplace")),) if self._open else ()
        return (*self._lines, *rest)

    def feed(self, data: bytes, now: float) -> bool:
        """Takes what was read at ``now`` (monotonic seconds). False: over the rate, the data was thrown away."""
        if now >= self._window_ends:
            self._window_ends = now + _WINDOW_S
            self._window_bytes = 0
        self._window_bytes += len(data)
        if self._window_bytes > _WINDOW_BYTES:
            self.lost_bytes += len(data)
            return False
        *whole, rest = (self._open + data).split(b"\n")
        for line in whole:
            self._keep(line)
        while len(rest) > _LINE_BYTES:
            self._keep(rest[:_LINE_BYTES])
            rest = rest[_LINE_BYTES:]
        self._open = rest
        return True

    def _keep(self, line: bytes) -> None:
        text = printable(line.rstrip(b"\r").decode("utf-8", "backslashreplace"))
        for start in range(0, len(text), _LINE_BYTES):
            piece = text[start : start + _LINE_BYTES]
            self._lines.append(piece)
            self._kept_bytes += len(piece)
        while self._kept_bytes > TAIL_BYTES:
            oldest = len(self._lines.popleft())
            self._kept_bytes -= oldest
            self.lost_bytes += oldest
