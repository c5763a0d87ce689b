"""An internet radio station that speaks ICY: endless audio, with titles between the bytes for those who ask."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.http_server import Exchange

__all__ = ["IcyStation"]


@dataclass
class IcyStation:
    """A route. The programme repeats; whoever comes hears it from where the station is, that is, where it was left.

    ``titles``: by the byte of the programme from which they hold, as they are written; repetitions count on.
    ``drops_after``: bytes of audio after which a connection is broken.
    """

    programme: bytes
    titles: Mapping[int, bytes] = field(default_factory=dict)
    metaint: int = 8192
    content_type: str = "audio/mpeg"
    protocol: str = "ICY"
    drops_after: int | None = None
    headers: Mapping[str, object] = field(
        default_factory=lambda: {"icy-name": "Test FM", "icy-genre": "Noise", "icy-br": "128"}
    )
    #: A pause after each part, which sets the pace.
    pause_s: float = 0.0
    #: It falls silent there.
    ends_at: int | None = None
    position: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, exchange: Exchange) -> None:
        """Plays until the listener goes, or is dropped."""
        wants_titles = exchange.request.headers.get("icy-metadata") == "1"
        headers: dict[str, object] = {"Content-Type": self.content_type, **self.headers}
        if wants_titles and self.metaint:
            headers["icy-metaint"] = self.metaint
        exchange.head("200 OK", headers, self.protocol)
        told, sent = b"", 0
        with self._lock:
            while self.drops_after is None or sent < self.drops_after:
                part = self.metaint or 8192
                left = part if self.drops_after is None else min(part, self.drops_after - sent)
                if self.ends_at is not None and self.position >= self.ends_at:
                    exchange.hang()
                    return
                exchange.send(self._audio(left))
                sent += left
                if wants_titles and self.metaint and left == part:
                    title = self.title
                    exchange.send(metadata(title) if title != told else b"\0")
                    told = title
                if self.pause_s:
                    exchange.pause(self.pause_s)

    @property
    def title(self) -> bytes:
        """What plays where the station is."""
        begun = [at for at in self.titles if at <= self.position]
        return self.titles[max(begun)] if begun else b""

    def _audio(self, size: int) -> bytes:
        start = self.position % len(self.programme)
        data = self.programme[start : start + size]
        while len(data) < size:
            data += self.programme[: size - len(data)]
        self.position += size
        return data


def metadata(text: bytes) -> bytes:
    """A block of metadata: its length in units of 16 bytes, then the text, filled with zeros."""
    units = -(-len(text) // 16)
    return bytes([units]) + text.ljust(units * 16, b"\0")
