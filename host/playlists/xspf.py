"""XSPF: tracks in XML. Pure.

Source: XSPF version 1 (xspf.org/spec). A document type is refused, and with it every entity that could grow: no XSPF
needs one. Our own ``meta`` elements hold the exact part of a file, in seconds as fractions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from xml.parsers import expat

from host.playlists.listed import Hints, Listed
from host.playlists.locating import name_of

__all__ = ["read_xspf", "write_xspf"]

NAMESPACE = "http://xspf.org/ns/0/"
START, LENGTH = "urn:stellatune:start", "urn:stellatune:length"
MAX_DEPTH = 32
_TRACK = ("playlist", "trackList", "track")
_TIME = re.compile(r"\d{1,30}(?:/0*[1-9]\d{0,29})?")
#: What no XML may hold, not even in writing.
#: The standard library has one, behind an import of sockets, TLS and HTTP.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Reader:
    """Follows the parser through one document."""

    def __init__(self) -> None:
        self.listed: list[Listed] = []
        self._open: list[str] = []
        self._said: dict[str, str] = {}
        self._key = ""
        self._text: list[str] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise ValueError("nested too deeply")
        namespace, _, local = name.rpartition(" ")
        self._open.append(local if namespace in ("", NAMESPACE) else name)
        if self._open[0] != _TRACK[0]:
            raise ValueError("not a playlist in XSPF")
        if tuple(self._open) == _TRACK:
            self._said = {}
        self._key, self._text = attributes.get("rel", "") if local == "meta" else local, []

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, _name: str) -> None:
        if tuple(self._open) == _TRACK:
            if self._said.get("location"):
                self.listed.append(_listed(self._said))
        elif tuple(self._open[:-1]) == _TRACK:
            self._said.setdefault(self._key, "".join(self._text).strip())
        self._open.pop()


def read_xspf(data: bytes) -> list[Listed]:
    """All that it lists. Raises: ValueError with the reason."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.begin
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return reader.listed


def write_xspf(tracks: Iterable[Listed]) -> Iterator[str]:
    """Its lines, without their ends; names are URIs."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<playlist version="1" xmlns="{NAMESPACE}">'
    yield "  <trackList>"
    for track in tracks:
        hints = track.hints
        told = {"location": track.name, "title": hints.title, "creator": hints.artist, "album": hints.album}
        yield "    <track>"
        for name, text in told.items():
            if text:
                yield f"      <{name}>{_escaped(text)}</{name}>"
        if track.start_s:
            yield f'      <meta rel="{START}">{track.start_s}</meta>'
        if track.length_s is not None:
            yield f'      <meta rel="{LENGTH}">{track.length_s}</meta>'
        yield "    </track>"
    yield "  </trackList>"
    yield "</playlist>"


def _refuse(*_declaration: object) -> None:
    raise ValueError("it has a document type, which no playlist needs")


def _listed(said: dict[str, str]) -> Listed:
    hints = Hints(said.get("title", ""), said.get("creator", ""), said.get("album", ""))
    start, length = said.get(START, "0"), said.get(LENGTH, "")
    start_s = Fraction(start) if _TIME.fullmatch(start) else Fraction(0)
    return Listed(name_of(said["location"]), hints, start_s, Fraction(length) if _TIME.fullmatch(length) else None)


def _escaped(text: str) -> str:
    return _NO_XML.sub("\ufffd", text).translate(_ESCAPES)
