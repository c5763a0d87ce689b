"""What playlist files list: names as they stand there, and what is said about each. Pure."""

from __future__ import annotations

from fractions import Fraction

from host.records import record

__all__ = ["NO_HINTS", "Hints", "Listed", "hints_of"]

_BETWEEN = " - "


@record
class Hints:
    """Texts to show until the file's own are known; empty where nothing was said."""

    title: str = ""
    artist: str = ""
    album: str = ""


NO_HINTS = Hints()


@record
class Listed:
    """``name``: a path or a URI. ``start_s``, ``length_s``: which part of it; None: to its end."""

    name: str
    hints: Hints = NO_HINTS
    start_s: Fraction = Fraction(0)
    length_s: Fraction | None = None


def hints_of(text: str, album: str = "", artist: str = "") -> Hints:
    """Of ``Artist - Title``, as one line of text has it; without the dash it is a title."""
    before, between, after = text.strip().partition(_BETWEEN)
    if between and before.strip() and after.strip():
        return Hints(after.strip(), before.strip(), album)
    return Hints(text.strip(), artist, album)
