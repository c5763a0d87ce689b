"""Where something to play is: a local file, or a track of a source. Pure.

A track of a source is named by a URI that says all there is to know of it, so that it can be typed, saved, listed in a
playlist and given to another host: a URL whose scheme some source claims, or ``source://TYPE/ID`` with ID in percent
code. Behind that may stand ``?item=JSON``, the item as the source listed it where that holds more than its id, and
``config=JSON``, what the source is made with beside what is saved.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote, unquote

from host.jsontext import parse_json
from host.records import record

__all__ = [
    "MAX_URI_CHARS",
    "SourceTrack",
    "Where",
    "about",
    "extension_of",
    "label_of",
    "local_files",
    "remedy_for",
    "scheme_of",
    "short_name",
    "source_track",
]

#: Of a name that leads to a source.
MAX_URI_CHARS = 16_384

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31})://.")
_OURS = re.compile(r"source://([a-z0-9._-]+(?::[a-z0-9._-]+)?)(?:/([^?]*))?(?:\?(.*))?", re.DOTALL)
_PASSWORD = re.compile(r"(://)[^/?#@]*@")


@record
class SourceTrack:
    """``source``: its type, as people call it; empty where ``id`` is a URL, whose scheme says whose it is.

    ``item`` and ``config``: JSON objects as texts, or empty.
    """

    id: str
    source: str = ""
    item: str = ""
    config: str = ""

    @property
    def uri(self) -> str:
        """All of it."""
        if not self.source:
            return self.id
        told = (("item", self.item), ("config", self.config))
        more = "&".join(f"{name}={quote(text, safe='')}" for name, text in told if text)
        return f"source://{self.source}/{quote(self.id, safe='/')}" + (f"?{more}" if more else "")

    @property
    def label(self) -> str:
        """For people: without what only a source understands, and without passwords."""
        return f"source://{self.source}/{self.id}" if self.source else _PASSWORD.sub(r"\1", self.id, count=1)

    @property
    def file_name(self) -> str:
        """What it would be called as a file; may be empty."""
        path = self.id if self.source else re.split(r"[?#]", self.id.partition("://")[2], maxsplit=1)[0]
        return unquote(path.rpartition("/")[2]) if self.source or "/" in path else ""

    def __str__(self) -> str:
        return self.label


Where: TypeAlias = Path | SourceTrack


def scheme_of(name: str) -> str:
    """Of a URL, lowercase; empty for what is none."""
    found = _SCHEME.match(name)
    return found[1].lower() if found else ""


def source_track(uri: str) -> SourceTrack:
    """What a URI names that is no file's.

    Raises:
        ValueError: it is none; with a text for people.
    """
    if len(uri) > MAX_URI_CHARS:
        raise ValueError(f"longer than {MAX_URI_CHARS} characters")
    if not uri.isprintable():
        raise ValueError("it holds characters that no URI has")
    scheme = scheme_of(uri)
    if not scheme or scheme == "file":
        raise ValueError("not a local file")
    if scheme != "source":
        return SourceTrack(uri)
    found = _OURS.fullmatch(uri)
    if found is None:
        raise ValueError("a track of a source is written source://TYPE/ID")
    told = {"item": "", "config": ""}
    for member in (found[3] or "").split("&"):
        name, _, text = member.partition("=")
        if member and name not in told:
            raise ValueError(f"nobody knows what {name!r} is")
        if member:
            told[name] = _object(unquote(text, errors="strict"))
    return SourceTrack(unquote(found[2] or "", errors="strict"), found[1], told["item"], told["config"])


def extension_of(file_name: str) -> str:
    """What comes after the last dot of the name, lowercase; empty for none and for names like `.flac`."""
    stem, dot, extension = file_name.rpartition("/")[2].rpartition(".")
    return extension.lower() if dot and stem else ""


def label_of(where: Where) -> str:
    """As text, whatever bytes a path is made of: for people and programs to read, never to be opened again."""
    if isinstance(where, SourceTrack):
        return where.label
    return os.fsencode(where).decode("utf-8", "replace").replace("\0", "\ufffd")


def about(where: Where, message: str, so_far: str = "") -> str:
    """What is said of it, behind its name and ``so_far``.

    A source may have named it, too, without what stands behind ``?``: once is enough.
    """
    label = label_of(where)
    if isinstance(where, SourceTrack):
        for told in (label, re.split(r"[?#]", label, maxsplit=1)[0]):
            message = message.replace(f"{told}: ", "", 1)
    return f"{label}: {so_far}{message}"


def remedy_for(track: SourceTrack) -> str:
    """What to do where its source refuses it, and says no more."""
    return (
        "`stellatune sources browse` shows what is there"
        if track.source
        else "is the address right, and its server up?"
    )


def short_name(where: Where) -> str:
    """What people would call it where nothing says more: the last part of its name."""
    return (where.file_name if isinstance(where, SourceTrack) else where.name) or label_of(where)


def local_files(places: Iterable[Where]) -> tuple[Path, ...]:
    """Those that are files."""
    return tuple(each for each in places if isinstance(each, Path))


def _object(text: str) -> str:
    if not isinstance(parse_json(text), dict):
        raise ValueError("item and config are JSON objects")
    return text
