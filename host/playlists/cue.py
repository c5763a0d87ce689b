"""Cue sheets: which part of which file is which track of a disc. Pure.

Source: the CDRWIN cue sheet as its manual has it. A track lasts from its ``INDEX 01`` to that of the next one in the
same file, the last to the file's end, and the first of a file begins with it, whatever lies before its ``INDEX 01``:
together they are the whole file. Where a gap belongs to the file before (``INDEX 00`` there, ``INDEX 01`` in the next
one) it is heard there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction

from host.playlists.listed import NO_HINTS, Hints, Listed
from host.playlists.text import lines_of

__all__ = ["read_cue"]

#: Of a CD, in one second.
FRAMES_PER_S = 75
_LINE = re.compile(r"(FILE|TRACK|INDEX|TITLE|PERFORMER)\s+(.+)", re.IGNORECASE)
_FILE_TYPES = frozenset({"WAVE", "MP3", "AIFF", "FLAC", "BINARY", "MOTOROLA"})
_TRACK = re.compile(r"\d{1,3}\s+(\S+)")
_INDEX = re.compile(r"(\d{1,3})\s+(\d{1,5}):([0-5]?\d):([0-6]?\d|7[0-4])")


@dataclass(slots=True)
class _Track:
    """``indexes``: of each number, in which file and where."""

    audio: bool
    hints: Hints
    indexes: dict[int, tuple[int, Fraction]] = field(default_factory=dict)

    @property
    def begin(self) -> tuple[int, Fraction] | None:
        """``INDEX 01``, or else the first there is."""
        return self.indexes.get(1) or (min(self.indexes.items())[1] if self.indexes else None)


class _Sheet:
    """What the lines said so far."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.tracks: list[_Track] = []
        self._disc = NO_HINTS

    def read(self, word: str, rest: str) -> None:
        """One line. Raises: ValueError."""
        match word.upper():
            case "FILE":
                self.files.append(_file_name(rest))
            case "TRACK":
                audio = _match(_TRACK, rest)[1].upper() == "AUDIO"
                self.tracks.append(_Track(audio, replace(self._disc, title="", album=self._disc.title)))
            case "INDEX":
                number, minutes, seconds, frames = map(int, _match(_INDEX, rest).groups())
                at_s = Fraction((minutes * 60 + seconds) * FRAMES_PER_S + frames, FRAMES_PER_S)
                if not self.files or not self.tracks:
                    raise ValueError("an index without a file and a track")
                self.tracks[-1].indexes.setdefault(number, (len(self.files) - 1, at_s))
            case "TITLE" | "PERFORMER":
                member = "title" if word.upper() == "TITLE" else "artist"
                said = {member: rest.removeprefix('"').removesuffix('"').strip()}
                if self.tracks:
                    self.tracks[-1].hints = replace(self.tracks[-1].hints, **said)
                else:
                    self._disc = replace(self._disc, **said)


def read_cue(text: str) -> list[Listed]:
    """A track each. Raises: ValueError with the line and what is wrong with it."""
    sheet = _Sheet()
    for number, line in enumerate(lines_of(text), 1):
        match = _LINE.fullmatch(line)
        if match is not None:
            try:
                sheet.read(match[1], match[2])
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    begins = [(track, *track.begin) for track in sheet.tracks if track.begin is not None]
    listed: list[Listed] = []
    for place, (track, file, begin_s) in enumerate(begins):
        _, next_file, end_s = begins[place + 1] if place + 1 < len(begins) else (track, -1, begin_s)
        start_s = begin_s if place and begins[place - 1][1] == file else Fraction(0)
        if next_file == file and end_s <= start_s:
            raise ValueError("the tracks are not in the order of the file")
        if track.audio:
            length_s = end_s - start_s if next_file == file else None
            listed.append(Listed(sheet.files[file], track.hints, start_s, length_s))
    return listed


def _file_name(rest: str) -> str:
    """In quotes or not, and without the type behind it."""
    if rest.startswith('"'):
        return rest[1:].partition('"')[0]
    name, *kind = rest.rsplit(None, 1)
    return name if kind and kind[0].upper() in _FILE_TYPES else rest


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} cannot be understood")
    return match
