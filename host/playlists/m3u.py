"""M3U: a name a line, and comments, of which some say something about the next name. Pure.

Sources: the M3U page of Wikipedia for ``#EXTINF``, ``#EXTALB``, ``#EXTART``; ``#STELLATUNE-PART`` is our own: the exact
part of a file, ``START`` or ``START,LENGTH`` in seconds, each a fraction such as ``441/75``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

from host.playlists.listed import Hints, Listed, hints_of
from host.playlists.text import lines_of

__all__ = ["read_m3u", "write_m3u"]

_DIRECTIVE = re.compile(r"#(EXTINF|EXTALB|EXTART|STELLATUNE-PART):(.*)", re.IGNORECASE)
_PART = re.compile(r"(\d{1,30}(?:/\d{1,30})?)(?:,(\d{1,30}(?:/\d{1,30})?))?")


def read_m3u(text: str) -> list[Listed]:
    """All that it lists; a comment that makes no sense is a comment."""
    listed: list[Listed] = []
    said: dict[str, str] = {}
    for line in lines_of(text):
        if line.startswith("#"):
            directive = _DIRECTIVE.fullmatch(line)
            if directive is not None:
                said[directive[1].upper()] = directive[2].strip()
        elif line:
            listed.append(_listed(line, said))
            said = {}
    return listed


def write_m3u(tracks: Iterable[Listed]) -> Iterator[str]:
    """Its lines, without their ends."""
    yield "#EXTM3U"
    for track in tracks:
        hints = track.hints
        shown = " - ".join(text for text in (hints.artist, hints.title) if text)
        if hints.title:
            yield f"#EXTINF:-1,{_one_line(shown)}"
        if hints.artist:
            yield f"#EXTART:{_one_line(hints.artist)}"
        if hints.album:
            yield f"#EXTALB:{_one_line(hints.album)}"
        if track.length_s is not None:
            yield f"#STELLATUNE-PART:{track.start_s},{track.length_s}"
        elif track.start_s:
            yield f"#STELLATUNE-PART:{track.start_s}"
        yield track.name


def _listed(name: str, said: dict[str, str]) -> Listed:
    start_s, length_s = _part(said.get("STELLATUNE-PART", ""))
    text = _shown(said.get("EXTINF", ""))
    artist, album = said.get("EXTART", ""), said.get("EXTALB", "")
    if artist and text.startswith(f"{artist} - "):
        return Listed(name, Hints(text.removeprefix(f"{artist} - "), artist, album), start_s, length_s)
    return Listed(name, hints_of(text, album, artist), start_s, length_s)


def _shown(extinf: str) -> str:
    """What stands behind the length, and behind attributes in quotes that some writers put there."""
    quoted = False
    for place, char in enumerate(extinf):
        quoted ^= char == '"'
        if char == "," and not quoted:
            return extinf[place + 1 :].strip()
    return ""


def _part(text: str) -> tuple[Fraction, Fraction | None]:
    match = _PART.fullmatch(text)
    with suppress(ZeroDivisionError):
        if match is not None:
            return Fraction(match[1]), None if match[2] is None else Fraction(match[2])
    return Fraction(0), None


def _one_line(text: str) -> str:
    return " ".join(text.split())
