"""A file as an HTTP server has it: ranges and validators, and every way to do them wrongly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.http_server import Exchange

__all__ = ["HttpFile"]

_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


@dataclass
class HttpFile:
    """A route. All may be changed while it serves; what is not set is honest."""

    data: bytes
    content_type: str = "audio/flac"
    etag: str = '"1"'
    #: A range is answered with 206; otherwise with 200 and the whole.
    ranges: bool = True
    #: Bytes of body after which the connection is broken.
    close_every: int | None = None
    #: Broken off instead of closed.
    resets: bool = False
    #: The body is sent in parts of so many bytes, with so long between them.
    part_bytes: int = 1 << 16
    pause_s: float = 0.0
    #: At this offset of the file it falls silent, but for so many requests that came before.
    stall_at: int | None = None
    #: Whether there is a Content-Length, and how wrong it is.
    has_length: bool = True
    length_off: int = 0
    #: How wrong the Content-Range is: where it begins, and the size of the whole.
    start_off: int = 0
    total_off: int = 0
    #: So many requests are answered with this status first.
    refusals: int = 0
    refusal: str = "503 Service Unavailable"
    headers: Mapping[str, object] = field(default_factory=dict)
    #: From the request of this number (the first is 1) on it is another file.
    changes_at: int | None = None
    changed: bytes = b""
    served: int = 0

    def __call__(self, exchange: Exchange) -> None:
        """Answers one request."""
        self.served += 1
        if self.served <= self.refusals:
            exchange.head(self.refusal, {"Content-Length": 0})
            exchange.goes_on = True
            return
        data, etag = self.data, self.etag
        if self.changes_at is not None and self.served >= self.changes_at:
            data, etag = self.changed, '"2"'
        wanted = _RANGE.match(exchange.request.headers.get("range", "")) if self.ranges else None
        start = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) + 1 if wanted and wanted[2] else len(data), len(data))
        if wanted and start >= len(data):
            exchange.head("416 Range Not Satisfiable", {"Content-Range": f"bytes */{len(data)}", "Content-Length": 0})
            exchange.goes_on = True
            return
        headers: dict[str, object] = {"Content-Type": self.content_type}
        if self.has_length:
            headers["Content-Length"] = end - start + self.length_off
        if etag:
            headers["ETag"] = etag
        if self.ranges:
            headers["Accept-Ranges"] = "bytes"
        if wanted:
            headers["Content-Range"] = f"bytes {start + self.start_off}-{end - 1}/{len(data) + self.total_off}"
        exchange.head("206 Partial Content" if wanted else "200 OK", {**headers, **self.headers})
        self._body(exchange, data, start, end)

    def _body(self, exchange: Exchange, data: bytes, start: int, end: int) -> None:
        stop = end if self.close_every is None else min(start + self.close_every, end)
        at = start
        while at < stop:
            if self.stall_at is not None and at >= self.stall_at:
                exchange.hang()
                return
            until = min(at + self.part_bytes, stop, max(self.stall_at or stop, at + 1))
            exchange.send(data[at:until])
            at = until
            if self.pause_s:
                exchange.pause(self.pause_s)
        if stop < end and self.resets:
            exchange.reset()
        exchange.goes_on = stop == end and self.has_length and self.length_off == 0
