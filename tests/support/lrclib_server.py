"""A stand-in for lrclib.net on loopback: it knows a few entries, counts who asks, and can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

__all__ = ["MISBEHAVIOURS", "Asked", "LrclibServer", "entry", "lrclib"]

#: How it can be told to answer; ``well`` is as lrclib.net does.
MISBEHAVIOURS = ("500", "429", "hang", "drip", "cut", "garbage", "huge", "wrong types", "not a list", "redirect")
HUGE_BYTES = 8 << 20
RETRY_AFTER_S = 100


def entry(number: int, title: str, artist: str, *, seconds: float = 180.0, **more: object) -> dict[str, object]:
    """An entry as the server has it."""
    made: dict[str, object] = {
        "id": number,
        "name": title,
        "trackName": title,
        "artistName": artist,
        "albumName": "Album",
        "duration": seconds,
        "instrumental": False,
        "plainLyrics": f"plain {number}",
        "syncedLyrics": f"[00:01.00]synced {number}",
    }
    return made | more


@dataclass
class Asked:
    """One request."""

    path: str
    parameters: dict[str, str]
    user_agent: str
    at_s: float


@dataclass
class LrclibServer:
    """``behaviour``: one of ``MISBEHAVIOURS``, or ``well``. ``most_at_once``: requests that were served at one time."""

    entries: list[dict[str, object]] = field(default_factory=list)
    behaviour: str = "well"
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def enter(self, asked: Asked) -> None:
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def leave(self) -> None:
        with self._lock:
            self._at_once -= 1

    def answer(self, path: str, wanted: dict[str, str]) -> object:
        """What lrclib.net would say; None: 404."""
        if path == "/api/search":
            return [each for each in self.entries if _fits(each, wanted, exactly=False)]
        if path == "/api/get":
            return next((each for each in self.entries if _fits(each, wanted, exactly=True)), None)
        number = path.removeprefix("/api/get/")
        return next((each for each in self.entries if str(each["id"]) == number), None)


def _fits(each: dict[str, object], wanted: dict[str, str], *, exactly: bool) -> bool:
    for name, value in (("trackName", wanted.get("track_name", "")), ("artistName", wanted.get("artist_name", ""))):
        told = str(each[name]).lower()
        if value.lower() not in told or (exactly and value.lower() != told):
            return False
    return not exactly or abs(float(str(each["duration"])) - float(wanted["duration"])) <= 2


class _Handler(BaseHTTPRequestHandler):
    lrclib: LrclibServer

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(split.query).items()}
        self.lrclib.enter(Asked(split.path, parameters, self.headers["User-Agent"] or "", time.monotonic()))
        try:
            with suppress(OSError):
                self._behave(split.path, parameters)
        finally:
            self.lrclib.leave()

    def _behave(self, path: str, parameters: dict[str, str]) -> None:
        behaviour = self.lrclib.behaviour
        if behaviour == "well":
            found = self.lrclib.answer(path, parameters)
            self._send(404 if found is None else 200, json.dumps(found).encode())
        elif behaviour == "hang":
            self.lrclib.ended.wait()
        elif behaviour == "drip":
            self._head(200, 1 << 20)
            while not self.lrclib.ended.wait(0.05):
                self.wfile.write(b" ")
        elif behaviour == "cut":
            self._head(200, 1000)
            self.wfile.write(b"[{")
        else:
            self._send(*self._nonsense(behaviour, path))

    def _nonsense(self, behaviour: str, path: str) -> tuple[int, bytes, tuple[str, str]]:
        """Status, body and a header."""
        wrong = [{"id": "x"}, 7, None, [], {"id": 1, "trackName": 7}, {"id": 2.5, "trackName": "a"}]
        bodies: dict[str, tuple[int, bytes]] = {
            "500": (500, b"{}"),
            "429": (429, b"{}"),
            "redirect": (302, b""),
            "garbage": (200, bytes(range(256)) * 10),
            "huge": (200, b"[" + b" " * HUGE_BYTES + b"]"),
            "wrong types": (200, json.dumps(wrong if path == "/api/search" else {"id": {}, "trackName": []}).encode()),
            "not a list": (200, b'"words"'),
        }
        headers = {"429": ("Retry-After", str(RETRY_AFTER_S)), "redirect": ("Location", self.path)}
        return (*bodies[behaviour], headers.get(behaviour, ("X-Behaviour", behaviour)))

    def _head(self, status: int, length: int, *more: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Length", str(length)), ("Content-Type", "application/json"), *more):
            self.send_header(name, value)
        self.end_headers()

    def _send(self, status: int, body: bytes, *more: tuple[str, str]) -> None:
        self._head(status, len(body), *more)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def lrclib(*entries: dict[str, object], behaviour: str = "well") -> Iterator[LrclibServer]:
    """A server; it and its threads are gone afterwards."""
    made = LrclibServer([*entries], behaviour)
    handler = type("Handler", (_Handler,), {"lrclib": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False
        made.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield made
        finally:
            made.ended.set()
            server.shutdown()
            serving.join()
